/** A longer line is cut here. */
export const longestLine = 262_144

/** One line without its end, as it was written: its bytes are no valid text where the program wrote none. */
export interface FollowedLine {
  /** May be a part of what was read; who keeps it for long copies it. */
  readonly bytes: Buffer
  /** How many more bytes it had, which were dropped. */
  readonly cut: number
  /** When it was written, where whoever kept it says so: milliseconds since the epoch. */
  readonly at?: number | undefined
}

export interface SplitLine extends FollowedLine {
  /** Where what follows it begins in the input: behind its end. */
  readonly end: number
}

/** How the lines of a file are spelled. UTF-16 is known by the mark at its beginning alone. */
export type LineEncoding = 'bytes' | 'utf16le' | 'utf16be'

/** What finds lines in one encoding. */
export interface LineFinder {
  /** Where the line begins that is not at its end yet. */
  readonly start: number
  push(chunk: Buffer, into: SplitLine[]): void
  /** Takes what has come of a line as all of it. */
  end(): SplitLine | null
}
