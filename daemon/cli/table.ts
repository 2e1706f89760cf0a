import { printable } from '#base/printable.ts'
import type { Look, Output } from './output.ts'
import { cutTo, measureFor, type Measure } from './width.ts'

/** One column: what it shows of a row, and how it may give way on a narrow terminal. */
export interface Column<Row> {
  readonly title: string
  /** Text from outside is fine: the table makes it harmless. */
  value(row: Row): string
  readonly align?: 'right'
  /** The least width it may be cut to; without it the column is cut only when nothing else is left to cut. */
  readonly least?: number
  /** May be left out where all of them are too many; the highest goes first. */
  readonly spare?: number
  look?(row: Row): Look | undefined
}

const gap = '  '
const longestCell = 300

interface Shown<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  readonly width: number
}

/** Lines of an aligned table, cut to the terminal's width; columns with nothing in them are left out. */
export async function table<Row>(
  out: Output,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<string[]> {
  const limit = out.interactive ? longestCell : undefined
  const filled = columns
    .map((column) => ({ column, cells: rows.map((row) => printable(column.value(row), limit)) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const measure = await measureFor(filled.flatMap(({ cells }) => cells))
  const shown = roomFor(
    filled.map(({ column, cells }) => ({
      column,
      cells,
      width: cells.reduce((widest, cell) => Math.max(widest, measure(cell)), column.title.length),
    })),
    out.columns,
  )
  const widths = fit(shown, out.columns)
  const line = (cell: (one: Shown<Row>) => string, look: (one: Shown<Row>) => Look | undefined) =>
    shown
      .map((one, index) => {
        const last = index === shown.length - 1
        const text = pad(cell(one), widths[index] ?? 0, one.column.align, last, measure)
        const looks = look(one)
        return looks === undefined ? text : out.paint(looks, text)
      })
      .join(gap)
      .trimEnd()
  return [
    line(
      ({ column }) => column.title,
      () => 'dim',
    ),
    ...rows.map((row, at) =>
      line(
        ({ cells }) => cells[at] ?? '',
        ({ column }) => column.look?.(row),
      ),
    ),
  ]
}

const gaps = (columns: readonly unknown[]): number => gap.length * Math.max(0, columns.length - 1)

/** Leaves spare columns out until the rest fits at its narrowest. */
function roomFor<Row>(columns: readonly Shown<Row>[], total: number): readonly Shown<Row>[] {
  const narrowest = columns.reduce(
    (sum, { column, width }) => sum + Math.min(width, column.least ?? width),
    gaps(columns),
  )
  const spare = Math.max(...columns.map(({ column }) => column.spare ?? 0))
  if (narrowest <= total || spare <= 0) return columns
  return roomFor(
    columns.filter(({ column }) => column.spare !== spare),
    total,
  )
}

/** No column is narrower than this, or it would say nothing at all. */
const narrowest = 3

/** Takes from the widest column that may give way, until the line fits; where that is not enough, from any. */
function fit<Row>(columns: readonly Shown<Row>[], total: number): number[] {
  const widths = columns.map(({ width }) => width)
  const least = columns.map(({ column, width }) => Math.min(width, column.least ?? width))
  let excess = widths.reduce((sum, width) => sum + width, gaps(columns)) - total
  for (const floor of [least, least.map(() => narrowest)]) {
    while (excess > 0) {
      const widest = widestAbove(widths, floor)
      if (widest === -1) break
      widths[widest] = (widths[widest] ?? 0) - 1
      excess--
    }
  }
  return widths
}

function widestAbove(widths: readonly number[], floor: readonly number[]): number {
  let widest = -1
  for (const [index, width] of widths.entries()) {
    if (width <= (floor[index] ?? 0)) continue
    if (widest === -1 || width > (widths[widest] ?? 0)) widest = index
  }
  return widest
}

function pad(
  cell: string,
  width: number,
  align: 'right' | undefined,
  last: boolean,
  measure: Measure,
): string {
  const text = cutTo(cell, width, measure)
  const missing = ' '.repeat(Math.max(0, width - measure(text)))
  if (align === 'right') return missing + text
  return last ? text : text + missing
}

/** Text from outside, made harmless and cut to what is left of a line of which some is used. */
export async function fitting(out: Output, text: string, used = 0): Promise<string> {
  const harmless = printable(text)
  return cutTo(harmless, out.columns - used, await measureFor([harmless]))
}

/** Lines of `name  value` pairs, values from outside made harmless. */
export function fields(out: Output, pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const shown = pairs.filter(([, value]) => value !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(
    ([name, value]) => `${out.paint('dim', name.padEnd(width))}${gap}${printable(value, 4096)}`,
  )
}
