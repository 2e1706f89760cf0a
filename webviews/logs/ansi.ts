import { printableLine } from '#base/printable.ts'

/** A piece of text and how it is drawn: names of classes in logs.css. */
export interface Span {
  readonly text: string
  readonly classes: readonly string[]
}

const colourNames = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

/** The 16 colours as most terminals draw them, to find the nearest of one that a theme has no word for. */
const palette: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [205, 49, 49],
  [13, 188, 121],
  [229, 229, 16],
  [36, 114, 200],
  [188, 63, 188],
  [17, 168, 205],
  [229, 229, 229],
  [102, 102, 102],
  [241, 76, 76],
  [35, 209, 139],
  [245, 245, 67],
  [59, 142, 234],
  [214, 112, 214],
  [41, 184, 219],
  [255, 255, 255],
]

interface Style {
  front: number | null
  back: number | null
  readonly on: Set<string>
}

/** What switches something on, and what switches it off again. */
const switches: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike',
}
const offs: Readonly<Record<number, readonly string[]>> = {
  21: ['bold'],
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
}

/**
 * One line of a log as pieces to draw. Colours become classes of the theme's sixteen; every other escape sequence is
 * dropped, and what would act or hide is shown as what it is.
 */
export function spansOf(line: string): readonly Span[] {
  const spans: Span[] = []
  const style: Style = { front: null, back: null, on: new Set() }
  let at = 0
  const safe = printableLine(line, true)
  const take = (end: number): void => {
    if (end > at) spans.push({ text: safe.slice(at, end), classes: classesOf(style) })
  }
  // oxlint-disable-next-line no-control-regex -- a colour begins with the control character ESC.
  for (const match of safe.matchAll(/\u001b\[([0-9;:]*)m/g)) {
    take(match.index)
    at = match.index + match[0].length
    apply(style, match[1] ?? '')
  }
  take(safe.length)
  return spans
}

function apply(style: Style, parameters: string): void {
  // `38:2::R:G:B` is the standard's own spelling: its empty member names a colour space.
  const codes = parameters
    .replaceAll(/([34]8):2:[^:;]*:(\d+:\d+:\d+)/g, '$1:2:$2')
    .split(/[;:]/)
    .map(Number)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    if (code === 38 || code === 48) {
      const colour = codes[i + 1] === 5 ? indexed(codes[i + 2] ?? 0) : nearest(codes.slice(i + 2, i + 5))
      if (code === 38) style.front = colour
      else style.back = colour
      i += codes[i + 1] === 5 ? 2 : 4
    } else applyOne(style, code)
  }
}

function applyOne(style: Style, code: number): void {
  const on = switches[code]
  if (on !== undefined) style.on.add(on)
  for (const off of offs[code] ?? []) style.on.delete(off)
  if (code === 0) {
    style.on.clear()
    style.front = style.back = null
  }
  if (code === 39) style.front = null
  if (code === 49) style.back = null
  if (code >= 30 && code <= 37) style.front = code - 30
  if (code >= 90 && code <= 97) style.front = code - 82
  if (code >= 40 && code <= 47) style.back = code - 40
  if (code >= 100 && code <= 107) style.back = code - 92
}

/** One of 256 colours: the sixteen, a cube of 6×6×6, and 24 greys. */
function indexed(index: number): number {
  if (index < 16) return Math.max(0, index)
  if (index >= 232) return nearest([0, 0, 0].map(() => 8 + (Math.min(index, 255) - 232) * 10))
  const cube = index - 16
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40)
  return nearest([level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)])
}

function nearest(rgb: readonly number[]): number {
  const distance = (colour: readonly number[]) =>
    colour.reduce((sum, part, index) => sum + (part - (rgb[index] ?? 0)) ** 2, 0)
  const distances = palette.map(distance)
  return distances.indexOf(Math.min(...distances))
}

function classesOf({ front, back, on }: Style): readonly string[] {
  return [
    ...(front === null ? [] : [`fg-${nameOf(front)}`]),
    ...(back === null ? [] : [`bg-${nameOf(back)}`]),
    ...on,
  ]
}

const nameOf = (colour: number): string =>
  colour < 8 ? (colourNames[colour] ?? 'white') : `bright-${colourNames[colour - 8] ?? 'white'}`

/** What a person reads of a line. */
export const plainOf = (line: string): string => printableLine(line, false)
