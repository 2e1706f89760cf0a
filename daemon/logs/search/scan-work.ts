import { closeSync, openSync } from 'node:fs'
import type { LogFilter } from '#contract/logs.ts'
import { needleOf } from '../scan/needle.ts'
import type { Scanner } from '../scan/scanner.ts'
import { levelPlace } from '../segments/frame.ts'
import type { PlacedBlock } from '../segments/log-stream.ts'
import { packedEnding, readBlock } from '../segments/read-block.ts'
import { eachMatchIn } from './candidates.ts'
import { Counts } from './counts.ts'
import { Matcher, type FieldsOf } from './matcher.ts'

/** A block by where it stands. */
export interface ScannedBlock {
  readonly app: string
  readonly file: string
  readonly at: number
  readonly length: number
  /** Whether its check sums are to be looked at. */
  readonly check: boolean
}

/** Something that many blocks are looked through for. */
export type ScanTask = { readonly blocks: readonly ScannedBlock[] } & (
  | {
      readonly kind: 'count'
      readonly filter: LogFilter
      /** Where the first bucket begins, and how long each is, in milliseconds. */
      readonly from: number
      readonly bucketMs: number
    }
  /** In which of them all these texts stand, whatever their case. */
  | { readonly kind: 'sieve'; readonly needles: readonly string[] }
)

export interface ScanOutcome {
  readonly counts: Counts['all']
  /** The places of blocks in which all stand. */
  readonly held: readonly number[]
  /** The places of blocks that could not be read there: damaged, or in another file by now. */
  readonly unread: readonly number[]
}

/** Who looks through many blocks at once, beside. */
export interface Scans {
  /** Null when that could not be done: then it is to be done here. */
  scan(task: ScanTask): Promise<ScanOutcome | null>
}

/** Fewer blocks are looked through sooner where they are asked for. */
export const leastScanned = 64

export const scannedBlock = ({ app, segment, facts }: PlacedBlock): ScannedBlock => ({
  app,
  file: segment.file,
  at: facts.at,
  length: facts.length,
  check: !segment.isChecked(facts),
})

/** What of blocks is still to be done here. The others are known to be as they were written. */
export function leftOf(blocks: readonly PlacedBlock[], outcome: ScanOutcome | null): readonly PlacedBlock[] {
  if (outcome === null) return blocks
  const unread = new Set(outcome.unread)
  for (const [place, { segment, facts }] of blocks.entries())
    if (!unread.has(place)) segment.setChecked(facts)
  return blocks.filter((_, place) => unread.has(place))
}

/** Does a task in this thread. */
export function scanOutcome(task: ScanTask, scanner: Scanner, fieldsOf: FieldsOf): ScanOutcome {
  const [held, unread]: [number[], number[]] = [[], []]
  const counts = new Counts()
  const look =
    task.kind === 'count' ? counting(task, scanner, fieldsOf, counts) : sieving(task, scanner, held)
  const files = new Map<string, number | null>()
  for (const [place, block] of task.blocks.entries()) {
    const { app, file, check } = block
    if (!files.has(file)) files.set(file, opened(file))
    const descriptor = files.get(file) ?? null
    const reading = { packed: file.endsWith(packedEnding), check, room: (size: number) => scanner.room(size) }
    const bytes = descriptor === null ? null : readBlock(descriptor, block, reading)
    if (bytes === null) unread.push(place)
    else look(bytes, app, place)
  }
  for (const descriptor of files.values()) if (descriptor !== null) closeSync(descriptor)
  return { counts: counts.all, held, unread }
}

type Look = (bytes: Buffer, app: string, place: number) => void

function counting(
  { filter, from, bucketMs }: ScanTask & { kind: 'count' },
  scanner: Scanner,
  fieldsOf: FieldsOf,
  counts: Counts,
): Look {
  const matcher = new Matcher(filter, fieldsOf)
  return (bytes, app) =>
    eachMatchIn(bytes, app, matcher, scanner, (frame, row) =>
      counts.add(Math.floor((frame.time(row) - from) / bucketMs), levelPlace(frame.flags(row)), 1),
    )
}

function sieving({ needles }: ScanTask & { kind: 'sieve' }, scanner: Scanner, held: number[]): Look {
  const wanted = needles.map(needleOf)
  return (bytes, _, place) => {
    if (wanted.every((needle) => scanner.find(needle, 0, bytes.length) !== -1)) held.push(place)
  }
}

function opened(file: string): number | null {
  try {
    return openSync(file, 'r')
  } catch {
    return null
  }
}
