import uPlot from 'uplot'
import { fill, h, setAttribute } from '../../ui/dom.ts'
import type { PanelId, PlotMark } from '../messages.ts'
import type { Say } from '../strings.ts'
import { alone, latest, type Curve, type Panel } from './curves.ts'
import { at, beside, stepsOf, ticks, topOf, written } from './formats.ts'
import { drawBands, drawMarks } from './marks.ts'
import type { Palette } from './palette.ts'
import type { Span } from './zoom.ts'

/** What all plots of a page have in common. */
export interface PlotDeps {
  readonly say: Say
  /** Unlike that of any other group: plots of one group show the same moment. */
  readonly group: string
  readonly palette: () => Palette
  /** A part was marked with the mouse, in milliseconds since the epoch. */
  readonly dragged: (a: number, b: number) => void
}

/** What is drawn. */
export interface Drawn {
  readonly panel: Panel
  readonly span: Span
  readonly marks: readonly PlotMark[]
}

const heightPx = 150
/** Where the plots' left edges are, at least: below one another they should meet. */
const leastAxisPx = 58
/** A shorter way of the mouse is a click. */
const leastDragPx = 5

/** One plot: lines over time, with what they are called and what they are at the cursor. */
export class Plot {
  readonly element: HTMLElement
  readonly id: PanelId
  readonly #deps: PlotDeps
  readonly #box: HTMLElement
  readonly #legend = h('ul', { class: 'legend' })
  readonly #time = h('span', { class: 'at' })
  readonly #empty: HTMLElement
  #plot: uPlot | null = null
  #drawn: Drawn | null = null
  /** The names of the lines that the plot was made with. */
  #names = ''
  #values: readonly HTMLElement[] = []
  #width = 0

