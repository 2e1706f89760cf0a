import type { LogKind, LogLevel } from '#contract/log-words.ts'

/** What a reader of one family of formats makes of a line. */
export interface Found {
  readonly format: string
  readonly time: number | null
  readonly level: LogLevel | null
  readonly kind: LogKind | null
  readonly messageAt: number
  /** It belongs to the record before it, although it looks like a record. */
  readonly continues?: boolean
  /** What stands at `messageAt` may be another program's line, with a time and a level of its own. */
  readonly wraps?: boolean
  /** The line after it goes on where it ends, as the part of a long line of a container does. */
  readonly unfinished?: boolean
}

/**
 * A line's head, which stands at the beginning of `text`; null when it is none of the reader's formats. `known` is the
 * format of the record before.
 */
export type Reader = (text: string, times: TimesLike, known: string) => Found | null

/** What readers ask of the times: times.ts. */
export interface TimesLike {
  /** Where the last time that was read ends. */
  readonly end: number
  /** Whether it told its zone. */
  readonly zoned: boolean
  iso(text: string, at: number): number
  dayFirst(text: string, at: number): number
  monthFirst(text: string, at: number): number
  slashed(text: string, at: number): number
  compact(text: string, at: number): number
  sane(time: number): number | null
  epoch(value: number): number | null
}

/** What a pattern that is sticky finds exactly at a place. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** The first place from `at` on that is neither a space nor a tab. */
export function afterSpaces(text: string, at: number): number {
  let place = at
  for (;;) {
    const code = text.charCodeAt(place)
    if (code !== 32 && code !== 9) return place
    place++
  }
}

/** How grave an answer of a server is. */
export const levelOfStatus = (status: number): LogLevel =>
  status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info'
