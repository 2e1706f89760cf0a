import { logLevels, type LogLevel } from '#contract/log-words.ts'
import type { BlockFacts } from '../segments/block.ts'
import { framesIn, levelPlace, type FrameView, type KeptRecord } from '../segments/frame.ts'
import type { LogStore } from '../segments/log-store.ts'

/** Text and records of one batch. Loki's own clients send 1 MiB at once; its limits are some times that. */
const mostBytes = 1024 * 1024
const mostRecords = 2000
/** Bytes that are looked at for one batch, so that nobody waits long for what is left out. */
const mostRead = 4 * 1024 * 1024

/** The next records of an app that are to be sent, in the order of their arrival. */
export interface Batch {
  readonly records: readonly KeptRecord[]
  /** The last number that was looked at; what is not among the records is not to be sent. */
  readonly to: number
  /** Records that cannot be read any more; there are no others then. */
  readonly damaged: number
  /** More is to be had at once. */
  readonly full: boolean
}

/** @param after - the number of the last record that is done with. @param level - the least grave that is sent; null: all. */
export function nextBatch(store: LogStore, app: string, after: number, level: LogLevel | null): Batch {
  const taking = new Taking(after, wantedLevels(level))
  for (const { facts, segment } of store.blocks([app])) {
    if (facts.lastSequence <= after) continue
    if (taking.isFull) return taking.batch
    if (wantedIn(facts, taking.levels) === 0) {
      taking.to = facts.lastSequence
      continue
    }
    const bytes = segment.read(facts, (length) => Buffer.allocUnsafeSlow(length))
    if (bytes === null) return taking.damaged(facts)
    for (const frame of framesIn(bytes)) if (!taking.take(frame)) return taking.batch
  }
  return taking.batch
}

/** How many records behind a number are to be sent. */
export function countBehind(store: LogStore, app: string, after: number, level: LogLevel | null): number {
  const levels = wantedLevels(level)
  let count = 0
  for (const { facts, segment } of store.blocks([app])) {
    if (facts.lastSequence <= after) continue
    const wanted = wantedIn(facts, levels)
    const bytes =
      facts.firstSequence > after || wanted === 0
        ? null
        : segment.read(facts, (length) => Buffer.allocUnsafeSlow(length))
    if (bytes === null) count += wanted
    else
      for (const frame of framesIn(bytes))
        for (let row = 0; row < frame.count; row++)
          count += Number(frame.sequence(row) > after && isWanted(frame, row, levels))
  }
  return count
}

class Taking {
  readonly levels: number
  to: number
  readonly #after: number
  readonly #records: KeptRecord[] = []
  #bytes = 0
  #read = 0
  #full = false

  constructor(after: number, levels: number) {
    this.#after = after
    this.to = after
    this.levels = levels
  }

  get isFull(): boolean {
    this.#full ||= this.#read >= mostRead
    return this.#full
  }

  get batch(): Batch {
    return { records: this.#records, to: this.to, damaged: 0, full: this.#full }
  }

  /** What is damaged is a batch of its own, so that it is counted once. */
  damaged(facts: BlockFacts): Batch {
    if (this.#records.length > 0) return { ...this.batch, full: true }
    return { records: [], to: facts.lastSequence, damaged: wantedIn(facts, this.levels), full: true }
  }

  /** @returns false when the next record is one too many. */
  take(frame: FrameView): boolean {
    this.#read += frame.length
    for (let row = 0; row < frame.count; row++) {
      const sequence = frame.sequence(row)
      if (sequence <= this.#after) continue
      if (isWanted(frame, row, this.levels)) {
        const bytes = this.#bytes + frame.end(row) - frame.begin(row)
        this.#full = this.#records.length >= mostRecords || (this.#records.length > 0 && bytes > mostBytes)
        if (this.#full) return false
        this.#records.push(frame.record(row))
        this.#bytes = bytes
      }
      this.to = sequence
    }
    return true
  }
}

/** A bit for each level that is sent, by its place; the first is of those that say none. */
function wantedLevels(level: LogLevel | null): number {
  const all = (1 << (logLevels.length + 1)) - 1
  return level === null ? all : all & ~((1 << (logLevels.indexOf(level) + 1)) - 1)
}

const wantedIn = (facts: BlockFacts, levels: number): number =>
  facts.levels.reduce((sum, count, place) => sum + ((levels & (1 << place)) === 0 ? 0 : count), 0)

const isWanted = (frame: FrameView, row: number, levels: number): boolean =>
  (levels & (1 << levelPlace(frame.flags(row)))) !== 0
