import type { StatusRange } from '../config/config-shapes.ts'

/** Every status of HTTP that a check can expect. */
export const anyStatus: readonly StatusRange[] = [[100, 599]]
/** Those that lead elsewhere (RFC 9110, 15.4). */
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** The statuses for which a test holds, as ranges in order. */
export function statusesWhere(holds: (status: number) => boolean): readonly StatusRange[] {
  const ranges: [number, number][] = []
  for (let status = 100; status <= 599; status++) {
    if (!holds(status)) continue
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === status - 1) last[1] = status
    else ranges.push([status, status])
  }
  return ranges
}

export const isWithin = (ranges: readonly StatusRange[], status: number): boolean =>
  ranges.some(([first, last]) => status >= first && status <= last)

/**
 * Who follows redirects judges where they end. A check follows only what it does not expect, so what is followed must not
 * be expected.
 */
export const withoutRedirects = (ranges: readonly StatusRange[]): readonly StatusRange[] =>
  statusesWhere((status) => isWithin(ranges, status) && !redirects.has(status))

/** What is never seen by who follows redirects: whether it is expected makes no difference. */
export const withRedirects = (ranges: readonly StatusRange[]): readonly StatusRange[] =>
  statusesWhere((status) => isWithin(ranges, status) || redirects.has(status))

/** As the configuration says it. */
export function expectOf(ranges: readonly StatusRange[]): string | number {
  const [only] = ranges
  if (ranges.length === 1 && only !== undefined && only[0] === only[1]) return only[0]
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ')
}
