import { hash } from 'node:crypto'
import type { LineEncoding } from './lines.ts'

/** A place in a file, told by what is in front of it: it is found again in a copy, under another name and packed. */
export interface FilePlace {
  readonly dev: string
  readonly ino: string
  /** How many of the first bytes, and their hash. */
  readonly head: string
  /** The same of the bytes right before `offset`. */
  readonly near: string
  /** Behind the last line that was given. */
  readonly offset: number
  /** How long the file was when it was last looked at. */
  readonly size: number
  /** When it was last written to, in nanoseconds. */
  readonly modified: string
  readonly encoding: LineEncoding | null
}

/** JSON-able. Kept durably by whoever stores the lines, in the same write as the lines. */
export interface FileCursor extends FilePlace {
  /** A file that was rotated away a moment ago, for what is still written to it by programs that have it open. */
  readonly former: FilePlace | null
}

export const headLength = 1024
export const nearLength = 256

/** What tells bytes from others, and how many they are. */
export const printOf = (bytes: Buffer): string =>
  bytes.length === 0 ? '0' : `${bytes.length}:${hash('sha256', bytes, 'hex').slice(0, 32)}`

/** How many bytes a print was made of. */
export const printedLength = (print: string): number => Number.parseInt(print, 10)

/** Which file it is for the system, for as long as it is there. */
export const idOf = ({
  dev,
  ino,
}: {
  readonly dev: string | bigint
  readonly ino: string | bigint
}): string => `${dev}:${ino}`
