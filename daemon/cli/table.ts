import { printable } from '#base/printable.ts'
import type { Look, Output } from './output.ts'
import { cutTo, measureFor, type Measure } from './width.ts'

/** One column: what it shows of a row, and how it may give way on a narrow terminal. */
export interface Column<Row> {
  readonly title: string
  /** Text from outside is fine: the table makes it harmless. */
  value(row: Row): string
  readonly align?: 'right'
  /** The least width it may be cut to; without it the column is never cut. */
  readonly least?: number
  look?(row: Row): Look | undefined
}

const gap = '  '
const longestCell = 300

/** Lines of an aligned table, cut to the terminal's width; columns with nothing in them are left out. */
export async function table<Row>(
  out: Output,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Promise<string[]> {
  const limit = out.interactive ? longestCell : undefined
  const cells = columns.map((column) => rows.map((row) => printable(column.value(row), limit)))
  const shown = columns
    .map((column, index) => ({ column, cells: cells[index] ?? [] }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const measure = await measureFor(shown.flatMap(({ cells }) => cells))
  const widths = fit(
    shown.map(({ column, cells }) => ({
      width: cells.reduce((widest, cell) => Math.max(widest, measure(cell)), column.title.length),
      least: column.least,
    })),
    out.columns,
  )
  const last = shown.length - 1
  const line = (cell: (index: number) => string, look: (index: number) => Look | undefined) =>
    shown
      .map(({ column }, index) => {
        const text = pad(cell(index), widths[index] ?? 0, column.align, index === last, measure)
        const looks = look(index)
        return looks === undefined ? text : out.paint(looks, text)
      })
      .join(gap)
      .trimEnd()
  return [
    line(
      (index) => shown[index]?.column.title ?? '',
      () => 'dim',
    ),
    ...rows.map((row, at) =>
      line(
        (index) => shown[index]?.cells[at] ?? '',
        (index) => shown[index]?.column.look?.(row),
      ),
    ),
  ]
}

/** Takes from the widest column that may give way, until the line fits or nothing may give way any more. */
function fit(
  columns: readonly { readonly width: number; readonly least: number | undefined }[],
  total: number,
): number[] {
  const widths = columns.map(({ width }) => width)
  let excess = widths.reduce((sum, width) => sum + width, gap.length * (widths.length - 1)) - total
  while (excess > 0) {
    let widest = -1
    for (const [index, { least }] of columns.entries()) {
      if (least === undefined || (widths[index] ?? 0) <= least) continue
      if (widest === -1 || (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index
    }
    if (widest === -1) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
  return widths
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

/** Lines of `name  value` pairs, values from outside made harmless. */
export function fields(out: Output, pairs: readonly (readonly [name: string, value: string])[]): string[] {
  const shown = pairs.filter(([, value]) => value !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(
    ([name, value]) => `${out.paint('dim', name.padEnd(width))}${gap}${printable(value, 4096)}`,
  )
}
