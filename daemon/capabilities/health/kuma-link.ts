import type { CheckDetail, CheckRow, PushState } from '#contract/health.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { AppHealth } from './app-health.ts'
import type { PlannedCheck } from './check-plan.ts'
import type { Chosen } from './chosen-checks.ts'
import { Heartbeats, type HeartbeatsDeps } from './heartbeats.ts'
import { kumasOf, KumaWatch } from './kuma-watch.ts'
import type { LiveCheck } from './live-check.ts'

/** All that goes to and fro between checks and Uptime Kumas: heartbeats there, and the state of their monitors back. */
export class KumaLink implements Owned {
  readonly #heartbeats: Heartbeats
  readonly #watch: KumaWatch

  constructor(deps: HeartbeatsDeps) {
    this.#heartbeats = new Heartbeats(deps)
    this.#watch = new KumaWatch(deps)
  }

  /** Of what heartbeats are sent and which Kumas are asked from now on. */
  set(plans: readonly PlannedCheck[], apps: readonly AppHealth[]): void {
    this.#heartbeats.keepOnly(new Set(plans.flatMap(({ key, push }) => (push === null ? [] : [key]))))
    this.#watch.set(apps.flatMap(kumasOf))
  }

  /** Says in which state a check is, after a result. Of one that is unknown or paused nothing is said. */
  tell({ plan, machine, last }: LiveCheck): void {
    if (plan.push === null || machine.state === 'unknown' || machine.state === 'paused') return
    const status = machine.state === 'unhealthy' ? 'down' : 'up'
    const message = last?.reason ?? (status === 'up' ? 'OK' : 'unhealthy')
    this.#heartbeats.send(plan.key, plan.push, { status, message, latencyMs: last?.latencyMs ?? null })
  }

  /** What waits to be sent of a check that was paused was true before that. */
  look({ plan, machine }: LiveCheck): void {
    if (machine.state === 'paused') this.#heartbeats.drop(plan.key)
  }

  /** Monitors of Kumas, as rows beside the checks. */
  rows(app: string | undefined): readonly CheckRow[] {
    return this.#watch.rows(app)
  }

  /** Null for what is no monitor. */
  show({ app, environment, check }: Chosen, limit: number): CheckDetail | null {
    return this.#watch.show(app, environment ?? null, check ?? '', limit)
  }

  /** @throws Failure `not-found` for a monitor, to which nothing can be done here. */
  refuse(chosen: Chosen): void {
    if (this.show(chosen, 0) === null) return
    throw new Failure(
      'not-found',
      `${chosen.check ?? ''} is a monitor of Uptime Kuma, which checks it itself`,
      {
        hint: 'Check or pause it there.',
      },
    )
  }

  pushState({ plan }: LiveCheck): PushState | null {
    return this.#heartbeats.stateOf(plan.key)
  }

  /** Checks whose heartbeats are not taken, each in a sentence. */
  problems(checks: readonly LiveCheck[]): readonly string[] {
    return checks.flatMap((live) => {
      const problem = this.pushState(live)?.problem ?? null
      return problem === null ? [] : [`${live.plan.app} ${live.plan.check}: ${problem}`]
    })
  }

  dispose(): void {
    this.#heartbeats.dispose()
    this.#watch.dispose()
  }
}
