import type { LogErrors, LogErrorsRow } from '#contract/logs.ts'
import { asFailure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Model } from '../model.ts'

/** While lines pour in, errors are counted at most this often, in milliseconds. */
const pauseMs = 2000

/** How many errors each app wrote in the last hour, for as long as somebody looks. */
export class ErrorCounts implements Owned {
  readonly #model: Model
  readonly #changed: () => void
  readonly #lifetime = new Lifetime()
  #watch: Owned | undefined
  #counted: LogErrors | null = null
  #pause: NodeJS.Timeout | undefined
  #again = false
  /** The daemon is one that keeps no logs. */
  #older = false

  constructor(model: Model, changed: () => void) {
    this.#model = model
    this.#changed = changed
    this.#lifetime.own(model.onChanged((topic) => void (topic === 'logs' && this.refresh())))
    this.#lifetime.own(
      model.onState(({ kind }) => {
        this.#older = false
        if (kind === 'connected') this.refresh()
      }),
    )
  }

  /** Null for an app that wrote none. */
  of(app: string): LogErrorsRow | null {
    return this.#counted?.rows.find((row) => row.app === app) ?? null
  }

  /** Whether somebody looks. */
  look(wanted: boolean): void {
    if (wanted === (this.#watch !== undefined)) return
    const before = this.#watch
    this.#watch = wanted ? this.#model.want(['logs']) : undefined
    void before?.dispose()
    if (wanted) this.refresh()
  }

  /** Counts now, or when the pause after the last time is over: errors that are an hour old are to go, too. */
  refresh(): void {
    if (this.#watch === undefined || this.#older || this.#model.state.kind !== 'connected') return
    if (this.#pause !== undefined) this.#again = true
    else {
      this.#again = false
      this.#pause = setTimeout(() => {
        this.#pause = undefined
        if (this.#again) this.refresh()
      }, pauseMs)
      void this.#count()
    }
  }

  dispose(): Promise<void> {
    clearTimeout(this.#pause)
    void this.#watch?.dispose()
    this.#watch = undefined
    return this.#lifetime.dispose()
  }

  async #count(): Promise<void> {
    try {
      this.#counted = await this.#model.query('logs.errors', {})
    } catch (error) {
      // What cannot be counted is not shown; why the daemon does not answer, others say.
      this.#counted = null
      this.#older = asFailure(error).code === 'unknown-method'
    }
    if (this.#watch !== undefined) this.#changed()
  }
}
