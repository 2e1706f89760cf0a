import type { AuditCheckpoint, AuditHead } from '#contract/audit.ts'
import { readText } from './audit-files.ts'

/** A checkpoint as a line of the checkpoints file. */
export interface CheckpointLine extends AuditCheckpoint {
  readonly type: 'checkpoint'
  /** What the tree is continued from; the signed root covers it. */
  readonly frontier: readonly string[]
  /** Every intent up to this sequence had its outcome, so a start need not look there for open ones. */
  readonly settled: number
}

/**
 * What the daemon found at a start: the database did not hold what the head or a checkpoint says. Kept for
 * ever, so that the finding outlives the head that showed it.
 */
export interface BreakLine {
  readonly type: 'break'
  readonly at: string
  readonly reason: string
  readonly firstBadSequence: number | null
  /** The head as it stood then. */
  readonly head: AuditHead | null
  /** Where the database stood, and the chain was continued. */
  readonly last: { readonly sequence: number; readonly hash: string }
  readonly signature: string
}

export type TrailLine = CheckpointLine | BreakLine

/** What the signature of a break covers. */
export const breakBody = (line: Omit<BreakLine, 'signature'>): string =>
  JSON.stringify([line.at, line.reason, line.firstBadSequence, line.head, line.last])

/** All lines of the checkpoints file, oldest first. A line that a crash tore is none. */
export function readTrailLines(file: string): readonly TrailLine[] {
  const text = readText(file) ?? ''
  return text.split('\n').flatMap((line) => {
    const value = parseJson(line)
    return isTrailLine(value) ? [value] : []
  })
}

/** The signed head, or null when there is none that can be read. */
export function readHead(file: string): AuditHead | null {
  const value = parseJson(readText(file) ?? '')
  return isHead(value) ? value : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Torn or empty: whoever asks treats it as absent.
    return null
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const isHead = (value: unknown): value is AuditHead =>
  isObject(value) &&
  typeof value['sequence'] === 'number' &&
  typeof value['hash'] === 'string' &&
  typeof value['timestamp'] === 'string' &&
  typeof value['signature'] === 'string'

export const isCheckpoint = (value: unknown): value is AuditCheckpoint =>
  isHead(value) && 'root' in value && typeof value.root === 'string'

function isTrailLine(value: unknown): value is TrailLine {
  if (!isObject(value) || typeof value['signature'] !== 'string') return false
  if (value['type'] === 'checkpoint') {
    return isCheckpoint(value) && Array.isArray((value as Partial<CheckpointLine>).frontier)
  }
  return value['type'] === 'break' && isObject(value['last'])
}
