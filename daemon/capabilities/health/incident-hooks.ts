import type { HookKind, HookRow, HookTest } from '#contract/health.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import { oneAtATime } from '#base/one-at-a-time.ts'
import type { NotifyConfig } from '../../config/health-config.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppHealth } from './app-health.ts'
import { callHook, hookTarget, type CallHookDeps, type HookOutcome } from './call-hook.ts'
import type { StoredIncident } from './health-store.ts'
import { hookMessage, testMessage, type HookMessage } from './hook-message.ts'
import type { HookStore, StoredNotice } from './hook-store.ts'

export interface IncidentHooksDeps extends Omit<CallHookDeps, 'now'> {
  readonly store: HookStore
  readonly incident: (number: number) => Promise<StoredIncident | null>
  readonly apps: () => readonly AppHealth[]
  /** Who is told of incidents of apps that name nobody themselves. */
  readonly usual: () => NotifyConfig | null
  readonly clock: Clock
  /** How long is waited between attempts. */
  readonly rhythm?: Rhythm
  /** Tells whoever reads the daemon's log. */
  readonly report: (error: unknown) => void
}

/** In milliseconds. */
export interface Rhythm {
  /** Before the second attempt; then twice as long each time. */
  readonly firstMs: number
  readonly longestMs: number
  /** What was waited for so long in all is given up. */
  readonly endMs: number
}

const usualRhythm: Rhythm = { firstMs: 1000, longestMs: 15 * 60_000, endMs: 24 * 3_600_000 }
/** So many wait in memory; the rest in the store. */
const mostKnown = 5000
/** Calls at once: of one hook, and of all. */
const mostOfOne = 4
const mostAtOnce = 16
const lookAgainMs = 30_000

/** One notice on its way. */
interface Waiting extends Omit<StoredNotice, 'waitedMs'> {
  waitedMs: number
  /** By the monotonic clock. */
  nextAt: number
  busy: boolean
  /** It was told, and only that is still to be written. */
  told: boolean
  /** Null until it is asked for. */
  lane: Lane | null
}

/** One hook of an app, as its calls have gone since the daemon started. */
interface Lane {
  running: number
  /** Its newest call failed. */
  failing: boolean
  told: number
  error: { readonly at: string; readonly message: string } | null
}

/**
 * Tells hooks of incidents: at least once each, those of one incident in their order, until it is told or was tried for a
 * day. What is still to be told lies in the store, where incidents are written.
 */
