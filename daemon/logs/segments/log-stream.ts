import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import * as path from 'node:path'
import type { Retention } from '../log-engine.ts'
import type { BlockFacts } from './block.ts'
import type { Scanner } from '../scan/scanner.ts'
import type { SourceMark } from './frame.ts'
import { RecordBatch, type Frame } from './record-batch.ts'
import { Segment } from './segment.ts'

/** Bytes at which a segment is closed and the next one begun. */
const fullSegment = 64 * 1024 * 1024
const dayMs = 24 * 60 * 60 * 1000

/** The log of one app: closed segments, and one that grows. */
export class LogStream {
  readonly app: string
  readonly #folder: string
  readonly #scanner: Scanner
  #closed: Segment[] = []
  #open: Segment
  #unsynced = false

  /** Opens what is in a folder, or begins there. @param nextSequence - the first number that was given to no record. */
  constructor(app: string, folder: string, nextSequence: number, scanner: Scanner) {
    this.app = app
    this.#scanner = scanner
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const names = readdirSync(folder).toSorted()
    for (const name of names) if (name.endsWith('.new')) rmSync(path.join(folder, name))
    const closed = names.filter((name) => name.endsWith('.seg'))
    this.#closed = closed.map((name) => Segment.closed(path.join(folder, name)))
    const growing = names.filter((name) => name.endsWith('.open')).map((name) => path.join(folder, name))
    this.#open = this.#openLast(growing, new Set(closed), nextSequence)
  }

  /** How far each source was read. */
  get marks(): Readonly<Record<string, SourceMark>> {
    return this.#open.marks
  }

  forgetMarks(isWanted: (key: string) => boolean): void {
    this.#open.forgetMarks(isWanted)
  }

  /** The last number that was given to a record here. */
  get lastSequence(): number {
    return Math.max(0, ...this.segments.map(({ blocks }) => blocks.at(-1)?.lastSequence ?? 0))
  }

  get segments(): readonly Segment[] {
    return [...this.#closed, this.#open]
  }

  get bytes(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0)
  }

  /** Bytes that cannot be read any more. */
  get damaged(): number {
    return this.segments.reduce((sum, { damaged }) => sum + damaged, 0)
  }

  /** @throws what the system says when the disk is full; nothing was written then. */
  append(frame: Frame): void {
    this.#open.append(frame)
    this.#unsynced = true
    if (this.#open.size >= fullSegment) this.#close(frame.first + frame.batch.count)
  }

  sync(): void {
    if (!this.#unsynced) return
    this.#unsynced = false
    this.#open.syncBeside()
  }

  /** Removes what is to be kept no more, oldest first. @returns whether anything went. */
  keep({ days, bytes }: Retention, now: number): boolean {
    const oldest = now - days * dayMs
    const [first] = this.#open.blocks
    if (first !== undefined && first.minTime < now - dayMs && first.maxTime < now)
      this.#close(this.lastSequence + 1)
    let went = false
    for (;;) {
      const segment = this.#closed[0]
      if (segment === undefined) return went
      const newest = Math.max(...segment.blocks.map(({ maxTime }) => maxTime))
      if (newest >= oldest && this.bytes <= bytes) return went
      this.#forget(segment)
      went = true
    }
  }

  /** Removes its oldest segment. @returns false when only the one that grows is left. */
  forgetOldest(): boolean {
    const segment = this.#closed[0]
    if (segment === undefined) return false
    this.#forget(segment)
    return true
  }

  /** When its oldest closed segment ends; infinite without one. */
  get oldestClosed(): number {
    const [segment] = this.#closed
    return segment === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(...segment.blocks.map(({ maxTime }) => maxTime))
  }

  dispose(): void {
    if (this.#unsynced) this.#open.sync()
    for (const segment of this.segments) segment.dispose()
  }

  /**
   * A segment is closed in three steps: it stands there closed; the next one stands there with all marks; the open one
   * goes. Whoever was ended in between goes on with the next step.
   */
  #openLast(growing: readonly string[], closed: ReadonlySet<string>, nextSequence: number): Segment {
    const last = growing.at(-1)
    if (last === undefined) return Segment.grow(this.#fileOf(nextSequence, 'open'))
    const segment = Segment.grow(last)
    for (const file of growing.slice(0, -1)) rmSync(file)
    if (!closed.has(`${path.basename(last, '.open')}.seg`)) return segment
    const next = this.#begin(Math.max(nextSequence, (segment.blocks.at(-1)?.lastSequence ?? 0) + 1), segment)
    segment.dispose()
    rmSync(last)
    return next
  }

  #begin(sequence: number, before: Segment): Segment {
    const segment = Segment.grow(this.#fileOf(sequence, 'open'))
    segment.append({ batch: new RecordBatch(0), first: 0, marks: before.marks })
    segment.sync()
    return segment
  }

  #close(nextSequence: number): void {
    const before = this.#open
    const file = before.file.replace(/\.open$/, '.seg')
    before.close(file)
    const closed = Segment.closed(file)
    closed.makeIndex(this.#scanner)
    this.#closed.push(closed)
    this.#open = this.#begin(nextSequence, before)
    before.dispose()
    rmSync(before.file)
  }

  #forget(segment: Segment): void {
    this.#closed = this.#closed.filter((other) => other !== segment)
    segment.dispose(true)
  }

  #fileOf(sequence: number, ending: string): string {
    return path.join(this.#folder, `${String(sequence).padStart(16, '0')}.${ending}`)
  }
}

/** A block, where it stands. */
export interface PlacedBlock {
  readonly app: string
  readonly segment: Segment
  /** Its place in there. */
  readonly index: number
  readonly facts: BlockFacts
}
