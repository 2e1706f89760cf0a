import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import * as path from 'node:path'
import { messageOf } from '#base/failure.ts'
import type { Retention } from '../log-engine.ts'
import type { BlockFacts } from './block.ts'
import type { FrameView, SourceMark } from './frame.ts'
import { packedEnding } from './read-block.ts'
import { RecordBatch, type Frame } from './record-batch.ts'
import { Segment, type SegmentHome } from './segment.ts'
import { indexOf, nameOf, type RewritingTask, type SegmentOutcome } from './segment-work.ts'

export interface StreamSizes {
  /** Bytes at which a segment is closed and the next one begun. */
  readonly segmentBytes: number
  /** The newest closed ones, at least one, are never compressed. */
  readonly hotSegments: number
}

export const usualSizes: StreamSizes = { segmentBytes: 64 * 1024 * 1024, hotSegments: 4 }
/** So much more is written to one that could not be closed until that is tried again. */
const overFull = 1024 * 1024
const dayMs = 24 * 60 * 60 * 1000
/** Closed segments are compressed when they are older, and not among the newest of their app. */
const hotMs = 60 * 60 * 1000
/** What could not be done is tried again after so many calls of {@link LogStream.sync}. */
const pauseTicks = 10

/** The log of one app: closed segments, full ones that are being closed, and one that grows. */
export class LogStream {
  readonly app: string
  readonly #folder: string
  readonly #home: SegmentHome
  readonly #sizes: StreamSizes
  #closed: Segment[] = []
  #full: Segment[] = []
  #open: Segment
  #rollAt: number
  /** What is written anew beside. */
  #busy: Segment | null = null
  /** Why the next segment could not be begun, and why one could not be written anew. */
  #notBegun: string | null = null
  #notWritten: string | null = null
  #pause = 0
  #unsynced = false
  #disposed = false

