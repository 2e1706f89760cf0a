import type { Clock } from '#base/clock.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Change } from '../../kernel/execute.ts'
import { isSameStanding, type AppHealth, type Standing } from './app-health.ts'
import { step, type CheckEvent } from './check-machine.ts'
import { laneOf, type PlannedCheck } from './check-plan.ts'
import { CheckRunner } from './check-runner.ts'
import type { Outcome } from './check-words.ts'
import { newCheck, notNow, type LiveCheck, type Pause } from './live-check.ts'
import { performCheck, type PerformDeps } from './perform-check.ts'
import type { StoredResult } from './health-store.ts'

export interface LiveChecksDeps extends PerformDeps {
  readonly clock: Clock
  readonly random: () => number
  /** Takes secrets out of what a server has written. */
  readonly hide: (text: string) => string
  /** Keeps a result. */
  readonly keep: (result: StoredResult, plan: PlannedCheck) => void
  /** Told after each result, and whenever a state is another. */
  readonly seen: (live: LiveCheck, isNew: boolean) => void
  /** Asks for another look at the apps. */
  readonly lookAgain: () => void
  readonly report: (error: unknown) => void
}

/** The checks that are made, and what is known by them. */
export class LiveChecks implements Owned {
  readonly #deps: LiveChecksDeps
  readonly #runner: CheckRunner
  readonly #checks = new Map<string, LiveCheck>()
  #apps: ReadonlyMap<string, AppHealth> = new Map()
  readonly #standings = new Map<string, Standing>()
  /** Apps that were started or stopped since they were looked at, each with which move that was. */
  readonly #unsure = new Map<string, number>()
  #moves = 0
  /** What checks are made by: that they are is on the trail. */
  #change: Change | null = null

