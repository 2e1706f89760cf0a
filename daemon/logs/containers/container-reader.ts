import { setTimeout as delay } from 'node:timers/promises'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { ContainerOutput } from '../../adapters/docker/container-output.ts'
import type { LogStore } from '../segments/log-store.ts'
import { Seek } from './container-place.ts'
import { ContainerStore, type ContainerStoreOptions } from './container-store.ts'
import { EngineMessages, type EngineMessage } from './engine-messages.ts'
import { LastWords, mostSure } from './last-words.ts'
import type { LogContainer } from './log-container.ts'

/** Messages that are looked through at first for the place where reading goes on; then eight times as many. */
const firstTail = 1000
/** So many of the last are sent again when following begins: what came since they were looked through is among them. */
const overlap = 5000
/** More than so many are not counted any more. */
const mostTail = 4_000_000
/** A log that rotates is looked at so often when nothing is told of it: engines lose whom they tell. */
const quietMs = 10_000
/** Between two starts of a container. */
const restartMs = 50
const [firstAgainMs, longestAgainMs] = [1000, 30_000]

/**
 * Reads what one container writes: every line once, from wherever it was read to, for as long as the engine has it. It
 * follows; and since an engine that is followed skips what it rotates away meanwhile (Docker 20.10 does, without a word),
 * of a log that rotates only the news are followed, and what there is is looked up.
 */
export class ContainerReader implements Owned {
  readonly #store: ContainerStore
  readonly #closing = new AbortController()
  #container: LogContainer
  #output: ContainerOutput | null = null
  #pass = new AbortController()
  #busy: Promise<void> | null = null
  #asked = false
  #problem: string | null = null
  #againMs = firstAgainMs
  /** So many of the last messages are looked through first. */
  #tail = firstTail
  #timer: NodeJS.Timeout | undefined
  /** Null until it was asked. */
  #rotates: boolean | null = null
  /** How often it had started when it was read to its end. */
  #endedStarts: number
  /** When that of its runs began that is followed. */
  #startedAt = ''
  /** It was followed until it ended: nothing of it is missing, also when it is gone. */
  #followed = false
  /** Messages that were read when the log was last looked through. */
  #lag = 0
  /** Of one that is gone. */
  #rest: LastWords | null = null
  /** The engine keeps nothing that can be read. */
  #unreadable = false

  constructor(container: LogContainer, engine: string, store: LogStore, options: ContainerStoreOptions) {
    this.#container = container
    this.#endedStarts = container.starts
    this.#store = new ContainerStore(container, engine, store, options)
  }

  get container(): LogContainer {
    return this.#container
  }

  /** Its name among the sources of its app. */
  get source(): string {
    return this.#store.source
  }

  /** Why nothing of it is read or kept; null when it is. */
  get problem(): string | null {
    return this.#store.full ?? this.#problem
  }

  /** The engine was reached, another time or for the first. */
  reach(output: ContainerOutput): void {
    this.#output = output
    this.#pass.abort()
    this.#wake()
  }

  /** It may have started again. */
  update(container: LogContainer): void {
    this.#container = container
    this.#wake()
  }

