import { setTimeout as delay } from 'node:timers/promises'
import type { EngineContainer } from './engine.ts'
import type { ContainerEvent } from './container-events.ts'
import type { ListedContainer } from './container-rows.ts'

/** Above this many containers to look at again, one whole list is cheaper than a list by ids. */
const maxIds = 20
const inspectionsAtOnce = 8
/**
 * Milliseconds after an event when its container is looked at once more, twice. Docker tells of a pause or an end
 * before its own list shows it (seen with 20.10), and a slow disk lies between the two.
 */
const echoes: readonly number[] = [100, 1000]

/** How {@link LiveContainers} asks the engine. */
export interface ContainerSource {
  /** All containers, or those of the given ids that still exist. */
  list(ids: readonly string[] | null): Promise<readonly ListedContainer[]>
  /** The first process of a running container; null where pids are not this machine's, or it has ended. */
  pid(id: string): Promise<number | null>
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Keeps a list equal to the engine's. Nothing is ever concluded from an event but what to look at again, so a
 * missed, doubled or late event can delay a change and never falsify one.
 */
export class LiveContainers {
  readonly #source: ContainerSource
  readonly #signal: AbortSignal
  readonly #changed: () => void
  readonly #failed: (error: unknown) => void
  readonly #pids = new Map<string, number>()
  readonly #echoes = new Map<ContainerEvent, NodeJS.Timeout>()
  readonly #stale = new Set<string>()
  #allStale = false
  #waiters: Waiter[] = []
  #rows: ReadonlyMap<string, EngineContainer> = new Map()
  #looking = false

  /**
   * @param changed - called after the list changed.
   * @param failed - called when the engine could not be asked for something nobody waits for.
   */
  constructor(
    source: ContainerSource,
    signal: AbortSignal,
    on: { readonly changed: () => void; readonly failed: (error: unknown) => void },
  ) {
    this.#source = source
    this.#signal = signal
    this.#changed = on.changed
    this.#failed = on.failed
    signal.addEventListener('abort', () => this.#abandon(), { once: true })
  }

  /** In the engine's order, newest first. */
  list(): readonly EngineContainer[] {
    return [...this.#rows.values()]
  }

  /** Takes note of an event. */
  look(event: ContainerEvent): void {
    if (event !== null) this.#pids.delete(event)
    this.#mark(event)
    this.#echo(event, echoes)
  }

  /** Looks at everything again, pids too. Resolves when the list is as fresh as this call. */
  refresh(options: { readonly pids: boolean } = { pids: false }): Promise<void> {
    if (options.pids) this.#pids.clear()
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason)
    const fresh = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    this.#allStale = true
    void this.#keepLooking()
    return fresh
  }

  #mark(event: ContainerEvent): void {
    if (event === null) this.#allStale = true
    else this.#stale.add(event)
    void this.#keepLooking()
  }

  /** Only the last event about a container needs an echo. */
  #echo(event: ContainerEvent, [next, ...later]: readonly number[], passed = 0): void {
    clearTimeout(this.#echoes.get(event))
    this.#echoes.delete(event)
    if (next === undefined || this.#signal.aborted) return
    const again = () => {
      this.#mark(event)
      this.#echo(event, later, next)
    }
    this.#echoes.set(event, setTimeout(again, next - passed).unref())
  }

  #abandon(): void {
    for (const timer of this.#echoes.values()) clearTimeout(timer)
    this.#echoes.clear()
    for (const { reject } of this.#waiters.splice(0)) reject(this.#signal.reason)
  }

  async #keepLooking(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    while (!this.#signal.aborted && (this.#allStale || this.#stale.size > 0)) {
      const started = performance.now()
      await this.#look()
      // A storm of events costs the engine half its time at most: a pause as long as the look was.
      await delay(Math.min(1000, performance.now() - started))
    }
    this.#looking = false
  }

  async #look(): Promise<void> {
    const ids = this.#allStale || this.#stale.size > maxIds ? null : [...this.#stale]
    const waiters = ids === null ? this.#waiters.splice(0) : []
    // Cleared before the engine is asked: whatever happens from here on makes another look.
    this.#allStale = false
    this.#stale.clear()
    try {
      const listed = await this.#source.list(ids)
      await this.#learnPids(listed)
      this.#apply(ids, listed)
      for (const { resolve } of waiters) resolve()
    } catch (error) {
      for (const { reject } of waiters) reject(error)
      this.#failed(error)
    }
  }

  /** A pid is asked for once per start: an event about the container forgets it. */
  async #learnPids(listed: readonly ListedContainer[]): Promise<void> {
    const unknown = listed
      .filter(({ row }) => hasProcess(row) && !this.#pids.has(row.id))
      .map(({ row }) => row.id)
    const next = unknown.values()
    const work = async () => {
      for (const id of next) {
        const pid = await this.#source.pid(id)
        if (pid !== null) this.#pids.set(id, pid)
      }
    }
    await Promise.all(Array.from({ length: Math.min(inspectionsAtOnce, unknown.length) }, work))
  }

  #apply(ids: readonly string[] | null, listed: readonly ListedContainer[]): void {
    const fresh = listed.map(({ row }): EngineContainer => {
      const container = { ...row, pid: hasProcess(row) ? (this.#pids.get(row.id) ?? null) : null }
      const known = this.#rows.get(row.id)
      return known !== undefined && JSON.stringify(known) === JSON.stringify(container) ? known : container
    })
    const replaced = new Set(ids)
    const kept = ids === null ? [] : [...this.#rows.values()].filter(({ id }) => !replaced.has(id))
    const rows = [...kept, ...fresh].sort(newestFirst)
    const before = [...this.#rows.values()]
    const same = rows.length === before.length && rows.every((row, index) => row === before[index])
    if (same) return
    this.#rows = new Map(rows.map((row) => [row.id, row]))
    for (const id of this.#pids.keys()) if (!this.#rows.has(id)) this.#pids.delete(id)
    this.#changed()
  }
}

const hasProcess = ({ state }: ListedContainer['row']): boolean => state === 'running' || state === 'paused'

/** Creation is known to the second; the id makes the order the same each time. */
function newestFirst(a: EngineContainer, b: EngineContainer): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1
  return a.id < b.id ? -1 : 1
}
