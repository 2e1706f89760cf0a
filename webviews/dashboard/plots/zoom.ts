/** A part of time, in milliseconds since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A span that is shorter holds no two numbers: the finest that is kept is one for each 15 seconds. */
export const leastSpanMs = 120_000

const lengthOf = ({ from, to }: Span): number => to - from

/** Nothing is known of what comes after now, so a span ends there at the latest, as long as it was. */
function kept({ from, to }: Span, now: number): Span {
  const over = Math.max(0, to - now)
  return { from: Math.round(from - over), to: Math.round(to - over) }
}

/** The part around a moment that is `factor` times as long; null where that is all of the range, or more. */
export function scaled(span: Span, around: number, factor: number, range: Span): Span | null {
  const length = Math.max(leastSpanMs, lengthOf(span) * factor)
  if (length >= lengthOf(range)) return null
  const share = (around - span.from) / lengthOf(span)
  const from = around - share * length
  return kept({ from, to: from + length }, range.to)
}

/** The span beside it, by a part of its length: negative for what was before. */
export const moved = (span: Span, by: number, now: number): Span =>
  kept({ from: span.from + by * lengthOf(span), to: span.to + by * lengthOf(span) }, now)

/** What was marked with the mouse, from either side; null where that was no more than a click. */
export function dragged(a: number, b: number, leastMs: number, now: number): Span | null {
  const span = { from: Math.min(a, b), to: Math.max(a, b) }
  if (lengthOf(span) < leastMs) return null
  const missing = Math.max(0, leastSpanMs - lengthOf(span)) / 2
  return kept({ from: span.from - missing, to: span.to + missing }, now)
}
