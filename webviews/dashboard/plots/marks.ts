import type uPlot from 'uplot'
import type { PlotMark } from '../messages.ts'
import type { Palette } from './palette.ts'

const bandAlpha = 0.16
const lineAlpha = 0.65

/** Draws incidents as bands from where they began to where they ended, behind the lines. */
export function drawBands(plot: uPlot, marks: readonly PlotMark[], palette: Palette): void {
  const { ctx } = plot
  ctx.save()
  clip(plot)
  for (const { kind, from, to } of marks) {
    if (kind !== 'incident') continue
    const { left, top, width, height } = plot.bbox
    const begin = Math.max(left, plot.valToPos(from, 'x', true))
    const end = to === null ? left + width : Math.min(left + width, plot.valToPos(to, 'x', true))
    if (end < left || begin > left + width) continue
    const wide = Math.max(2 * devicePixelRatio, end - begin)
    if (palette.highContrast) hatch(ctx, { left: begin, top, width: wide, height }, palette.incident)
    else {
      ctx.globalAlpha = bandAlpha
      ctx.fillStyle = palette.incident
      ctx.fillRect(begin, top, wide, height)
    }
    ctx.globalAlpha = lineAlpha
    ctx.fillStyle = palette.incident
    ctx.fillRect(begin, top, devicePixelRatio, height)
  }
  ctx.restore()
}

/** Draws starts, stops and the like as lines through a plot, each kind with a shape of its own at the top. */
export function drawMarks(plot: uPlot, marks: readonly PlotMark[], palette: Palette): void {
  const { ctx } = plot
  const { left, top, width, height } = plot.bbox
  ctx.save()
  ctx.strokeStyle = palette.mark
  ctx.fillStyle = palette.mark
  ctx.lineWidth = devicePixelRatio
  ctx.globalAlpha = lineAlpha
  for (const { kind, from } of marks) {
    if (kind === 'incident') continue
    const x = Math.round(plot.valToPos(from, 'x', true)) + 0.5
    if (x < left || x > left + width) continue
    ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(x, top)
    ctx.lineTo(x, top + height)
    ctx.stroke()
    ctx.setLineDash([])
    flag(ctx, kind, x, top)
  }
  ctx.restore()
}

function clip({ ctx, bbox }: uPlot): void {
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
}

/** A triangle for what begins, a square for what ends, a diamond for another version. */
function flag(ctx: CanvasRenderingContext2D, kind: PlotMark['kind'], x: number, top: number): void {
  const half = 4 * devicePixelRatio
  ctx.beginPath()
  if (kind === 'stop') ctx.rect(x - half, top - half, half * 2, half * 2)
  else {
    ctx.moveTo(x, top - half)
    ctx.lineTo(x + half, kind === 'deploy' ? top : top + half)
    if (kind === 'deploy') ctx.lineTo(x, top + half)
    ctx.lineTo(x - half, kind === 'deploy' ? top : top + half)
  }
  ctx.fill()
}

interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Slanted lines, where a colour that hardly covers would not be seen. */
function hatch(ctx: CanvasRenderingContext2D, { left, top, width, height }: Box, colour: string): void {
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, top, width, height)
  ctx.clip()
  ctx.strokeStyle = colour
  ctx.lineWidth = devicePixelRatio
  ctx.globalAlpha = lineAlpha
  ctx.beginPath()
  for (let x = left - height; x < left + width; x += 8 * devicePixelRatio) {
    ctx.moveTo(x, top + height)
    ctx.lineTo(x + height, top)
  }
  ctx.stroke()
  ctx.restore()
}
