import type { AuditEntry } from '#contract/audit.ts'
import type { IncidentRow } from '#contract/health.ts'
import type { MetricName } from '#contract/metrics.ts'
import type { Params } from '#contract/index.ts'
import type { Topic } from '#contract/system.ts'
import { asFailure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Model } from '../model.ts'
import { mostLines, type Plots, type Want } from '../../webviews/dashboard/messages.ts'
import {
  linesOf,
  markedActions,
  marksOf,
  metricsOf,
  spanOf,
  type Answer,
  type Marked,
  type Span,
} from './plot-lines.ts'

/** What is drawn is asked for again as soon as it is new, but no more often than this, in milliseconds. */
const leastPauseMs = 2000
/** A line of long steps changes slowly: it is asked for again after this part of a step, and after five minutes. */
const partOfStep = 0.25
const mostPauseMs = 300_000
const mostIncidents = 500
/** Checks are made every half a minute or so: in steps as short as others there would be more gaps than numbers. */
const checkStepMs = 60_000
/** Entries of each action. */
const mostEntries = 200

/** What the plots of the dashboard show, while somebody looks at them. */
export class PlotFeed implements Owned {
  readonly #model: Model
  readonly #tell: (plots: Plots) => void
  readonly #lifetime = new Lifetime()
  #want: Want | null = null
  #visible = false
  #asking = false
  #isNew = false
  #again: NodeJS.Timeout | undefined
  #askedAt = 0
  #stepMs = 0
  #marked: Marked = new Map()

  /** @param tell - told what is to be drawn. */
  constructor(model: Model, tell: (plots: Plots) => void) {
    this.#model = model
    this.#tell = tell
    this.#lifetime.own(model.onChanged((topic) => this.#changed(topic)))
    this.#lifetime.own(model.onState(({ kind }) => void (kind === 'connected' && this.#askSoon(0))))
    this.#lifetime.onDispose(() => clearTimeout(this.#again))
  }

