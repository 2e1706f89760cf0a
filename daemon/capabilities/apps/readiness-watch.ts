import type { AppRun } from './app-run.ts'
import { readinessOf, type HealthCheck, type ReadinessDeps } from './readiness.ts'

export interface ReadinessWatchDeps extends ReadinessDeps {
  readonly healthOf: (app: string) => HealthCheck | null
  /** Told of what went wrong where nobody asked. */
  readonly report: (error: unknown) => void
}

/** Whether it is ready is asked this often: every question is a request in its log. */
const askMs = 200
/** So long an app may take until it is ready before whoever waits is told what is missing. */
const patienceMs = 30_000
/** Why an app waits is told when it takes longer than apps usually do. */
const unusualMs = 1500

/** Follows runs until they are ready, and says meanwhile what they lack. */
export class ReadinessWatch {
  readonly #deps: ReadinessWatchDeps
  readonly #changed: () => void

  /** @param changed - called when a run has become another by what was found out. */
  constructor(deps: ReadinessWatchDeps, changed: () => void) {
    this.#deps = deps
    this.#changed = changed
  }

  /** Asks without being waited for, since an answer may take seconds: meanwhile the process may end, which must be seen. */
  look(run: AppRun): void {
    const now = this.#deps.clock.monotonic()
    // One that took too long may still come; one that was ready once is not asked again.
    if (run.state !== 'starting' && run.missing === null) return
    if (run.asking || now - run.asked < askMs) return
    run.asking = true
    run.asked = now
    this.#ask(run)
      .catch((error: unknown) => this.#deps.report(error))
      .finally(() => (run.asking = false))
  }

  async #ask(run: AppRun): Promise<void> {
    const { ready, reason } = await readinessOf(this.#deps, run, this.#deps.healthOf(run.stored.app))
    if (run.state !== 'starting' && run.state !== 'running') return
    const age = this.#deps.clock.monotonic() - run.since
    const shown = ready || age < unusualMs ? run.note : reason
    const state = ready || age >= patienceMs ? 'running' : run.state
    run.missing = ready ? null : reason
    if (state === run.state && shown === run.reason) return
    run.state = state
    run.reason = shown
    this.#changed()
  }
}