  /**
   * It is gone or not to be read any more: of one that is gone what is being read is read to its end.
   * @returns whether it is gone, and nothing more is to be known of it.
   */
  async retire(output: ContainerOutput): Promise<boolean> {
    this.#output = output
    const isGone = await output.look(this.#container.id, this.#closing.signal).then(
      () => false,
      (error: unknown) => error instanceof Failure && error.code === 'not-found',
    )
    if (isGone) {
      await this.#settled()
      if (!this.#store.ended && !this.#unreadable) this.#wake()
      await this.#settled()
    }
    await this.dispose()
    return isGone && (this.#store.ended || this.#unreadable)
  }

  async dispose(): Promise<void> {
    this.#closing.abort()
    this.#pass.abort()
    this.#store.dispose()
    clearTimeout(this.#timer)
    await this.#busy
  }

  #wake(): void {
    this.#asked = true
    clearTimeout(this.#timer)
    if (this.#busy !== null || this.#closing.signal.aborted) return
    this.#busy = this.#readAll()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#busy = null
        if (this.#asked) this.#wake()
      })
  }

  async #settled(): Promise<void> {
    while (this.#busy !== null) await this.#busy
  }

  #failed(error: unknown): void {
    if (this.#closing.signal.aborted || this.#pass.signal.aborted) return
    this.#problem = messageOf(error)
    this.#timer = setTimeout(() => this.#wake(), this.#againMs)
    this.#againMs = Math.min(longestAgainMs, this.#againMs * 2)
  }

  async #readAll(): Promise<void> {
    this.#asked = false
    const output = this.#output
    if (output === null) return
    this.#pass = new AbortController()
    const { signal } = this.#pass
    const { starts } = this.#container
    this.#followed = false
    try {
      await this.#readOn(output, signal)
      this.#endedStarts = starts
      this.#problem = null
      this.#againMs = firstAgainMs
    } catch (error) {
      if (!(error instanceof Failure) || signal.aborted) throw error
      if (error.code === 'not-found') return await this.#gone()
      if (error.code !== 'conflict') throw error
      // The driver keeps nothing that can be read, which stays so.
      this.#unreadable = true
      const { driver } = await output.look(this.#container.id, signal)
      this.#problem = `the engine keeps no output of it that can be read: its log driver is ${driver}`
    }
  }

  /** Until the container has ended and was read to its end. */
  async #readOn(output: ContainerOutput, signal: AbortSignal): Promise<void> {
    const { id } = this.#container
    for (let again = overlap; !signal.aborted;) {
      if (this.#place !== null) await this.#catchUp(output, signal)
      const end = await this.#follow(output, this.#rotates === true ? firstTail : again, signal)
      again = end === 'behind' ? again * 8 : overlap
      if (end !== 'ended') continue
      this.#followed = true
      const { running, startedAt } = await output.look(id, signal)
      // The engine says for a moment that one runs of which it has sent the end; if it did start again, there is more.
      this.#followed = startedAt === this.#startedAt
      if (running) {
        await delay(restartMs, undefined, { signal })
        continue
      }
      await this.#catchUp(output, signal)
      return this.#store.end()
    }
  }

  async #gone(): Promise<void> {
    this.#problem = null
    const { starts } = this.#container
    // One that has started again may have written again.
    if ((this.#store.ended && starts === this.#endedStarts) || this.#unreadable) return
    this.#endedStarts = starts
    const { name } = this.#container
    const note = `container ${name} was removed before it was read to its end: what it wrote last may be missing`
    await this.#store.end(this.#isWhole ? [] : [note])
  }

  /** Whether nothing can be missing of what it wrote, as far as it was followed. */
  get #isWhole(): boolean {
    if (!this.#followed || this.#rotates !== true) return this.#followed
    return this.#lag <= mostSure && this.#rest?.areSure !== false
  }

  get #place() {
    return this.#store.lines.kept.place
  }

  /** Reads all that the engine has behind the place. */
  async #catchUp(output: ContainerOutput, signal: AbortSignal): Promise<void> {
    for (let tail = this.#tail; ; tail *= 8) {
      const place = this.#place
      const all = place === null || tail > mostTail
      const seek = place === null ? null : new Seek(place, !all)
      this.#store.lines.again()
      const options = { tail: all ? ('all' as const) : tail, follow: false }
      let taken = 0
      for await (const messages of this.#messages(output, options, signal)) {
        const fresh = seek === null ? messages : seek.after(messages)
        taken += fresh.length
        await this.#take(fresh)
      }
      this.#lag = taken
      // What comes next is about as much.
      this.#tail = Math.max(firstTail, 2 * taken)
      if (seek === null || seek.found) return
      if (all) await this.#lost(output, signal)
      // Nothing was left out, so that the first of some with one time is the first.
      else if (seek.seen < tail) tail = mostTail
    }
  }

  /** The engine has thrown away what was read last, so all that it has is new, and something before may be missing. */
  async #lost(output: ContainerOutput, signal: AbortSignal): Promise<void> {
    // A log goes before its container does.
    if ((await output.look(this.#container.id, signal)).removing)
      throw new Failure('not-found', 'The container is being removed')
    const time = this.#place?.time ?? ''
    await this.#store.add(this.#store.lines.end())
    this.#store.lines.lose()
    const { name } = this.#container
    await this.#store.add(
      [],
      [`lines of container ${name} after ${time} are missing: the engine had thrown them away`],
    )
  }

  /** @returns `behind` when the place was not among the last: then what came meanwhile was more than those. */
  async #follow(
    output: ContainerOutput,
    last: number,
    signal: AbortSignal,
  ): Promise<'ended' | 'behind' | 'quiet'> {
    const over = new AbortController()
    const abort = (): void => over.abort()
    signal.addEventListener('abort', abort, { once: true })
    const timer = setTimeout(abort, quietMs)
    const seek = this.#place === null ? null : new Seek(this.#place, false)
    const options = { tail: seek === null ? ('all' as const) : last, follow: true }
    this.#store.lines.again()
    this.#rest = null
    let before: readonly EngineMessage[] = []
    const looked = this.#look(output, signal)
    try {
      for await (const messages of this.#messages(output, options, over.signal)) {
        this.#followed = false
        await looked
        if (this.#rotates === true) {
          timer.refresh()
          if (this.#rest === null && !(await this.#lookUp(output, messages, signal)))
            this.#rest = new LastWords(this.#place, before)
          await this.#take(this.#rest?.take(messages) ?? [])
          before = messages
          continue
        }
        clearTimeout(timer)
        await this.#take(seek === null ? messages : seek.after(messages))
        if (seek !== null && !seek.found && seek.seen >= last) return 'behind'
      }
      await looked
      return 'ended'
    } catch (error) {
      if (!over.signal.aborted || signal.aborted) throw error
      this.#followed = false
      return 'quiet'
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  async #look(output: ContainerOutput, signal: AbortSignal): Promise<void> {
    try {
      const { rotates, startedAt } = await output.look(this.#container.id, signal)
      this.#rotates = rotates
      this.#startedAt = startedAt
    } catch {
      // It is gone already, or the engine is: then what is followed is all there is.
    }
  }

  /** Takes the news of a log that rotates from the log. @returns false when the log is gone. */
  async #lookUp(
    output: ContainerOutput,
    messages: readonly EngineMessage[],
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      if (this.#store.lines.has(messages)) return true
      do await this.#catchUp(output, signal)
      while (this.#lag > mostSure)
      // A log goes before its container does: then there is nothing, and nobody says why.
      return this.#place !== null || this.#store.lines.hasBegun
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') return false
      throw error
    }
  }

  async #take(messages: readonly EngineMessage[]): Promise<void> {
    if (messages.length === 0) return
    this.#problem = null
    const lines = this.#store.lines.push(messages)
    if (lines.length > 0) await this.#store.add(lines)
  }

  async *#messages(
    output: ContainerOutput,
    options: { readonly tail: number | 'all'; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<readonly EngineMessage[]> {
    const reader = new EngineMessages()
    for await (const chunk of await output.open(this.#container.id, options, signal)) yield reader.push(chunk)
    yield reader.end()
  }
}