  /** Draws this from now on, or nothing. */
  want(want: Want | null): void {
    this.#want = want
    this.#askedAt = 0
    if (want === null) clearTimeout(this.#again)
    else this.#ask()
  }

  /** What nobody sees is not asked for. A page that is hidden is gone, and says what it wants when it is back. */
  look(visible: boolean): void {
    this.#visible = visible
    if (!visible) this.want(null)
  }

  /** What a mark stands for; undefined when it is gone. */
  marked(key: string) {
    return this.#marked.get(key)
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #changed(topic: Topic): void {
    // What is long past stays as it is.
    const end = this.#want?.zoom?.to ?? Number.POSITIVE_INFINITY
    if (end + this.#stepMs < Date.now()) return
    if (topic === 'metrics') this.#askSoon(Math.min(this.#stepMs * partOfStep, mostPauseMs))
    // Whatever is done to an app is on the audit trail.
    if (topic === 'health' || topic === 'audit') this.#askSoon(0)
  }

  #askSoon(pauseMs: number): void {
    if (this.#want === null || !this.#visible) return
    const wait = this.#askedAt + Math.max(leastPauseMs, pauseMs) - performance.now()
    if (wait <= 0) return this.#ask()
    clearTimeout(this.#again)
    this.#again = setTimeout(() => this.#ask(), wait)
  }

  /** Asks once at a time; what was wanted meanwhile is asked for next. */
  #ask(): void {
    if (this.#asking) {
      this.#isNew = true
      return
    }
    const want = this.#want
    if (want === null || !this.#visible || this.#model.state.kind !== 'connected') return
    clearTimeout(this.#again)
    this.#asking = true
    this.#isNew = false
    this.#askedAt = performance.now()
    void this.#answer(want)
      .then((plots) => {
        if (want === this.#want) this.#tell(plots)
      })
      .finally(() => {
        this.#asking = false
        if (this.#isNew) this.#ask()
      })
  }

  async #answer(want: Want): Promise<Plots> {
    const span = spanOf(want, Date.now())
    try {
      const [{ answers, leftOut }, { marks, marked }] = await Promise.all([
        this.#answers(want, span),
        this.#marks(want, span),
      ])
      const lines = linesOf(want.kind, answers)
      this.#stepMs = lines[0]?.stepMs ?? 0
      this.#marked = marked
      return { want, ...span, lines, marks, leftOut, problem: '' }
    } catch (error) {
      const problem = asFailure(error).message
      return { want, ...span, lines: [], marks: [], leftOut: 0, problem }
    }
  }

  async #answers(
    want: Want,
    span: Span,
  ): Promise<{ readonly answers: readonly Answer[]; readonly leftOut: number }> {
    const { own, ofChecks } = metricsOf(want)
    if (want.kind === 'machine')
      return { answers: [await this.#series(want, span, {}, { metrics: own, name: '' })], leftOut: 0 }
    if (want.kind === 'apps') {
      const { names, leftOut } = await this.#apps()
      const answers = names.flatMap((app) => [
        this.#series(want, span, { app }, { metrics: own, name: app }),
        this.#series(want, span, { app }, { metrics: ofChecks, name: app, leastStepMs: checkStepMs }),
      ])
      return { answers: await Promise.all(answers), leftOut }
    }
    const { app } = want
    const { rows } = await this.#model.query('health.list', { app })
    const interval = Math.max(0, ...rows.map(({ intervalMs }) => intervalMs))
    const leastStepMs = Math.min(checkStepMs, 2 * interval)
    // As what is measured of a check elsewhere is called.
    const names = rows.map(({ environment, check }) =>
      environment === null ? check : `${environment}/${check}`,
    )
    const checks = names.slice(0, mostLines).map(async (check): Promise<readonly Answer[]> => {
      try {
        return [
          await this.#series(want, span, { app, check }, { metrics: ofChecks, name: check, leastStepMs }),
        ]
      } catch (error) {
        // Nothing was ever measured of it.
        if (asFailure(error).code === 'not-found') return []
        throw error
      }
    })
    const mine = this.#series(want, span, { app }, { metrics: own, name: '' })
    const [first, ...theirs] = await Promise.all([mine, ...checks])
    return { answers: [first, ...theirs.flat()], leftOut: 0 }
  }

  /** Those that run first: where there are too many, they matter more. */
  async #apps(): Promise<{ readonly names: readonly string[]; readonly leftOut: number }> {
    const known = this.#model.isFresh('apps') ? this.#model.snapshot('apps') : undefined
    const { rows } = known ?? (await this.#model.query('apps.list', {}))
    const running = rows.filter(({ state }) => state === 'running' || state === 'external')
    const names = [...new Set([...running, ...rows])].slice(0, mostLines).map(({ name }) => name)
    // In the same order however they stand, so that each keeps its colour.
    return { names: names.toSorted(), leftOut: rows.length - names.length }
  }

  /** @param asked - which numbers, and the shortest step, where they are measured more rarely than others. */
  async #series(
    { points }: Want,
    { from, to }: Span,
    of: Pick<Params<'metrics.series'>, 'app' | 'check'>,
    asked: { readonly metrics: readonly MetricName[]; readonly name: string; readonly leastStepMs?: number },
  ): Promise<Answer> {
    const { metrics, name, leastStepMs } = asked
    const series = await this.#model.query('metrics.series', {
      ...of,
      metrics: [...metrics],
      since: new Date(from).toISOString(),
      until: new Date(to).toISOString(),
      points,
      ...(leastStepMs === undefined || leastStepMs === 0 ? {} : { leastStepMs }),
    })
    return { series, name, ofChecks: leastStepMs !== undefined }
  }

  async #marks(want: Want, span: Span) {
    const [since, until] = [new Date(span.from).toISOString(), new Date(span.to).toISOString()]
    const ofApp = want.kind === 'app' ? want.app : null
    const ask = (action: string): Promise<readonly AuditEntry[]> =>
      this.#model
        .query('audit.list', {
          action,
          resource: ofApp === null ? 'app' : `app:${ofApp}`,
          since,
          until,
          limit: mostEntries,
        })
        .then(({ entries }) => entries)
    const incidents: Promise<readonly IncidentRow[]> = this.#model
      .query('incidents.list', { ...(ofApp === null ? {} : { app: ofApp }), limit: mostIncidents })
      .then(({ rows }) => rows)
    const [of, ...entries] = await Promise.all([incidents, ...markedActions.map(ask)])
    return marksOf(of, entries.flat(), span)
  }
}
