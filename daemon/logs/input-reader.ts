import { isDeepStrictEqual } from 'node:util'
import type { Owned } from '#base/lifetime.ts'
import { messageOf } from '#base/failure.ts'
import { Understanding } from './format/understand.ts'
import { FileFollower } from './intake/file-follower.ts'
import type { FollowRoom } from './intake/follow-room.ts'
import type { FileCursor } from './intake/place.ts'
import type { LogInput } from './log-engine.ts'
import { RecordBuilder, type HeldRecord } from './record-builder.ts'
import type { LineSieve } from './scan/line-sieve.ts'
import type { LogStore } from './segments/log-store.ts'
import type { RecordBatch } from './segments/record-batch.ts'

/** Read at once. */
const pieceBytes = 256 * 1024
/** So long a record waits for lines that belong to it. */
const heldMs = 100
/** So long until it is tried again to write what could not be written. */
const againMs = 1000

/** How far an input was read, and what was read of it and not kept yet: kept with its records. */
interface InputMark {
  readonly cursor: FileCursor | null
  readonly held: HeldRecord | null
  /** Nothing more will come of it. */
  readonly done: boolean
}

/** What an input's mark is kept under. */
export const markKey = ({ source, run }: LogInput): string => (run === null ? source : `${runSign}${run}`)
/** What the marks of runs begin with. */
export const runSign = '#'

/** Whether an input was read to its end, and that was kept. */
export const isDone = (store: LogStore, input: LogInput): boolean =>
  input.run !== null && (store.markOf(input.app, markKey(input)) as InputMark | undefined)?.done === true

export interface ReaderOptions {
  /** What knows the secrets that we hold. */
  readonly sieve: LineSieve
  readonly now: () => number
  /** Called when there is something new in the store. */
  readonly kept: () => void
  readonly room: FollowRoom
}

/** Reads one input into the store for as long as it lives. */
export class InputReader implements Owned {
  readonly input: LogInput
  readonly #store: LogStore
  readonly #kept: () => void
  readonly #now: () => number
  readonly #follower: FileFollower
  readonly #builder: RecordBuilder
  #cursor: FileCursor | null
  #timer: NodeJS.Timeout | undefined
  /** Why the last reading ended before its end. */
  #failed: string | null = null
  #full: string | null = null
  #busy: Promise<void> | null = null
  #asked = false
  #ended = false
  #caughtUp = false
  #arrival: number
  #disposed = false

  constructor(input: LogInput, store: LogStore, { sieve, now, kept, room }: ReaderOptions) {
    this.input = input
    this.#store = store
    this.#kept = kept
    this.#now = now
    this.#arrival = now()
    // Only `#keep` writes it.
    const mark = store.markOf(input.app, markKey(input)) as InputMark | undefined
    this.#cursor = mark?.cursor ?? null
    this.#builder = new RecordBuilder({
      ...input,
      understanding: new Understanding({ now }),
      sieve,
      now: () => this.#arrival,
      held: mark?.held ?? null,
    })
    this.#follower = new FileFollower(input.file, { cursor: this.#cursor, room })
    this.#follower.readable.on(() => this.#wake())
    this.#wake()
  }

  /** Why nothing of it is read or kept; null when it is. */
  get problem(): string | null {
    // Who does not run may never have written anything.
    const problem = this.#failed ?? (this.#ended ? null : this.#follower.problem)
    return this.#full ?? (problem === null ? null : `${this.input.file} ${problem}`)
  }

  /** Says whether more may be written. @param live - false: what is there is all of it. */
  live(live: boolean): void {
    if (this.#ended === !live) return
    this.#ended = !live
    if (!live) this.#follower.flush()
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    clearTimeout(this.#timer)
    await this.#busy
    await this.#follower.dispose()
  }

  #wake(): void {
    this.#asked = true
    if (this.#busy !== null || this.#disposed) return
    this.#busy = this.#readAll()
      .then(
        () => void (this.#failed = null),
        (error: unknown) => this.#tryAgain(error),
      )
      .finally(() => {
        this.#busy = null
        if (this.#asked) this.#wake()
      })
  }

  #tryAgain(error: unknown): void {
    this.#failed = `cannot be read: ${messageOf(error)}`
    this.#timer = setTimeout(() => this.#wake(), againMs)
  }

  async #readAll(): Promise<void> {
    this.#asked = false
    clearTimeout(this.#timer)
    for (;;) {
      if (this.#disposed) return
      const batch = await this.#follower.next(pieceBytes)
      if (batch === null) break
      this.#arrival = this.#arrivalOf(batch.cursor)
      const records = this.#builder.add(batch.blocks, batch.notes)
      this.#cursor = batch.cursor
      if (!(await this.#keep(records))) return
    }
    this.#caughtUp = true
    if (this.#ended && !this.#disposed) await this.#keep(this.#builder.end())
    else if (this.#builder.held !== null && !this.#disposed)
      this.#timer = setTimeout(() => void this.#keepHeld(), heldMs)
  }

  /** Of what was written before we read it is known that it was no later than the last writing. */
  #arrivalOf({ modified }: FileCursor): number {
    const now = this.#now()
    return this.#caughtUp ? now : Math.min(now, Math.floor(Number(modified) / 1e6))
  }

  async #keepHeld(): Promise<void> {
    if (this.#busy === null && !this.#disposed) await this.#keep(this.#builder.end())
  }

  /** Waits for room where there is none: what is not read stays where it is. @returns false when this was disposed. */
  async #keep(records: RecordBatch): Promise<boolean> {
    const done = this.#ended && this.#caughtUp
    const mark: InputMark = { cursor: this.#cursor, held: this.#builder.held, done }
    if (
      records.count === 0 &&
      isDeepStrictEqual(mark, this.#store.markOf(this.input.app, markKey(this.input)))
    )
      return true
    for (;;) {
      try {
        this.#store.append(this.input.app, markKey(this.input), records, mark)
        this.#full = null
        this.#kept()
        return true
      } catch (error) {
        this.#full = `nothing can be kept: ${messageOf(error)}`
        await new Promise((resolve) => void setTimeout(resolve, againMs))
        if (this.#disposed) return false
      }
    }
  }
}
