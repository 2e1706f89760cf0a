import type { CheckDetail, CheckRow, HookTest, IncidentDetail, IncidentRow } from '#contract/health.ts'
import type { IncidentTimeline } from '#contract/incident-timeline.ts'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import { oneAtATime } from '#base/one-at-a-time.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppHealth } from './app-health.ts'
import { keyOf, planChecks, type PlannedCheck } from './check-plan.ts'
import { amountText } from './check-words.ts'
import { byName, isMeant, noApp, noCheck, type Chosen } from './chosen-checks.ts'
import type { HealthDeps } from './health-deps.ts'
import type { StoredCheck } from './health-store.ts'
import { madeOf } from './made-of.ts'
import { HealthExchange } from './health-exchange.ts'
import { KumaLink } from './kuma-link.ts'
import { IncidentHooks } from './incident-hooks.ts'
import { IncidentRules } from './incident-rules.ts'
import { IncidentTimelines } from './incident-timelines.ts'
import { Incidents } from './incidents.ts'
import { checkRow, isPaused, type LiveCheck, type Pause } from './live-check.ts'
import { LiveChecks } from './live-checks.ts'
import { ResultLog } from './result-log.ts'
import { ScheduledPauses } from './scheduled-pauses.ts'

/** Apps that run are looked at again after this time, in milliseconds: nobody tells of what others have started. */
const lookAgainMs = 30_000
/** A look at the apps is good for so long. */
const acceptedMs = 10_000
/** Who watches is told of new results so often at most; of another state at once. */
const tellMs = 5000
/** So often it is looked whether a pause by schedule has begun or is over; before each check besides. */
const lookAtPausesMs = 2000

/** Checks of apps: what is made, what they say, and the incidents that come of it. */
export class HealthService implements Owned {
  readonly changed = new Emitter<void>()
  readonly exchange: HealthExchange
  readonly #deps: HealthDeps
  readonly #incidents: Incidents
  readonly #rules: IncidentRules
  readonly #timelines: IncidentTimelines
  readonly #live: LiveChecks
  readonly #log: ResultLog
  readonly #kuma: KumaLink
  readonly #hooks: IncidentHooks
  readonly #pauses: ScheduledPauses
  #plans: readonly PlannedCheck[] = []
  /** What is made, as a text. */
  #made = madeOf([], [], null)
  #version = 0
  #timer: NodeJS.Timeout | undefined
  #pauseTimer: NodeJS.Timeout | undefined
  #telling: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #lookedAt = Number.NEGATIVE_INFINITY
  #closed = false
  readonly #look = oneAtATime(() => this.#lookAtApps())