  /** Opens what is in a folder, or begins there. @param nextSequence - the first number that was given to no record. */
  constructor(folder: string, nextSequence: number, home: SegmentHome, sizes: StreamSizes) {
    this.app = home.app
    this.#folder = folder
    this.#home = home
    this.#sizes = sizes
    this.#rollAt = sizes.segmentBytes
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(folder)) if (name.endsWith('.new')) rmSync(path.join(folder, name))
    for (const file of this.#files(packedEnding)) rmSync(`${withoutEnding(file)}.seg`, { force: true })
    const closed = [...this.#files('.seg'), ...this.#files(packedEnding)].toSorted(byName)
    const open = this.#files('.open')
    const untilOf = firstBehind([...closed, ...open])
    this.#closed = closed.map((file) => Segment.closed(file, home, untilOf(file)))
    const growing = open.map((file) => Segment.grow(file, home, untilOf(file)))
    const last = growing.at(-1)
    const next = Math.max(nextSequence, ...this.#closed.map(({ facts }) => facts.lastSequence + 1))
    this.#open = last ?? Segment.grow(this.#fileOf(next), home)
    this.#takeUp(growing)
    this.#closeNext()
  }

  /** How far each source was read. */
  get marks(): Readonly<Record<string, SourceMark>> {
    return this.#open.marks
  }

  forgetMarks(isWanted: (key: string) => boolean): void {
    this.#open.forgetMarks(isWanted)
  }

  /** The last number that was given to a record here, also to one that can no longer be read. */
  get lastSequence(): number {
    return Math.max(Number(this.#open.name) - 1, ...this.segments.map(({ facts }) => facts.lastSequence))
  }

  get segments(): readonly Segment[] {
    return [...this.#closed, ...this.#full, this.#open]
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Bytes that cannot be read any more. */
  get damaged(): number {
    return this.segments.reduce((sum, { damaged }) => sum + damaged, 0)
  }

  /** Why segments are not closed or compressed as they should be; null when they are. */
  get problem(): string | null {
    return this.#notBegun ?? this.#notWritten
  }

  /** @throws what the system says when the disk is full; nothing was written then. */
  append(frame: Frame): FrameView {
    const kept = this.#open.append(frame)
    this.#unsynced = true
    const { batch, first } = frame
    const next = batch.count === 0 ? this.lastSequence + 1 : first + batch.count
    if (this.#open.size >= this.#rollAt) this.#roll(next)
    return kept
  }

  /** Makes what was written outlive a loss of power, and tries again what could not be done; to be called every second. */
  sync(): void {
    if (this.#unsynced) this.#open.syncBeside()
    this.#unsynced = false
    if (this.#pause > 0 && --this.#pause === 0) this.#closeNext()
  }

  /** Removes what is to be kept no more, oldest first, and has what is old compressed. @param now - milliseconds since the epoch. */
  keep({ days, bytes }: Retention, now: number): void {
    const oldest = now - days * dayMs
    const [first] = this.#open.blocks
    if (first !== undefined && first.minTime < now - dayMs && first.maxTime < now)
      this.#roll(this.lastSequence + 1)
    for (;;) {
      const segment = this.#oldest
      if (segment === undefined || (segment.facts.maxTime >= oldest && this.bytes <= bytes)) break
      this.#forget(segment)
    }
    this.#packNext(now)
  }

  /** Removes its oldest segment. @returns false when only the one that grows is left. */
  forgetOldest(): boolean {
    const segment = this.#oldest
    if (segment !== undefined) this.#forget(segment)
    return segment !== undefined
  }

  /** When its oldest full segment ends; infinite without one. */
  get oldestClosed(): number {
    return this.#oldest?.facts.maxTime ?? Number.POSITIVE_INFINITY
  }

  dispose(): void {
    this.#disposed = true
    if (this.#unsynced) this.#open.sync()
    for (const segment of this.segments) segment.dispose()
  }

  get #oldest(): Segment | undefined {
    return this.#closed[0] ?? this.#full[0]
  }

  /**
   * A full segment is closed in steps: the next one stands there with all marks; the full one stands there closed, and
   * both are durable; it goes as it was. Whoever was ended in between goes on with the next step.
   */
  #takeUp(growing: readonly Segment[]): void {
    const closed = new Set(this.#closed.map(({ name }) => name))
    const last = this.#open
    const known = [...this.#closed.slice(-1), ...growing]
    // Its first frame was not written yet, or is damaged.
    if (!last.isBegun && known.length > 0)
      last.append({
        batch: new RecordBatch(0),
        first: 0,
        marks: Object.assign({}, ...known.map(({ marks }) => marks)) as Frame['marks'],
      })
    if (closed.has(last.name)) this.#open = this.#begin(last.facts.lastSequence + 1, last.marks)
    if (growing.some(({ name }) => closed.has(name))) this.#open.sync()
    for (const segment of growing) {
      const isClosed = closed.has(segment.name)
      if (isClosed) segment.dispose()
      if (isClosed) rmSync(segment.file)
      else if (segment !== this.#open) this.#full.push(segment)
    }
  }

  /** Begins the next segment, and has the full one closed. When that cannot be, what is full goes on to grow. */
  #roll(sequence: number): void {
    const full = this.#open
    try {
      this.#open = this.#begin(sequence, full.marks)
    } catch (error) {
      this.#notBegun = `the next segment of logs cannot be begun: ${messageOf(error)}`
      this.#rollAt = full.size + overFull
      return
    }
    this.#notBegun = null
    this.#rollAt = this.#sizes.segmentBytes
    this.#full.push(full)
    this.#closeNext()
  }

  #begin(sequence: number, marks: Frame['marks']): Segment {
    const file = this.#fileOf(sequence)
    const segment = Segment.grow(file, this.#home)
    try {
      segment.append({ batch: new RecordBatch(0), first: 0, marks })
    } catch (error) {
      segment.dispose(true)
      throw error
    }
    return segment
  }

  #closeNext(): void {
    const [full] = this.#full
    if (full === undefined || this.#busy !== null || this.#disposed || this.#pause > 0) return
    const { blocks, filters, file, marks, damaged: lost } = full
    const to = `${withoutEnding(file)}.seg`
    const after = (this.#full[1] ?? this.#open).file
    this.#rewrite(full, { kind: 'close', app: this.app, from: file, to, blocks, filters, lost, marks, after })
  }

  #packNext(now: number): void {
    const cold = this.#closed
      .slice(0, -this.#sizes.hotSegments)
      .find(({ file }) => file.endsWith('.seg') && existsSync(file) && statSync(file).mtimeMs < now - hotMs)
    if (cold === undefined || this.#busy !== null || this.#disposed || this.#pause > 0) return
    const { blocks, file, marks, damaged: lost } = cold
    const to = `${withoutEnding(file)}${packedEnding}`
    this.#rewrite(cold, { kind: 'pack', app: this.app, from: file, to, blocks, lost, marks }, () =>
      this.#packNext(now),
    )
  }

  #rewrite(old: Segment, task: RewritingTask, then?: () => void): void {
    this.#busy = old
    this.#home.work.begin(task, (outcome) => {
      this.#busy = null
      if (this.#disposed) return
      this.#written(old, task.to, outcome)
      this.#closeNext()
      then?.()
    })
  }

  /** Takes what was written in the place of what it was written of. */
  #written(old: Segment, file: string, outcome: SegmentOutcome): void {
    const isWanted = this.#full.includes(old) || this.#closed.includes(old)
    // It was to be kept no longer, meanwhile.
    if (!isWanted) return [file, indexOf(file)].forEach((one) => rmSync(one, { force: true }))
    try {
      if ('problem' in outcome) throw new Error(outcome.problem)
      const segment = Segment.closed(file, this.#home)
      this.#full = this.#full.filter((other) => other !== old)
      const place = this.#closed.indexOf(old)
      if (place === -1) this.#closed.push(segment)
      else this.#closed[place] = segment
      old.replaceBy(segment)
      this.#notWritten = null
    } catch (error) {
      this.#notWritten = `a full segment of logs cannot be written anew: ${messageOf(error)}`
      this.#pause = pauseTicks
    }
  }

  #forget(segment: Segment): void {
    this.#closed = this.#closed.filter((other) => other !== segment)
    this.#full = this.#full.filter((other) => other !== segment)
    segment.dispose(true)
  }

  /** Oldest first. */
  #files(ending: string): readonly string[] {
    const names = readdirSync(this.#folder).filter((name) => /^\d+\.\w+$/.test(name) && name.endsWith(ending))
    return names.toSorted().map((name) => path.join(this.#folder, name))
  }

  #fileOf(sequence: number): string {
    return path.join(this.#folder, `${String(sequence).padStart(16, '0')}.open`)
  }
}

const withoutEnding = (file: string): string => file.replace(/\.\w+$/, '')

export interface PlacedSegment {
  readonly app: string
  readonly segment: Segment
}

const byName = (a: string, b: string): number => (withoutEnding(a) < withoutEnding(b) ? -1 : 1)

/** The first number of the segment behind that of a file: they are named by it. */
function firstBehind(files: readonly string[]): (file: string) => number {
  const firsts = files.map((file) => Number(nameOf(file)))
  return (file) => Math.min(...firsts.filter((first) => first > Number(nameOf(file))))
}

/** A block, where it stands. */
export interface PlacedBlock extends PlacedSegment {
  /** Its place in there. */
  readonly index: number
  readonly facts: BlockFacts
}
