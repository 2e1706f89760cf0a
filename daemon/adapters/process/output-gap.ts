import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { systemCode } from '#base/failure.ts'

/** What of an output is gone. Whoever reads counts its bytes as if they were there still. */
export interface OutputGap {
  /** The first byte that is gone. */
  readonly from: number
  /** The first byte after it that is there. */
  readonly to: number
  /** Where in the file that one stands: where it always did, or further in front when the file was made shorter. */
  readonly at: number
}

const besides = (output: string): string => `${output}.gap`

/** Null when nothing is gone. */
export async function gapOf(output: string): Promise<OutputGap | null> {
  try {
    // Only `keepGap` writes it, and as a whole.
    return JSON.parse(await readFile(besides(output), 'utf8')) as OutputGap
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Notes what is gone; null when nothing is. */
export async function keepGap(output: string, gap: OutputGap | null): Promise<void> {
  const file = besides(output)
  if (gap === null) return rm(file, { force: true })
  await writeFile(`${file}.new`, JSON.stringify(gap), { mode: 0o600 })
  await rename(`${file}.new`, file)
}