  constructor(deps: HealthDeps) {
    const { store, clock, report, act } = deps
    this.#deps = deps
    this.#incidents = new Incidents(store, clock)
    this.#log = new ResultLog({ store, clock, report, wanted: () => this.#live.all.map(({ id }) => id) })
    this.exchange = new HealthExchange({
      ...deps,
      look: () => this.#fresh(),
      app: (name) => this.#live.app(name),
      plans: () => this.#plans,
    })
    this.#kuma = new KumaLink({ ...deps, changed: () => this.#moved() })
    this.#pauses = new ScheduledPauses({ clock, cron: deps.cron })
    this.#live = new LiveChecks({
      ...deps,
      pausedUntil: (windows) => this.#pauses.until(windows),
      keep: (result, plan) => {
        this.#log.add(result)
        deps.measured(plan, result)
      },
      found: (live) => this.#kuma.tell(live),
      seen: (live, isNew) => this.#seen(live, isNew),
      lookAgain: () => void (this.#looking = this.#look()),
    })
    this.#rules = new IncidentRules({
      incidents: this.#incidents,
      checks: () => this.#live.all,
      app: (name) => this.#live.app(name),
      store,
      clock,
      act,
      report,
    })
    this.#hooks = new IncidentHooks({
      ...deps,
      ...deps.hooks,
      incident: (number) => store.incident(number),
      apps: () => this.#live.apps,
    })
    this.#timelines = new IncidentTimelines({
      ...deps,
      apps: () => this.#live.apps,
      checks: () => this.#live.all,
      flush: () => this.#log.flush(),
    })
  }

  /** Takes up the incidents of an earlier daemon, and from then on checks what is to be checked. */
  async open(): Promise<void> {
    await this.#incidents.load()
    // The daemon does not wait for it: to look at all apps takes as long as the disk likes.
    void this.refresh().then(() => this.#rules.lookAtAll())
    this.#timer = setInterval(() => {
      if (this.#live.all.some(({ plan }) => isUp(this.#live.app(plan.app)))) void this.refresh()
    }, lookAgainMs)
    this.#timer.unref()
    this.#pauseTimer = setInterval(() => this.#live.lookAtPauses(), lookAtPausesMs).unref()
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** How much a daemon has to be there for, whether apps run or not: checks, and what is still to be told. */
  get managed(): number {
    return this.#plans.filter(({ always }) => always).length + this.#hooks.waiting
  }

  /** Looks at the apps again. It never rejects. */
  refresh = (): Promise<void> => {
    if (this.#closed) return Promise.resolve()
    // That an app is being stopped is to be known before it is.
    this.#live.settle()
    return (this.#looking = this.#look())
  }

  /** @throws Failure `not-found` for an app that is not there. */
  async list(app?: string): Promise<{ readonly revision: string; readonly rows: readonly CheckRow[] }> {
    await this.#fresh()
    if (app !== undefined && this.#live.app(app) === undefined) throw noApp(app)
    const rows = this.#live.all.filter(({ plan }) => app === undefined || plan.app === app)
    const all = [...rows.map((live) => this.#row(live)), ...this.#kuma.rows(app)]
    return { revision: this.revision, rows: all.sort(byName) }
  }

  /** @throws Failure `not-found`. */
  async show(chosen: Chosen, limit: number): Promise<CheckDetail> {
    await this.#fresh()
    const monitor = this.#kuma.show(chosen, limit)
    if (monitor !== null) return monitor
    const [live] = this.#chosen(chosen)
    if (live === undefined) throw noCheck(chosen)
    await this.#log.flush()
    const { timeoutMs, retries, rule, degradedAboveMs } = live.plan
    return {
      ...this.#row(live),
      timeoutMs,
      retries,
      failures: amountText(rule.failures),
      successes: amountText(rule.successes),
      degradedAboveMs,
      push: this.#kuma.pushState(live),
      certificateEndsAt: live.certificateEndsAt === null ? null : isoTime(live.certificateEndsAt),
      results: await this.#deps.store.results(live.id, limit),
    }
  }

  /** Checks whose heartbeats Uptime Kuma does not take, each in a sentence. */
  get pushProblems(): readonly string[] {
    return this.#kuma.problems(this.#live.all)
  }

  /** Makes checks now. @throws Failure `not-found`. */
  async check(change: Change, chosen: Chosen): Promise<readonly CheckRow[]> {
    await this.refresh()
    const lives = this.#chosen(chosen)
    await this.#live.now(lives)
    const rows = lives.map((live) => this.#row(live)).sort(byName)
    change.note({ unhealthy: rows.filter(({ state }) => state === 'unhealthy').map(({ check }) => check) })
    return rows
  }

  /** @throws Failure `not-found`, `invalid-params` for a time that is over. */
  async pause(change: Change, chosen: Chosen, until: string | null): Promise<readonly CheckRow[]> {
    const now = this.#deps.clock.now()
    if (until !== null && Date.parse(until) <= now)
      throw new Failure('invalid-params', `${until} is over: name a time to come`)
    await this.refresh()
    const pause: Pause = { at: isoTime(now), until, by: change.actor.name }
    const lives = this.#chosen(chosen)
    for (const live of lives) {
      await this.#savePause(change, live, pause)
      this.#live.pause(live, pause)
    }
    return lives.map((live) => this.#row(live)).sort(byName)
  }

  /** Those that are not paused stay as they are. @throws Failure `not-found`. */
  async resume(change: Change, chosen: Chosen): Promise<readonly CheckRow[]> {
    await this.refresh()
    const lives = this.#chosen(chosen)
    for (const live of lives.filter(isPaused)) {
      if (live.pause !== null) await this.#savePause(change, live, null)
      this.#live.resume(live)
    }
    return lives.map((live) => this.#row(live)).sort(byName)
  }

  /** From now on what is checked is what the apps say now. */
  async watch(change: Change): Promise<null> {
    const { store } = this.#deps
    const plans = this.#plans
    const before = new Set(this.#live.all.map(({ plan }) => plan.app))
    await store.addChecks(
      change,
      plans.map(({ app, environment, check }) => ({ app, environment: environment ?? '', name: check })),
    )
    const stored = new Map(
      (await store.checks()).map((one) => [keyOf(one.app, one.environment, one.name), one]),
    )
    const missing = plans.find(({ key }) => !stored.has(key))
    if (missing !== undefined) throw new Error(`The check ${missing.check} of ${missing.app} was not stored`)
    this.#log.use(change)
    this.#rules.use(change)
    this.#hooks.use(change)
    this.#live.set(change, plans, ({ key, app, environment, check }) => {
      const one = stored.get(key)
      const incident = this.#incidents.of(app, environment)
      return { id: one?.id ?? 0, pause: pauseOf(one), doubted: incident?.check === check }
    })
    const apps = new Set(plans.map(({ app }) => app))
    this.#kuma.set(plans, this.#live.apps)
    const hooks = this.#hooks.rows(undefined).map(({ app, hook, target }) => `${app}: ${hook} ${target}`)
    change.note({ checks: plans.length, apps: [...apps].slice(0, 100), hooks: hooks.slice(0, 100) })
    for (const app of new Set([...before, ...apps])) this.#rules.look(app)
    this.#moved()
    return null
  }

  listIncidents = async (app: string | undefined, open: boolean, limit: number) => ({
    revision: this.revision,
    rows: await this.#incidents.list(app, open, limit),
  })

  showIncident(number: number): Promise<IncidentDetail> {
    return this.#incidents.show(number)
  }

  /** @throws Failure `not-found`. */
  async timeline(number: number): Promise<IncidentTimeline> {
    return this.#timelines.of(await this.#incidents.show(number))
  }

  acknowledge(change: Change, number: number): Promise<IncidentRow> {
    return this.#after(this.#incidents.acknowledge(change, number))
  }

  note(change: Change, number: number, text: string): Promise<IncidentDetail> {
    return this.#after(this.#incidents.note(change, number, text))
  }

  /** @throws Failure `not-found` for an app that is not there. */
  async hooks(app: string | undefined) {
    await this.#fresh()
    if (app !== undefined && this.#live.app(app) === undefined) throw noApp(app)
    await this.#hooks.known
    return this.#hooks.rows(app)
  }

  /** @throws Failure `not-found` for an app that is not there, or without hooks. */
  async testHooks(change: Change, app: string, environment: string | null): Promise<readonly HookTest[]> {
    await this.refresh()
    const known = this.#live.app(app)
    if (known === undefined) throw noApp(app)
    const tested = await this.#hooks.test(change, known, environment)
    if (tested.length === 0)
      throw new Failure('not-found', `Nobody is told of incidents of ${app}`, {
        hint: 'Name a webhook or a command in quantum.config.yaml, admin.health.notify.',
      })
    change.note({ failed: tested.filter(({ error }) => error !== null).map(({ hook }) => hook) })
    return tested
  }

  openIncident(change: Change, chosen: Chosen & { readonly check: string }): Promise<IncidentRow> {
    const [live] = this.#chosen(chosen)
    if (live === undefined) throw noCheck(chosen)
    return this.#after(this.#rules.open(change, live))
  }

  async resolveIncident(change: Change, number: number): Promise<IncidentRow> {
    const row = await this.#after(this.#rules.resolve(change, number))
    this.#timelines.keep(change, row)
    return row
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    clearInterval(this.#pauseTimer)
    clearTimeout(this.#telling)
    this.#live.dispose()
    this.#kuma.dispose()
    await this.#looking
    await this.#rules.settled()
    await this.#hooks.dispose()
    await this.#timelines.settled()
    await this.#log.dispose()
  }

  /** Looks at the apps, unless that was done just now. */
  #fresh(): Promise<void> {
    const age = this.#deps.clock.monotonic() - this.#lookedAt
    return age > acceptedMs ? this.refresh() : this.#looking
  }

  async #lookAtApps(): Promise<void> {
    const { apps, act, report, clock } = this.#deps
    this.#lookedAt = clock.monotonic()
    try {
      const { moves } = this.#live
      const known = await apps()
      const plans = known.flatMap(planChecks)
      const made = madeOf(plans, known, this.#deps.hooks.usual())
      this.#plans = plans
      await this.#pauses.prepare(plans.flatMap(({ pauses }) => pauses))
      this.#live.learn(known, moves)
      if (made === this.#made) return
      await act('health.watch', {})
      this.#made = made
    } catch (error) {
      report(error)
    }
  }

  /** @throws Failure `not-found`. */
  #chosen(chosen: Chosen): readonly LiveCheck[] {
    const { app } = chosen
    const found = this.#live.all.filter(({ plan }) => plan.app === app && isMeant(plan, chosen))
    if (found.length === 0) this.#kuma.refuse(chosen)
    if (found.length === 0) throw this.#live.app(app) === undefined ? noApp(app) : noCheck(chosen)
    return found
  }

  async #savePause(change: Change, { plan, id }: LiveCheck, pause: Pause | null): Promise<void> {
    await this.#deps.store.savePause(change, {
      id,
      app: plan.app,
      environment: plan.environment ?? '',
      name: plan.check,
      pausedAt: pause?.at ?? null,
      pausedUntil: pause?.until ?? null,
      pausedBy: pause?.by ?? null,
    })
  }

  #row(live: LiveCheck): CheckRow {
    return checkRow(live, this.#live.app(live.plan.app))
  }

  #seen(live: LiveCheck, isNew: boolean): void {
    if (this.#closed) return
    this.#kuma.look(live)
    // What has just changed is looked for while it can still be told from what is done about it.
    if (live.last !== null && live.last.grade !== 'good' && live.machine.state !== 'unhealthy')
      this.#deps.around.notice(live.plan.app)
    if (isNew || this.#rules.isOwed(live)) this.#rules.look(live.plan.app)
    if (isNew) this.#moved()
    else
      this.#telling ??= setTimeout(() => {
        this.#telling = undefined
        this.#moved()
      }, tellMs).unref()
  }

  async #after<T>(done: Promise<T>): Promise<T> {
    const result = await done
    this.#hooks.wake()
    this.#moved()
    return result
  }

  #moved(): void {
    this.#version++
    this.changed.emit()
  }
}

const isUp = (app: AppHealth | undefined): boolean => app?.state === 'running' || app?.state === 'external'

const pauseOf = (one: StoredCheck | undefined): Pause | null =>
  one === undefined || one.pausedAt === null
    ? null
    : { at: one.pausedAt, until: one.pausedUntil, by: one.pausedBy ?? 'somebody' }
