import { mkdirSync, readdirSync } from 'node:fs'
import * as path from 'node:path'
import type { Retention } from '../log-engine.ts'
import { Scanner } from '../scan/scanner.ts'
import type { FrameView, SourceMark } from './frame.ts'
import {
  LogStream,
  usualSizes,
  type PlacedBlock,
  type PlacedSegment,
  type StreamSizes,
} from './log-stream.ts'
import type { RecordBatch } from './record-batch.ts'
import type { SegmentHome } from './segment.ts'
import { LocalWork, type SegmentWork } from './segment-work.ts'

export interface StoreLimits {
  /** Of each app. */
  readonly perApp: Retention
  /** Of all apps together. */
  readonly bytes: number
}

/** Bytes that filters of segments that grow may take, of all apps together: each a sixteenth of its text. */
const filterRoom = 32 * 1024 * 1024

/** The logs of all apps, in a folder with one for each. */
export class LogStore {
  readonly #folder: string
  /** What is looked through lies in its memory, until something else does. */
  readonly scanner = new Scanner()
  readonly #streams = new Map<string, LogStream>()
  /** Told of records that were just kept. */
  onKept: (app: string, frame: FrameView) => void = () => undefined
  readonly #home: Omit<SegmentHome, 'app'>
  readonly #sizes: StreamSizes
  #next = 1

  /**
   * @param work - who closes and compresses segments; else that is done in this thread, at once.
   */
  constructor(
    folder: string,
    {
      work = new LocalWork(),
      sizes = usualSizes,
    }: { readonly work?: SegmentWork; readonly sizes?: StreamSizes } = {},
  ) {
    this.#folder = folder
    this.#home = { work, room: { left: filterRoom } }
    this.#sizes = sizes
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && isOurs(entry.name)) this.#streamOf(decodeURIComponent(entry.name))
    this.#next = Math.max(0, ...[...this.#streams.values()].map(({ lastSequence }) => lastSequence)) + 1
  }

  /** The number that the next record will be given. */
  get next(): number {
    return this.#next
  }

  get apps(): readonly string[] {
    return [...this.#streams.keys()]
  }

  /** Bytes of an app that cannot be read any more. */
  damagedOf(app: string): number {
    return this.#streams.get(app)?.damaged ?? 0
  }

  /** Why what is kept of an app cannot be written anew as it should be; null when it can. */
  problemOf(app: string): string | null {
    return this.#streams.get(app)?.problem ?? null
  }

  /** How far something of an app was read; undefined when it never was. */
  markOf(app: string, key: string): SourceMark {
    return this.#streams.get(app)?.marks[key]
  }

  /** How far all of an app was read, by what was read. */
  marksOf(app: string): Readonly<Record<string, SourceMark>> {
    return this.#streams.get(app)?.marks ?? {}
  }

  /** Forgets how far something of an app was read, where that is no longer wanted; in the file with the next segment. */
  forgetMarks(app: string, isWanted: (key: string) => boolean): void {
    this.#streams.get(app)?.forgetMarks(isWanted)
  }

  /** Keeps records with how far their source was read, both or neither. @throws what the system says. */
  append(app: string, key: string, batch: RecordBatch, mark: SourceMark): void {
    const kept = this.#streamOf(app).append({ batch, first: this.#next, marks: { [key]: mark } })
    this.#next += batch.count
    this.onKept(app, kept)
  }

  /** All segments of these apps, or of all. */
  *segments(apps: readonly string[] | undefined): Generator<PlacedSegment> {
    for (const app of apps ?? this.#streams.keys())
      for (const segment of this.#streams.get(app)?.segments ?? []) yield { app, segment }
  }

  /** All blocks of these apps, or of all. */
  *blocks(apps: readonly string[] | undefined): Generator<PlacedBlock> {
    for (const { app, segment } of this.segments(apps))
      for (const [index, facts] of segment.blocks.entries())
        if (facts.count > 0) yield { app, segment, index, facts }
  }

  /** To be called every second: what was written outlives a loss of power, and what could not be done is tried again. */
  sync(): void {
    for (const stream of this.#streams.values()) stream.sync()
  }

  /** Removes what is to be kept no more. @param said - of some apps, in the place of what holds for each. */
  keep(
    { perApp, bytes }: StoreLimits,
    now: number,
    said: Readonly<Record<string, Partial<Retention>>> = {},
  ): void {
    const streams = [...this.#streams.values()]
    for (const stream of streams) stream.keep({ ...perApp, ...said[stream.app] }, now)
    while (streams.reduce((sum, stream) => sum + stream.bytes, 0) > bytes) {
      const [oldest] = streams.toSorted((a, b) => a.oldestClosed - b.oldestClosed)
      if (oldest?.forgetOldest() !== true) return
    }
  }

  dispose(): void {
    for (const stream of this.#streams.values()) stream.dispose()
  }

  #streamOf(app: string): LogStream {
    const known = this.#streams.get(app)
    if (known !== undefined) return known
    const stream = new LogStream(
      path.join(this.#folder, encodeURIComponent(app)),
      this.#next,
      { ...this.#home, app },
      this.#sizes,
    )
    this.#streams.set(app, stream)
    return stream
  }
}

/** Whether we made a folder of this name; another may not even be an encoded one. */
function isOurs(name: string): boolean {
  try {
    return encodeURIComponent(decodeURIComponent(name)) === name
  } catch {
    return false
  }
}
