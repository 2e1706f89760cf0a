import type { HistoryRow } from '#contract/history.ts'
import type { ParsedParams } from '#contract/index.ts'
import type { ContainerRow, PortRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import { AppFolder, type AppFolderDeps } from './app-folder.ts'
import type { HistoryStore } from './history-store.ts'
import {
  containersSeen,
  endSeen,
  listenersOf,
  listenersSeen,
  type EndedRun,
  type Listener,
} from './machine-seen.ts'
import { nothingNamed, type NamedThings } from './named-things.ts'
import type { Seen } from './seen.ts'

export interface HistoryDeps extends AppFolderDeps {
  readonly store: HistoryStore
  readonly clock: Clock
  /** Every app that was added, with its folder. */
  readonly apps: () => readonly { readonly app: string; readonly folder: string }[]
  /** The newest run of each app, as far as it was started here. */
  readonly runs: () => readonly EndedRun[]
  /** Listeners and containers as last seen, with when they were last others and when they were looked at. */
  readonly ports: () => MachineRows<PortRow>
  readonly containers: () => MachineRows<ContainerRow>
  readonly lookAtMachine: () => Promise<unknown>
  /** Takes secrets out of what others have written, such as commands and messages of commits. */
  readonly hide: (text: string) => string
  readonly report: (error: unknown) => void
}

interface MachineRows<Row> {
  readonly rows: readonly Row[]
  readonly span: { readonly before: number; readonly now: number }
}

/** All folders are looked at this often, one after the other, so that what changes later is told from what was there. */
const roundMs = 5 * 60_000
/** A folder that something is said to have happened in is looked at so soon, and no more often than this. */
const soonMs = 250
const leastApartMs = 2000
/** Where much fails at once, folders are not looked at for each of it. */
const apartMs = 1000
const dayMs = 86_400_000

interface Watched {
  readonly app: string
  readonly folder: AppFolder
  readonly path: string
  lookedAt: number
  looking: Promise<void> | null
  soon: NodeJS.Timeout | undefined
  keptAt: number
}

/** Sees what happens to apps that nobody tells the daemon of, and keeps it: edits, ends, listeners, full disks. */
export class HistoryService implements Owned {
  readonly #deps: HistoryDeps
  readonly #watched = new Map<string, Watched>()
  #listeners: ReadonlyMap<string, Listener> | null = null
  #containers: readonly ContainerRow[] | null = null
  /** How each app's newest run was when it was last looked at. */
  readonly #states = new Map<string, string>()
  #beginning: Promise<void> = Promise.resolve()
  #queue: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #machineAt = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(deps: HistoryDeps) {
    this.#deps = deps
  }

  /** Begins to look. */
  open(): void {
    this.appsMoved()
    this.#timer = setInterval(() => {
      for (const one of this.#watched.values()) void this.#look(one)
    }, roundMs)
    this.#timer.unref()
  }

  /** Newest first. */
  list({ app, since, until, limit }: ParsedParams<'history.list'>): Promise<readonly HistoryRow[]> {
    const end = until === undefined ? this.#deps.clock.now() : Date.parse(until)
    const begin = since === undefined ? end - dayMs : Date.parse(since)
    return this.#deps.store.list(app, begin, end, limit)
  }

  /** What an app's configurations name. */
  named(app: string): NamedThings {
    return this.#watched.get(app)?.folder.named ?? nothingNamed
  }

  /** Apps, their runs or what their folders say are not as they were. */
  appsMoved = (): void => {
    if (this.#closed) return
    const apps = this.#deps.apps()
    const names = new Map(apps.map(({ app, folder }) => [app, folder]))
    for (const [app, { path, soon }] of this.#watched)
      if (names.get(app) !== path) {
        clearTimeout(soon)
        this.#watched.delete(app)
      }
    for (const { app, folder } of apps)
      if (!this.#watched.has(app)) this.#beginning = this.#beginning.then(() => this.#begin(app, folder))
    this.#lookAtRuns()
  }

  /** Something was changed in an app's folder. */
  touched = (app: string): void => this.#soon(app)

  /** Listeners or containers are not as they were. */
  machineMoved = (): void => {
    if (this.#closed) return
    const ports = this.#deps.ports()
    const { rows: containers, span } = this.#deps.containers()
    const listeners = listenersOf(ports.rows)
    const seen: Seen[] = []
    if (this.#listeners !== null) seen.push(...listenersSeen(this.#listeners, listeners, ports.span))
    if (this.#containers !== null) seen.push(...containersSeen(this.#containers, containers, span))
    // Before the first look nothing is known, which is not the same as nothing being there.
    if (ports.span.now > 0) this.#listeners = listeners
    if (span.now > 0) this.#containers = containers
    void this.#keep(seen)
  }

  /** Looks at all that may have to do with an app, now; settles when what was seen is kept. It never rejects. */
  look = async (app: string): Promise<void> => {
    const one = this.#watched.get(app)
    await Promise.all([one === undefined ? null : this.#look(one), this.#lookAtMachine()])
    await this.#queue
  }

  /** Something fails: looks at what may have to do with it, unless that was done just now; then it is done soon. */
  notice = (app: string): void => {
    const one = this.#watched.get(app)
    if (one === undefined || this.#closed) return
    const now = this.#deps.clock.monotonic()
    if (now - this.#machineAt >= apartMs) void this.#lookAtMachine()
    if (now - one.lookedAt >= apartMs) void this.#look(one)
    else this.#soon(app)
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#beginning
    for (const { soon } of this.#watched.values()) clearTimeout(soon)
    for (const { looking } of this.#watched.values()) await looking
    await this.#queue
  }

  #lookAtMachine(): Promise<void> {
    this.#machineAt = this.#deps.clock.monotonic()
    return this.#deps.lookAtMachine().then(this.machineMoved, this.#deps.report)
  }

  async #begin(app: string, path: string): Promise<void> {
    if (this.#closed || this.#watched.has(app)) return
    const { store, report } = this.#deps
    const kept = await store.folder(path).catch((error: unknown) => {
      report(error)
      return null
    })
    const folder = new AppFolder(this.#deps, app, path, kept)
    const one: Watched = {
      app,
      folder,
      path,
      lookedAt: Number.NEGATIVE_INFINITY,
      looking: null,
      soon: undefined,
      keptAt: Number.NEGATIVE_INFINITY,
    }
    this.#watched.set(app, one)
    await this.#look(one)
  }

  #soon(app: string): void {
    const one = this.#watched.get(app)
    if (one === undefined || one.soon !== undefined || this.#closed) return
    const since = this.#deps.clock.monotonic() - one.lookedAt
    one.soon = setTimeout(
      () => {
        one.soon = undefined
        void this.#look(one)
      },
      Math.max(soonMs, leastApartMs - since),
    ).unref()
  }

  /** A look that goes on began before whatever is asked for now, so another one follows it. */
  async #look(one: Watched): Promise<void> {
    await one.looking
    if (this.#closed) return
    one.looking ??= this.#lookInto(one).finally(() => (one.looking = null))
    await one.looking
  }

  async #lookInto(one: Watched): Promise<void> {
    const { clock, store, report } = this.#deps
    one.lookedAt = clock.monotonic()
    try {
      const seen = await one.folder.look()
      await this.#keep(seen)
      if (seen.length === 0 && clock.monotonic() - one.keptAt < roundMs) return
      one.keptAt = clock.monotonic()
      await store.saveFolder(one.path, one.folder.kept)
    } catch (error) {
      report(error)
    }
  }

  #lookAtRuns(): void {
    const seen: Seen[] = []
    for (const run of this.#deps.runs()) {
      const { app } = run
      const state = `${run.run} ${run.state}`
      if (this.#states.get(app) === state) continue
      this.#states.set(app, state)
      // What it was started with, or ended by, is told from what comes later.
      this.#soon(app)
      const ended = endSeen(run)
      if (ended !== null) seen.push(ended)
    }
    void this.#keep(seen)
  }

  /** In the order in which it is seen. It never rejects. */
  #keep(seen: readonly Seen[]): Promise<void> {
    if (seen.length === 0) return this.#queue
    const { store, clock, hide, report } = this.#deps
    const clean = seen.map((one) => ({
      ...one,
      title: hide(one.title),
      detail: one.detail === null ? null : hide(one.detail),
    }))
    const kept = this.#queue.then(() => store.add(clean, clock.now())).catch(report)
    this.#queue = kept
    return kept
  }
}
