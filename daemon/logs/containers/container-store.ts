import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '#base/failure.ts'
import type { LogKind } from '#contract/log-words.ts'
import { Understanding } from '../format/understand.ts'
import { RecordBuilder, type HeldRecord } from '../record-builder.ts'
import type { LineSieve } from '../scan/line-sieve.ts'
import type { LogStore } from '../segments/log-store.ts'
import { RecordBatch } from '../segments/record-batch.ts'
import {
  blocksOf,
  ContainerLines,
  fromKept,
  nothingRead,
  toKept,
  type KeptState,
  type StreamLines,
} from './container-lines.ts'
import { containerKey, type LogContainer } from './log-container.ts'

/** So long a record waits for lines that belong to it. */
const heldMs = 100
/** So long until it is tried again to write what could not be written. */
const againMs = 1000

/** How far a container was read, and what was read of it and not kept yet: kept with its records. */
export interface ContainerMark {
  readonly source: string
  readonly name: string
  readonly kind: LogKind
  /** Which engine it is of. */
  readonly engine: string
  readonly state: KeptState
  /** By stream. */
  readonly held: Readonly<Record<number, HeldRecord>>
  /** It had ended, and was read to its end. */
  readonly ended: boolean
}

/** The mark of a container; only {@link ContainerStore} writes it. */
const markOf = (store: LogStore, app: string, id: string): ContainerMark | undefined =>
  store.markOf(app, containerKey(id)) as ContainerMark | undefined

export interface ContainerStoreOptions {
  /** What knows the secrets that we hold. */
  readonly sieve: LineSieve
  readonly now: () => number
  readonly kept: () => void
}

/** Keeps what is read of one container, each line once, with how far it was read. */
export class ContainerStore {
  readonly lines: ContainerLines
  readonly #container: LogContainer
  readonly #engine: string
  readonly source: string
  readonly #store: LogStore
  readonly #options: ContainerStoreOptions
  readonly #builders = new Map<number, RecordBuilder>()
  readonly #held: ContainerMark['held']
  #ended: boolean
  #timer: NodeJS.Timeout | undefined
  #full: string | null = null
  #disposed = false

  constructor(container: LogContainer, engine: string, store: LogStore, options: ContainerStoreOptions) {
    const mark = markOf(store, container.app, container.id)
    this.#container = container
    this.#engine = engine
    // One that is given another name while it lives, as compose does to one that it replaces, stays what it was.
    this.source = mark?.source ?? container.source
    this.#store = store
    this.#options = options
    this.#held = mark?.held ?? {}
    this.#ended = mark?.ended ?? false
    this.lines = new ContainerLines(mark === undefined ? nothingRead : fromKept(mark.state))
    for (const stream of Object.keys(this.#held)) this.#builderOf(Number(stream))
  }

  /** Why nothing can be kept. */
  get full(): string | null {
    return this.#full
  }

  /** Whether it was read to its end. */
  get ended(): boolean {
    return this.#ended
  }

  /** Keeps lines, after notes that stand in front of them. Waits for room where there is none. */
  async add(lines: readonly StreamLines[], notes: readonly string[] = []): Promise<void> {
    clearTimeout(this.#timer)
    const batches = notes.length === 0 ? [] : [this.#builderOf(1).add([], notes)]
    for (const some of lines) batches.push(this.#builderOf(some.stream).add([...blocksOf(some)]))
    this.#ended = false
    await this.#keep(RecordBatch.joined(batches))
    if (this.#isHolding) this.#timer = setTimeout(() => void this.#keepHeld(), heldMs)
  }

  /** Nothing more will come, unless the container starts again. */
  async end(notes: readonly string[] = []): Promise<void> {
    const lines = this.lines.end()
    if (lines.length > 0 || notes.length > 0) await this.add(lines, notes)
    clearTimeout(this.#timer)
    if (this.#ended && !this.#isHolding) return
    this.#ended = true
    await this.#keep(this.#endRecords())
  }

  dispose(): void {
    this.#disposed = true
    clearTimeout(this.#timer)
  }

  get #isHolding(): boolean {
    return [...this.#builders.values()].some(({ held }) => held !== null)
  }

  async #keepHeld(): Promise<void> {
    if (this.#full === null && !this.#disposed) await this.#keep(this.#endRecords())
  }

  #endRecords(): RecordBatch {
    return RecordBatch.joined([...this.#builders.values()].map((builder) => builder.end()))
  }

  /** Each stream for itself: a trace on one is not torn by lines of the other. */
  #builderOf(stream: number): RecordBuilder {
    const known = this.#builders.get(stream)
    if (known !== undefined) return known
    const { now, sieve } = this.#options
    const builder = new RecordBuilder({
      source: this.source,
      kind: this.#container.kind,
      understanding: new Understanding({ now }),
      sieve,
      now,
      held: this.#held[stream] ?? null,
    })
    this.#builders.set(stream, builder)
    return builder
  }

  get #mark(): ContainerMark {
    const held = [...this.#builders].flatMap(([stream, builder]) =>
      builder.held === null ? [] : [[stream, builder.held]],
    )
    return {
      source: this.source,
      name: this.#container.name,
      kind: this.#container.kind,
      engine: this.#engine,
      state: toKept(this.lines.kept),
      held: Object.fromEntries(held) as ContainerMark['held'],
      ended: this.#ended,
    }
  }

  async #keep(records: RecordBatch): Promise<void> {
    const { app, id } = this.#container
    // As JSON has it, which leaves out what is undefined.
    const mark = JSON.parse(JSON.stringify(this.#mark)) as ContainerMark
    if (records.count === 0 && isDeepStrictEqual(mark, markOf(this.#store, app, id))) return
    while (!this.#disposed) {
      try {
        this.#store.append(app, containerKey(id), records, mark)
        this.#full = null
        this.#options.kept()
        return
      } catch (error) {
        this.#full = `nothing can be kept: ${messageOf(error)}`
        await new Promise((resolve) => void setTimeout(resolve, againMs))
      }
    }
  }
}
