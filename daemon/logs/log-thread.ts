import { Worker } from 'node:worker_threads'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type {
  LogDetail,
  LogFilter,
  LogForwardRow,
  LogHistogram,
  LogLine,
  LogPage,
  LogSourceRow,
} from '#contract/logs.ts'
import { noContainers, type LogContainers } from './containers/log-container.ts'
import type { ForwardTarget, LogEngine, LogInput, LogPattern, LogSearch, Retention } from './log-engine.ts'
import type {
  FromLogThread,
  LogQuestion,
  LogThreadData,
  LogThreadStart,
  ToLogThread,
} from './log-messages.ts'
import type { RequestCounts } from './metering.ts'

/** A thread that ended by itself is replaced after so long, and each that follows it after twice as long. */
const againMs = 1000
const longestAgainMs = 60_000

interface Asked {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** The engine in a thread of its own, which is there once something is to be read or somebody asks. */
export class LogThread implements LogEngine {
  readonly changed = new Emitter<void>()
  readonly #script: string
  readonly #data: LogThreadData
  readonly #report: (error: unknown) => void
  readonly #asked = new Map<number, Asked>()
  #worker: Worker | null = null
  #inputs: readonly LogInput[] = []
  #patterns: readonly LogPattern[] = []
  #containers = noContainers
  #forms: readonly string[] = []
  #retention: Readonly<Record<string, Partial<Retention>>> = {}
  #targets: Readonly<Record<string, ForwardTarget | null>> = {}
  #revision: string
  #lastId = 0
  #disposed = false
  #ended: (() => void) | null = null
  /** Why the last thread has ended. */
  #why = 'the thread that keeps them has ended'
  #pauseMs = againMs

  /** @param script - the daemon's own program, which the thread runs. */
  constructor(script: string, data: LogThreadData, report: (error: unknown) => void) {
    this.#script = script
    this.#data = data
    this.#report = report
    this.#revision = `${data.instance}:0`
  }

  get revision(): string {
    return this.#revision
  }

  read(inputs: readonly LogInput[], patterns: readonly LogPattern[]): void {
    this.#inputs = inputs
    this.#patterns = patterns
    if (this.#worker !== null) this.#post({ kind: 'read', inputs, patterns })
    else if (this.#reads) this.#begin()
  }

  follow(containers: LogContainers): void {
    this.#containers = containers
    if (this.#worker !== null) this.#post({ kind: 'follow', containers })
    else if (this.#reads) this.#begin()
  }

  keep(retention: Readonly<Record<string, Partial<Retention>>>): void {
    this.#retention = retention
    if (this.#worker !== null) this.#post({ kind: 'keep', retention })
  }

  hide(forms: readonly string[]): void {
    this.#forms = forms
    if (this.#worker !== null) this.#post({ kind: 'hide', forms })
  }

  forward(targets: Readonly<Record<string, ForwardTarget | null>>): void {
    this.#targets = targets
    if (this.#worker !== null) this.#post({ kind: 'forward', targets })
  }

  search(search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    return this.#ask('search', [search], signal)
  }

  around(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    return this.#ask('around', [id, before, after])
  }

  show(id: string): Promise<LogDetail> {
    return this.#ask('show', [id])
  }

  histogram(filter: LogFilter, buckets: number, signal: AbortSignal): Promise<LogHistogram> {
    return this.#ask('histogram', [filter, buckets], signal)
  }

  sources(apps: readonly string[] | undefined): Promise<readonly LogSourceRow[]> {
    return this.#ask('sources', [apps])
  }

  forwarding(apps: readonly string[] | undefined): Promise<readonly LogForwardRow[]> {
    // For nothing to tell of no thread is begun.
    const isAsked = Object.values(this.#targets).some((target) => target !== null)
    if (this.#worker === null && !isAsked) return Promise.resolve([])
    return this.#ask('forwarding', [apps])
  }

  requests(after: number): Promise<RequestCounts | null> {
    return this.#worker === null ? Promise.resolve(null) : this.#ask('requests', [after])
  }

  async dispose(): Promise<void> {
    this.#disposed = true
    const worker = this.#worker
    if (worker === null) return
    const ended = new Promise<void>((resolve) => (this.#ended = resolve))
    this.#post({ kind: 'end' })
    await ended
    await worker.terminate()
  }

  get #reads(): boolean {
    return this.#inputs.length + this.#patterns.length + this.#containers.containers.length > 0
  }

  /** Results are what the other side made for this very question. */
  async #ask<T>(question: LogQuestion, params: readonly unknown[], signal?: AbortSignal): Promise<T> {
    if (this.#disposed) throw new Failure('cancelled', 'The daemon stops')
    const id = ++this.#lastId
    const cancel = (): void => this.#post({ kind: 'cancel', id })
    signal?.addEventListener('abort', cancel)
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#asked.set(id, { resolve: resolve as (result: unknown) => void, reject })
        this.#post({ kind: 'ask', id, question, params })
      })
    } finally {
      this.#asked.delete(id)
      signal?.removeEventListener('abort', cancel)
    }
  }

  #post(message: ToLogThread): void {
    this.#begin().postMessage(message)
  }

  #begin(): Worker {
    if (this.#worker !== null) return this.#worker
    const start: LogThreadStart = { ...this.#data, script: this.#script }
    const worker = new Worker(this.#script, { argv: ['logs'], workerData: start })
    this.#worker = worker
    worker.on('message', (message: FromLogThread) => this.#hear(message))
    worker.on('error', (error) => {
      this.#why = messageOf(error)
      this.#report(error)
    })
    worker.once('exit', () => this.#gone(worker))
    worker.postMessage({ kind: 'hide', forms: this.#forms } satisfies ToLogThread)
    worker.postMessage({ kind: 'keep', retention: this.#retention } satisfies ToLogThread)
    worker.postMessage({ kind: 'forward', targets: this.#targets } satisfies ToLogThread)
    worker.postMessage({
      kind: 'read',
      inputs: this.#inputs,
      patterns: this.#patterns,
    } satisfies ToLogThread)
    worker.postMessage({ kind: 'follow', containers: this.#containers } satisfies ToLogThread)
    return worker
  }

  #hear(message: FromLogThread): void {
    this.#pauseMs = againMs
    if (message.kind === 'ended') return this.#ended?.()
    if (message.kind === 'told') return this.#report(new Error(message.message))
    if (message.kind === 'changed') {
      this.#revision = message.revision
      return this.changed.emit()
    }
    const asked = this.#asked.get(message.id)
    if (message.kind === 'answer') return asked?.resolve(message.result)
    const { code, hint } = message
    asked?.reject(code === null ? new Error(message.message) : new Failure(code, message.message, { hint }))
  }

  #gone(worker: Worker): void {
    if (this.#worker === worker) this.#worker = null
    this.#ended?.()
    const failure = new Failure('store-unavailable', `Logs can be neither kept nor read: ${this.#why}`)
    for (const { reject } of this.#asked.values()) reject(failure)
    if (this.#disposed || !this.#reads) return
    setTimeout(() => {
      if (!this.#disposed) this.#begin()
    }, this.#pauseMs).unref()
    this.#pauseMs = Math.min(longestAgainMs, this.#pauseMs * 2)
  }
}