  constructor(deps: LiveChecksDeps) {
    this.#deps = deps
    this.#runner = new CheckRunner({
      clock: deps.clock,
      random: deps.random,
      run: (key) => this.#run(key),
      slept: () => this.#slept(),
    })
  }

  get all(): readonly LiveCheck[] {
    return [...this.#checks.values()]
  }

  get(key: string): LiveCheck | undefined {
    return this.#checks.get(key)
  }

  get apps(): readonly AppHealth[] {
    return [...this.#apps.values()]
  }

  app(name: string): AppHealth | undefined {
    return this.#apps.get(name)
  }

  /** How often apps were seen to be started or stopped. */
  get moves(): number {
    return this.#moves
  }

  /** What is known of the apps, looked at when there had been so many {@link moves}. */
  learn(apps: readonly AppHealth[], moves: number): void {
    const before = this.#apps
    this.#apps = new Map(apps.map((app) => [app.app, app]))
    const sure = [...this.#unsure].flatMap(([app, move]) => (move <= moves ? [app] : []))
    for (const app of sure) this.#unsure.delete(app)
    this.settle()
    const again = new Set(sure)
    for (const live of this.#checks.values())
      if ((again.has(live.plan.app) || this.#isNews(live, before)) && this.#assess(live, false) === null)
        this.#runner.soon(live.plan.key)
  }

  /** What is checked from now on, and nothing else. @param known - its number, its pause, and whether it was ill. */
  set(
    change: Change,
    plans: readonly PlannedCheck[],
    known: (plan: PlannedCheck) => {
      readonly id: number
      readonly pause: Pause | null
      readonly doubted: boolean
    },
  ): void {
    this.#change = change
    const keys = new Set(plans.map(({ key }) => key))
    for (const key of this.#checks.keys()) if (!keys.has(key)) this.#checks.delete(key)
    for (const plan of plans) {
      const live = this.#checks.get(plan.key)
      if (live === undefined) {
        const { id, pause, doubted } = known(plan)
        const fresh = newCheck(plan, id, this.#deps.clock.now(), doubted)
        this.#checks.set(plan.key, fresh)
        if (pause !== null) this.pause(fresh, pause)
      } else if (JSON.stringify(live.plan) !== JSON.stringify(plan)) {
        // What was found out about something else says nothing about this.
        live.plan = plan
        this.#step(live, { kind: 'lapse' }, 'it was not checked yet as it is configured now')
      }
    }
    this.#runner.set(
      plans.map((plan) => ({
        key: plan.key,
        ...laneOf(plan),
        intervalMs: plan.intervalMs,
        jitterMs: plan.jitterMs,
      })),
    )
    this.settle()
  }

  /** Looks how the apps stand: what was known of one that was started or stopped meanwhile counts no longer. */
  settle(): void {
    const moved = new Set<string>()
    for (const app of this.#apps.keys()) {
      const standing = this.#deps.standing(app)
      if (isSameStanding(this.#standings.get(app), standing)) continue
      // One that is seen for the first time was looked at just now.
      if (this.#standings.has(app)) this.#unsure.set(app, ++this.#moves)
      this.#standings.set(app, standing)
      moved.add(app)
    }
    for (const app of this.#standings.keys())
      if (!this.#apps.has(app)) {
        this.#standings.delete(app)
        this.#unsure.delete(app)
      }
    if (this.#unsure.size > 0) this.#deps.lookAgain()
    for (const live of this.#checks.values()) {
      if (live.plan.always || live.pause !== null) continue
      const hasMoved = moved.has(live.plan.app)
      const why = this.#assess(live, hasMoved)
      if (hasMoved && why === null) this.#runner.soon(live.plan.key)
    }
  }

  /** Why it is not made now; what was known of one that is not, or of another run, counts no longer. */
  #assess(live: LiveCheck, hasMoved: boolean): string | null {
    const { plan } = live
    if (plan.always) return null
    const standing = this.#deps.standing(plan.app)
    const isUnsure = this.#unsure.has(plan.app) && plan.target.kind !== 'process'
    const why =
      notNow(live, this.#apps.get(plan.app), standing) ??
      (isUnsure ? 'it was not checked since the app was started' : null)
    // How the app stands is all that this one looks at: that it has changed is no reason to forget it.
    const isFollowing = plan.target.kind === 'process' && (why === null || standing.isAgain)
    if (isFollowing) return why
    if (why !== null) this.#forget(live, why)
    else if (hasMoved) this.#forget(live, 'it was not checked since the app was started')
    return why
  }

  /** Makes these now, and settles when they are made. */
  async now(checks: readonly LiveCheck[]): Promise<void> {
    await Promise.all(checks.map(({ plan }) => this.#runner.now(plan.key)))
  }

  pause(live: LiveCheck, pause: Pause): void {
    live.pause = pause
    this.#step(live, { kind: 'pause' }, null)
  }

  resume(live: LiveCheck): void {
    live.pause = null
    this.#step(live, { kind: 'resume' }, 'it was not checked since it was paused')
    this.#runner.soon(live.plan.key)
  }

  dispose(): void {
    this.#runner.dispose()
  }

  /** What was known of it counts no longer. */
  #forget(live: LiveCheck, why: string): void {
    if (live.machine.state === 'unknown' && live.unknown === why) return
    live.last = null
    this.#step(live, { kind: 'lapse' }, why)
  }

  /** Whether containers, of which the engine tells as soon as something happens to them, are not as they were. */
  #isNews({ plan }: LiveCheck, before: ReadonlyMap<string, AppHealth>): boolean {
    if (plan.target.kind !== 'container') return false
    const [was, is] = [before, this.#apps].map((apps) =>
      JSON.stringify(apps.get(plan.app)?.containers.map(({ id, state, health }) => [id, state, health])),
    )
    return was !== is
  }

  #slept(): void {
    for (const live of this.#checks.values()) this.#forget(live, 'the machine slept')
  }

  /** It never rejects: whatever goes wrong is told. */
  async #run(key: string): Promise<void> {
    try {
      await this.#make(key)
    } catch (error) {
      this.#deps.report(error)
    }
  }

  async #make(key: string): Promise<void> {
    const live = this.#checks.get(key)
    const change = this.#change
    if (live === undefined || change === null) return
    this.#endPause(live)
    if (live.pause !== null) return
    const { app: name, always } = live.plan
    const before = this.#deps.standing(name)
    if (!always && !isSameStanding(this.#standings.get(name), before)) this.settle()
    const app = this.#apps.get(name)
    if (app === undefined || this.#assess(live, false) !== null) return
    const { generation } = live
    const outcome = await performCheck(this.#deps, change, live.plan, app)
    // The clocks are looked at before it is believed: it may have been under way while the machine slept.
    this.#runner.look()
    const isOld = this.#checks.get(key) !== live || live.generation !== generation
    if (!always && !isSameStanding(before, this.#deps.standing(name))) return this.settle()
    if (outcome === null || isOld) return
    this.#record(live, outcome)
  }

  #endPause(live: LiveCheck): void {
    const { pause } = live
    if (pause === null || pause.until === null || Date.parse(pause.until) > this.#deps.clock.now()) return
    live.pause = null
    this.#step(live, { kind: 'resume' }, 'it was not checked since it was paused')
  }

  #record(live: LiveCheck, { grade, latencyMs, reason }: Outcome): void {
    const at = this.#deps.clock.now()
    const clean = reason === null ? null : this.#deps.hide(reason)
    live.last = { at, grade, latencyMs: grade === 'bad' ? null : latencyMs, reason: clean }
    live.unknown = null
    if (grade !== 'good') live.wrong = clean
    this.#deps.keep({ check: live.id, ...live.last }, live.plan)
    const before = live.machine
    live.machine = step(live.plan.rule, before, { kind: 'result', sample: { grade, at } })
    const isNew = before.state !== live.machine.state
    if (isNew) live.since = at
    if (live.machine.state === 'healthy' && grade === 'good') live.wrong = null
    this.#deps.seen(live, isNew)
  }

  /** Of what no result says. */
  #step(live: LiveCheck, event: CheckEvent, why: string | null): void {
    const before = live.machine
    live.machine = step(live.plan.rule, before, event)
    live.generation++
    const isNew = before.state !== live.machine.state
    if (isNew) live.since = this.#deps.clock.now()
    live.unknown = why
    this.#deps.seen(live, isNew)
  }
}