  constructor(id: PanelId, deps: PlotDeps) {
    const { say } = deps
    this.id = id
    this.#deps = deps
    this.#box = h('div', {
      class: 'plot',
      tabindex: 0,
      role: 'application',
      'aria-roledescription': say('plotLabel'),
      'aria-describedby': 'plot-keys',
      'data-key': id,
    })
    this.#time.hidden = true
    this.#box.append(this.#time)
    this.#empty = h('p', { class: 'note none' }, say('noValues'))
    this.element = h(
      'section',
      { class: 'panel', 'aria-labelledby': `panel-${id}` },
      h('div', { class: 'panel-head' }, h('h3', { id: `panel-${id}` }, say(`panel.${id}`)), this.#legend),
      this.#box,
    )
  }

  /** The moment under the cursor, in milliseconds since the epoch; null where there is none. */
  get moment(): number | null {
    const index = this.#index
    return index === null ? null : (this.#drawn?.panel.times[index] ?? null)
  }

  /** The moment of the number that is so many numbers after the one under the cursor; else of the newest. */
  beside(by: number): number | null {
    const times = this.#drawn?.panel.times ?? []
    const last = times.length - 1
    const from = this.#index ?? (by === Number.NEGATIVE_INFINITY ? 0 : last + 1)
    return times[Math.min(last, Math.max(0, from + by))] ?? null
  }

  draw(drawn: Drawn): void {
    const { panel } = drawn
    this.#drawn = drawn
    const names = JSON.stringify(panel.curves.map(({ name, look }) => [name, look]))
    const isEmpty = panel.curves.length === 0
    if (isEmpty !== this.#empty.isConnected) {
      if (isEmpty) this.#box.append(this.#empty)
      else this.#empty.remove()
    }
    if (names !== this.#names || this.#plot === null) this.#make(names)
    const plot = this.#plot
    if (plot === null) return
    plot.batch(() => {
      // uPlot only reads what it is given.
      plot.setData(
        [[...panel.times], ...panel.curves.map(({ values }) => values as (number | null)[])],
        false,
      )
      plot.setScale('x', { min: drawn.span.from, max: drawn.span.to })
    })
    this.#tell()
  }

  /** With other colours, and other dashes. */
  restyle(): void {
    this.#names = ''
    if (this.#drawn !== null) this.draw(this.#drawn)
  }

  /** As wide as there is room. What draws itself is never what decides how much there is. */
  resize(width: number): void {
    const whole = Math.floor(width)
    if (whole === this.#width || whole <= 0) return
    this.#width = whole
    this.#plot?.setSize({ width: whole, height: heightPx })
    if (this.#plot === null && this.#drawn !== null) this.draw(this.#drawn)
  }

  /** Puts the cursor onto a moment, or takes it away. */
  point(moment: number | null): void {
    const left = moment === null ? -10 : (this.#plot?.valToPos(moment, 'x') ?? -10)
    this.#plot?.setCursor({ left, top: moment === null ? -10 : 10 })
  }

  /** What is under the cursor, in words. */
  get words(): string {
    const { panel } = this.#drawn ?? {}
    const { moment } = this
    const index = this.#index
    if (panel === undefined || index === null || moment === null) return ''
    const values = panel.curves.map(({ name, values: of }) => `${name} ${this.#word(of[index] ?? null)}`)
    return [at(moment), ...values].join(', ')
  }

  dispose(): void {
    this.#plot?.destroy()
    this.#plot = null
  }

  get #index(): number | null {
    return this.#plot?.cursor.idx ?? null
  }

  #word(value: number | null): string {
    return value === null ? this.#deps.say('unknownValue') : written[this.id](value)
  }

  #make(names: string): void {
    this.dispose()
    this.#names = names
    const { panel } = this.#drawn ?? {}
    if (panel === undefined || this.#width === 0) return
    this.#values = panel.curves.map(() => h('b', {}))
    // Where there is one line, the title says what it is.
    const one = panel.curves.length === 1 && panel.curves[0]?.name === this.#deps.say(`panel.${this.id}`)
    setAttribute(this.#legend, 'class', one ? 'legend one' : 'legend')
    fill(this.#legend, ...panel.curves.map((curve, index) => this.#entry(curve, index)))
    setAttribute(
      this.#box,
      'aria-label',
      [this.#deps.say(`panel.${this.id}`), ...panel.curves.map(({ name }) => name)].join(', '),
    )
    this.#plot = new uPlot(this.#options(panel), [[], ...panel.curves.map(() => [])], this.#box)
  }

  #entry({ name, look }: Curve, index: number): HTMLElement {
    const palette = this.#deps.palette()
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' })
    const [dash] = palette.dash(look)
    swatch.style.borderTopStyle = dash === undefined ? 'solid' : dash < 4 ? 'dotted' : 'dashed'
    swatch.style.borderTopColor = palette.line(look)
    return h('li', {}, swatch, h('span', { class: 'curve', title: name }, name), this.#values[index] ?? null)
  }

  /** Writes what each line is: at the cursor, else the last that is known. */
  #tell(): void {
    const { panel } = this.#drawn ?? {}
    const { moment } = this
    const index = this.#index
    for (const [line, element] of this.#values.entries()) {
      const values = panel?.curves[line]?.values ?? []
      const word = this.#word(index === null ? latest(values) : (values[index] ?? null))
      if (element.textContent !== word) element.textContent = word
    }
    const time = moment === null ? '' : at(moment)
    if (this.#time.textContent !== time) this.#time.textContent = time
    this.#time.hidden = time === ''
    if (time !== '') this.#placeTime()
  }

  /** Below the cursor, and never beyond either end. */
  #placeTime(): void {
    const plot = this.#plot
    if (plot === null) return
    const half = this.#time.offsetWidth / 2
    const middle = plot.over.offsetLeft + (plot.cursor.left ?? 0)
    this.#time.style.left = `${Math.round(Math.min(this.#width - 2 * half, Math.max(0, middle - half)))}px`
  }

  #options(panel: Panel): uPlot.Options {
    const { id } = this
    const palette = this.#deps.palette()
    const { text, grid, font, highContrast } = palette
    const line = { stroke: grid, width: 1 }
    const axis = { stroke: text, font, ticks: { ...line, size: 4 }, grid: { ...line, show: !highContrast } }
    return {
      width: this.#width,
      height: heightPx,
      ms: 1,
      legend: { show: false },
      // The shapes of marks stand above the plot.
      padding: [8, 12, 0, 0],
      scales: { x: { time: true, auto: false }, y: { range: (_, __, most) => [0, topOf(id, most)] } },
      axes: [
        {
          ...axis,
          space: 64,
          size: 26,
          gap: 4,
          values: (_, splits, __, ___, step) => ticks(splits, step),
        },
        {
          ...axis,
          space: 30,
          gap: 4,
          incrs: stepsOf(id),
          values: (_, splits) => splits.map((value) => beside(id, value)),
          size: (_, values) => axisSize(values, font),
        },
      ],
      series: [
        {},
        ...panel.curves.map(({ look }): uPlot.Series => {
          const stroke = palette.line(look)
          return {
            stroke,
            width: highContrast ? 2 : 1.5,
            dash: palette.dash(look),
            spanGaps: false,
            points: {
              show: false,
              size: 4,
              stroke,
              fill: stroke,
              filter: (plot, series) => alone(plot.data[series] ?? []),
            },
          }
        }),
      ],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        sync: { key: this.#deps.group, setSeries: false },
        points: { size: 6 },
      },
      hooks: {
        drawClear: [(plot) => drawBands(plot, this.#drawn?.marks ?? [], this.#deps.palette())],
        draw: [(plot) => drawMarks(plot, this.#drawn?.marks ?? [], this.#deps.palette())],
        setCursor: [() => this.#tell()],
        setSelect: [(plot) => this.#selected(plot)],
      },
    }
  }

  #selected(plot: uPlot): void {
    const { left, width } = plot.select
    if (width < leastDragPx) return
    this.#deps.dragged(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'))
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  }
}

const measuring = document.createElement('canvas').getContext('2d')

/** As wide as what stands there, so that nothing of it is cut off. */
function axisSize(values: readonly string[] | null, font: string): number {
  if (measuring === null) return leastAxisPx
  measuring.font = font
  const widest = Math.max(0, ...(values ?? []).map((value) => measuring.measureText(value).width))
  return Math.max(leastAxisPx, Math.ceil(widest) + 12)
}