export class IncidentHooks implements Owned {
  readonly #deps: IncidentHooksDeps
  readonly #rhythm: Rhythm
  /** By incident and hook, oldest first. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #lanes = new Map<string, Lane>()
  readonly #end = new AbortController()
  readonly #calls = new Set<Promise<void>>()
  #change: Change | null = null
  #known = 0
  #last = 0
  #more = false
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  readonly #look = oneAtATime(() => this.#load())

  constructor(deps: IncidentHooksDeps) {
    this.#deps = deps
    this.#rhythm = deps.rhythm ?? usualRhythm
  }

  /** What hooks are called by, from now on: that they are is on the trail. */
  use(change: Change): void {
    this.#change = change
    // Apps may say something else now.
    for (const queue of this.#queues.values()) for (const one of queue) if (!one.busy) one.lane = null
    this.wake()
  }

  /** Looks whether there is something new to tell. */
  wake = (): void => {
    if (this.#change === null || this.#end.signal.aborted) return
    const look = (this.#looking = this.#look().catch(this.#deps.report))
    this.#calls.add(look)
    void look.finally(() => this.#calls.delete(look))
  }

  /** Settles when all is known that happened before this was asked for. */
  get known(): Promise<void> {
    return this.#looking
  }

  /** How much is still to be told. */
  get waiting(): number {
    return this.#known
  }

  /** Each hook that there is, in the order of apps. */
  rows(app: string | undefined): readonly HookRow[] {
    const chosen = this.#deps.apps().filter((one) => app === undefined || one.app === app)
    return chosen.flatMap((one) => [
      ...this.#rowsOf(one, null, this.#notifyOf(one, null)),
      ...one.environments.flatMap(({ name, health }) => this.#rowsOf(one, name, health.notify)),
    ])
  }

  /** Calls the hooks of an app once, with a message that says it is a test. */
  async test(_change: Change, app: AppHealth, environment: string | null): Promise<readonly HookTest[]> {
    const notify = this.#notifyOf(app, environment)
    if (notify === null) return []
    const message = testMessage(app.app, environment, this.#deps.clock.now())
    return Promise.all(
      hooksIn(notify).map(async (hook) => {
        const started = this.#deps.clock.monotonic()
        const outcome = await this.#call(hook, notify, app, message)
        const tookMs = Math.round(this.#deps.clock.monotonic() - started)
        const error = outcome.kind === 'told' ? null : outcome.message
        return { app: app.app, environment, hook, target: hookTarget(hook, notify), tookMs, error }
      }),
    )
  }

  /** An environment that says so goes before the app, and that before the settings. */
  #notifyOf({ health, environments }: AppHealth, environment: string | null): NotifyConfig | null {
    const own = environments.find(({ name }) => name === environment)?.health.notify ?? null
    return own ?? health?.notify ?? this.#deps.usual()
  }

  async dispose(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#timer)
    await Promise.all(this.#calls)
  }

  #rowsOf({ app }: AppHealth, environment: string | null, notify: NotifyConfig | null): readonly HookRow[] {
    if (notify === null) return []
    return hooksIn(notify).map((hook) => {
      const lane = this.#laneAt(laneOf(app, environment, hook))
      const waiting = [...this.#queues.values()].flat().filter((one) => this.#laneFor(one) === lane).length
      return {
        app,
        environment,
        hook,
        target: hookTarget(hook, notify),
        state: lane.failing ? 'failing' : 'ready',
        waiting,
        told: lane.told,
        error: lane.error,
      }
    })
  }

  async #load(): Promise<void> {
    const room = mostKnown - this.#known
    if (room > 0) {
      const rows = await this.#deps.store.notices(this.#last, room)
      this.#more = rows.length === room
      for (const row of rows) this.#add(row)
    } else this.#more = true
    this.#pump()
  }

  #add(row: StoredNotice): void {
    const key = `${row.incident} ${row.hook}`
    const queue = this.#queues.get(key) ?? []
    queue.push({ ...row, nextAt: 0, busy: false, told: false, lane: null })
    this.#queues.set(key, queue)
    this.#known++
    this.#last = row.sequence
  }

  /** Begins what may be begun now, and comes again when there is more. */
  #pump(): void {
    clearTimeout(this.#timer)
    if (this.#end.signal.aborted) return
    const now = this.#deps.clock.monotonic()
    let soonest = lookAgainMs
    let running = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.running, 0)
    for (const [first] of this.#queues.values()) {
      if (first === undefined || first.busy) continue
      if (first.nextAt > now) {
        soonest = Math.min(soonest, first.nextAt - now)
        continue
      }
      const lane = this.#laneFor(first)
      // While it fails one after the other is tried: what is down is not helped by being asked more.
      if (running >= mostAtOnce || lane.running >= (lane.failing ? 1 : mostOfOne)) continue
      running++
      this.#begin(first, lane)
    }
    if (this.#queues.size === 0 && !this.#more) return
    this.#timer = setTimeout(() => this.wake(), Math.max(1, Math.ceil(soonest)))
    this.#timer.unref()
  }

  #laneFor(one: Waiting): Lane {
    if (one.lane !== null) return one.lane
    const app = this.#deps.apps().find(({ app: name }) => name === one.app)
    // Environments that say nothing of their own have the hook of the app.
    const own = app?.environments.find(({ name }) => name === one.environment)?.health.notify ?? null
    return (one.lane = this.#laneAt(laneOf(one.app ?? '', own === null ? null : one.environment, one.hook)))
  }

  #laneAt(key: string): Lane {
    const lane = this.#lanes.get(key) ?? { running: 0, failing: false, told: 0, error: null }
    this.#lanes.set(key, lane)
    return lane
  }

  #begin(one: Waiting, lane: Lane): void {
    one.busy = true
    lane.running++
    const call = this.#deliver(one, lane)
      .catch(this.#deps.report)
      .finally(() => {
        one.busy = false
        lane.running--
        this.#calls.delete(call)
        this.#pump()
      })
    this.#calls.add(call)
  }

  async #deliver(one: Waiting, lane: Lane): Promise<void> {
    const change = this.#change
    if (change === null) return
    // Where the store cannot be written now, this is when it is tried again.
    one.nextAt = this.#deps.clock.monotonic() + lookAgainMs
    if (!one.told) {
      const outcome = await this.#tell(one)
      if (this.#end.signal.aborted && outcome?.kind !== 'told') return
      if (outcome !== null) this.#note(one, lane, outcome)
      if (outcome?.kind === 'failed' && (await this.#waitOn(change, one, outcome.afterMs))) return
      one.told = true
    }
    await this.#deps.store.done(change, one.sequence)
    this.#drop(one)
  }

  /** @returns null when there is nobody to tell. */
  async #tell({
    app: name,
    environment,
    hook,
    incident: number,
    event,
  }: Waiting): Promise<HookOutcome | null> {
    const app = this.#deps.apps().find((one) => one.app === name)
    if (app === undefined) return null
    if (app.broken)
      return { kind: 'failed', message: 'the configuration of the app cannot be understood', afterMs: 0 }
    const notify = this.#notifyOf(app, environment === '' ? null : environment)
    if (notify === null || !hooksIn(notify).includes(hook)) return null
    const incident = await this.#deps.incident(number)
    if (incident === null) return null
    const message = hookMessage(incident, event, this.#deps.hide)
    return this.#call(hook, notify, app, message)
  }

  /** A command may take its time; nobody waits for it once this ends. */
  #call(hook: HookKind, notify: NotifyConfig, app: AppHealth, message: HookMessage): Promise<HookOutcome> {
    const { signal } = this.#end
    const deps = { ...this.#deps, now: () => this.#deps.clock.now() }
    const called = callHook(deps, hook, notify, app, message, signal)
    const ended = new Promise<HookOutcome>((resolve) => {
      const end = () => resolve({ kind: 'failed', message: 'the daemon stopped', afterMs: 0 })
      signal.addEventListener('abort', end, { once: true })
      void called.finally(() => signal.removeEventListener('abort', end))
    })
    return Promise.race([called, ended])
  }

  #note(one: Waiting, lane: Lane, outcome: HookOutcome): void {
    const { hook, app, incident } = one
    if (outcome.kind === 'told') {
      lane.told++
      lane.error = null
      // What waited for the same reason need wait no longer.
      if (lane.failing)
        for (const [first] of this.#queues.values())
          if (first !== undefined && first.waitedMs > 0 && this.#laneFor(first) === lane) first.nextAt = 0
      lane.failing = false
      return
    }
    // Said once for an outage, however long it is.
    if (lane.error?.message !== outcome.message || outcome.kind === 'refused')
      this.#report(`The ${hook} of ${app} was not told of incident ${incident}: ${outcome.message}`)
    lane.failing = true
    lane.error = { at: isoTime(this.#deps.clock.now()), message: outcome.message }
  }

  /** @returns whether it is tried again. */
  async #waitOn(change: Change, one: Waiting, afterMs: number): Promise<boolean> {
    const { firstMs, longestMs, endMs } = this.#rhythm
    const waitMs = Math.max(Math.min(longestMs, Math.max(firstMs, one.waitedMs)), afterMs)
    if (one.waitedMs + waitMs > endMs) {
      this.#report(`The ${one.hook} of ${one.app} is told no more of incident ${one.incident} (${one.event})`)
      return false
    }
    one.waitedMs += waitMs
    one.nextAt = this.#deps.clock.monotonic() + waitMs
    await this.#deps.store.waited(change, one.sequence, one.waitedMs)
    return true
  }

  #drop(one: Waiting): void {
    const key = `${one.incident} ${one.hook}`
    const rest = (this.#queues.get(key) ?? []).filter((other) => other !== one)
    if (rest.length === 0) this.#queues.delete(key)
    else this.#queues.set(key, rest)
    this.#known--
    if (this.#more && this.#known < mostKnown / 2) this.wake()
  }

  #report(message: string): void {
    this.#deps.report(new Error(message))
  }
}

const hooksIn = ({ webhook, command }: NotifyConfig): readonly HookKind[] => [
  ...(webhook === null ? [] : (['webhook'] as const)),
  ...(command === null ? [] : (['command'] as const)),
]

const laneOf = (app: string, environment: string | null, hook: HookKind): string =>
  `${app}\n${environment ?? ''}\n${hook}`
