/** A longer line is cut here. */
export const longestLine = 262_144

/**
 * Lines in a row, without their ends, as they were written: their bytes are no valid text where the program wrote none. They
 * are told by where they begin and end, because most are never looked at one by one.
 */
export interface WrittenLines {
  /** What they are parts of; who keeps some of it for long copies it. */
  readonly bytes: Buffer
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** Between each and the next, and behind the last, stands an LF in the bytes and nothing else. */
  readonly tight: boolean
  /** How many more bytes the last of them had, which were dropped. */
  readonly cut: number
  /** When each was written, where whoever kept them says so: milliseconds since the epoch, NaN where it is not known. */
  readonly at?: Float64Array
}

/** Lines of an input. */
export interface LineBlock extends WrittenLines {
  /** Where what follows them begins in the input: behind their last end. */
  readonly end: number
}

/** A line of its own. */
export const lineOf = (bytes: Buffer, cut: number, end: number): LineBlock => ({
  bytes,
  from: Uint32Array.of(0),
  to: Uint32Array.of(bytes.length),
  tight: false,
  cut,
  end,
})

/** The lines of a block one by one, and how many bytes of each were dropped. */
export const linesOf = ({ bytes, from, to, cut }: LineBlock) =>
  Array.from(to, (end, line) => ({
    bytes: bytes.subarray(from[line], end),
    cut: line === to.length - 1 ? cut : 0,
  }))

/** How the lines of a file are spelled. UTF-16 is known by the mark at its beginning alone. */
export type LineEncoding = 'bytes' | 'utf16le' | 'utf16be'

/** What finds lines in one encoding. */
export interface LineFinder {
  /** Where the line begins that is not at its end yet. */
  readonly start: number
  push(chunk: Buffer, into: LineBlock[]): void
  /** Takes what has come of a line as all of it. */
  end(): LineBlock | null
}
