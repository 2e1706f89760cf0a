import type {
  JobRow,
  QuantumQueue,
  RunDetail,
  RunOutput,
  RunRow,
  TestsDetail,
  TestsRow,
} from '#contract/jobs.ts'
import type { ProcessRow } from '#contract/resources.ts'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { JobConfig } from '../../config/read-config.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppCommands, JobsDeps } from './jobs-deps.ts'
import type { Firing, RunFilter, StoredRun } from './jobs-store.ts'
import { longestOutput } from './live-runs.ts'
import { keptRuns, runRow, tooMany } from './run-rows.ts'
import type { ScheduledJob } from './scheduler.ts'
import { casesOf } from './test-results.ts'

import { runOutputs, type WrittenRun } from './run-outputs.ts'
/** What folders say of jobs is read again after this time, in milliseconds. */
const readAgainMs = 15_000
const pieceBytes = 64 * 1024
const shownBytes = 16 * 1024
const shownLines = 20

/** Jobs and tests of apps: what there is, what runs, and how it went. */
export class JobsService implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: JobsDeps
  #apps: readonly AppCommands[] = []
  #seen = ''
  #version = 0
  #timer: NodeJS.Timeout | undefined
  readonly #listening: Owned[] = []

  constructor(deps: JobsDeps) {
    this.#deps = deps
  }

  /** Takes up what an earlier daemon left, and from then on runs jobs when their time has come. */
  async open(): Promise<void> {
    const { runs, scheduler, fire, report } = this.#deps
    for (const { changed } of [runs, scheduler]) this.#listening.push(changed.on(() => this.#moved()))
    const unbegun = await runs.open()
    await this.refresh()
    runs.start()
    for (const { run, app, job, scheduledFor } of unbegun) {
      try {
        await fire(app, job ?? '', scheduledFor ?? '')
      } catch (error) {
        report(error)
        runs.letGo(run)
      }
    }
    scheduler.start()
    this.#timer = setInterval(() => void this.refresh(), readAgainMs)
    this.#timer.unref()
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** How much there is that a daemon has to be there for: what runs, and what is to run when its time comes. */
  get managed(): number {
    return this.#deps.runs.all.length + this.#deps.scheduler.count
  }

  /** The processes of all runs. */
  pids(processes: readonly ProcessRow[]): ReadonlySet<number> {
    const leaders = this.#deps.runs.all.flatMap(({ pid }) => pid ?? [])
    return new Set(leaders.flatMap((leader) => [...this.#deps.descendants(leader, processes)]))
  }

  /** Reads again what the folders of apps say of jobs. It never rejects. */
  refresh = async (): Promise<void> => {
    try {
      const before = new Map(this.#apps.map((one) => [one.app, one]))
      // A broken edit keeps the last good schedule.
      this.#apps = (await this.#deps.apps()).map((one) =>
        one.jobs === null ? { ...one, jobs: before.get(one.app)?.jobs ?? null } : one,
      )
    } catch (error) {
      this.#deps.report(error)
    }
    const unknown = new Set(this.#apps.flatMap(({ app, jobs }) => (jobs === null ? [app] : [])))
    this.#deps.scheduler.set(
      this.#apps.flatMap((one) => this.#scheduled(one)),
      (app) => !unknown.has(app),
    )
    const seen = JSON.stringify(this.#apps.map(({ app, jobs, tests }) => [app, jobs, tests]))
    if (seen !== this.#seen) this.#moved()
    this.#seen = seen
  }

  /** @throws Failure `not-found` for an app that is not there. */
  async list(app?: string): Promise<{ readonly revision: string; readonly rows: readonly JobRow[] }> {
    await this.refresh()
    const apps = this.#chosen(app)
    const rows = await Promise.all(
      apps.flatMap((one) => (one.jobs ?? []).map((job) => this.#jobRow(one.app, job))),
    )
    return { revision: this.revision, rows }
  }

  /** As {@link list}, for tests. */
  async listTests(app?: string): Promise<{ readonly revision: string; readonly rows: readonly TestsRow[] }> {
    await this.refresh()
    const rows = await Promise.all(
      this.#chosen(app).map(async (one): Promise<TestsRow> => {
        const { running, lastRun } = await this.#runsOf(one.app, null)
        return { app: one.app, command: one.tests.command, running: running[0] ?? null, lastRun }
      }),
    )
    return { revision: this.revision, rows }
  }

  /** @throws Failure `not-found`. */
  async queue(app: string, limit: number): Promise<QuantumQueue> {
    await this.refresh()
    return this.#deps.queueIn(this.#app(app).folder, limit)
  }

  async history(filter: RunFilter, limit: number): Promise<readonly RunRow[]> {
    return (await this.#deps.store.history(filter, limit)).map(runRow)
  }

  /** What the newest runs write to. */
  outputs = (): Promise<readonly WrittenRun[]> => runOutputs(this.#deps)

  /** @throws Failure `not-found`. */
  async show(run: string): Promise<RunDetail> {
    const stored = await this.#find(run)
    const files = this.#deps.filesOf(stored.app, run)
    const lines = (await this.#deps.programs.lastOutput(files, shownBytes)).split(/\r?\n/)
    if (lines.at(-1) === '') lines.pop()
    const began = stored.state !== 'skipped' && (stored.pid !== null || lines.length > 0)
    return {
      ...runRow(stored),
      command: stored.command,
      folder: stored.folder,
      pid: stored.pid,
      output: began ? files.output : null,
      lastLines: lines.slice(-shownLines),
    }
  }

  /** @throws Failure `not-found`. */
  async showTests(run: string): Promise<TestsDetail> {
    const detail = await this.show(run)
    const files = this.#deps.filesOf(detail.app, run)
    return { ...detail, cases: await casesOf(this.#deps.programs, files, this.#deps.hiding) }
  }

  /** A piece of what a run wrote, at most 64 KiB. @throws Failure `not-found`. */
  async output(run: string, from: number): Promise<RunOutput> {
    const stored = await this.#find(run)
    const isOver = stored.endedAt !== null
    const piece = await this.#deps.programs.outputFrom(
      this.#deps.filesOf(stored.app, run),
      from,
      pieceBytes,
      isOver,
    )
    const ended = isOver && (piece.next >= piece.size || piece.text === '')
    return { text: piece.text, from, next: piece.next, ended }
  }

  /** @throws Failure `not-found`, `conflict` while it runs and may not run twice, `job-failed`. */
  async run(change: Change, app: string, job: string, wait: boolean): Promise<RunRow> {
    const [commands, config] = await this.#job(app, job)
    const [other] = this.#going(app, job)
    if (other !== undefined && config.overlap === 'skip')
      throw new Failure('conflict', `${job} of ${app} runs already`, {
        hint: `\`quantum-admin jobs cancel ${other.run.slice(0, 8)}\` ends it.`,
      })
    return this.#begin(change, commands, { ...ofJob(config), trigger: 'person', scheduledFor: null }, wait)
  }

  /** @throws as {@link run}. */
  async runTests(change: Change, app: string, wait: boolean): Promise<RunRow> {
    await this.refresh()
    const commands = this.#app(app)
    const { command, report, timeoutMs } = commands.tests
    if (command === null)
      throw new Failure('not-found', `${app} has no tests that we know how to run`, {
        hint: 'Name the command in quantum.config.yaml, admin.tests.command.',
      })
    const [other] = this.#going(app, null)
    if (other !== undefined)
      throw new Failure('conflict', `The tests of ${app} run already`, {
        hint: `\`quantum-admin tests cancel ${other.run.slice(0, 8)}\` ends them.`,
      })
    const plan = { job: null, command: command.value, timeoutMs, report, scheduledFor: null } as const
    return this.#begin(change, commands, { ...plan, trigger: 'person' }, wait)
  }

  /** Runs a job whose time has come. @throws Failure `conflict` when it was run for that time, `not-found`. */
  async fire(change: Change, app: string, job: string, time: string): Promise<RunRow> {
    const { runs, store } = this.#deps
    const [commands, config] = await this.#job(app, job)
    const written = runs.all.find((one) => one.app === app && one.job === job && one.scheduledFor === time)
    if (written !== undefined) {
      if (written.pid !== null) throw new Failure('conflict', `${job} of ${app} runs for ${time} already`)
      return runRow(await runs.beginAgain(change, written.run, commands.environment))
    }
    const firing: Firing = { app, job, time: Date.parse(time) }
    if (await store.fired(firing))
      throw new Failure('conflict', `${job} of ${app} was run for ${time} already`)
    const plan = { ...ofJob(config), trigger: 'schedule', scheduledFor: time } as const
    const [other] = this.#going(app, job)
    if (other === undefined || config.overlap === 'allow')
      return this.#begin(change, commands, plan, false, firing)
    const reason = `the run before, since ${other.startedAt}, had not ended`
    const now = isoTime(this.#deps.clock.now())
    const skipped: StoredRun = {
      ...this.#drafted(change, commands, plan),
      state: 'skipped',
      reason,
      endedAt: now,
    }
    await store.begin(change, skipped, firing)
    await this.#prune(change, skipped)
    this.#moved()
    return runRow(skipped)
  }

  /** Lets a job's schedule count from now on as it is now, or no longer when it has none. */
  async schedule(change: Change, app: string, job: string): Promise<null> {
    const { store, clock } = this.#deps
    const commands = this.#apps.find((one) => one.app === app)
    const found = commands && this.#scheduled(commands).find((one) => one.job === job)
    if (found === undefined) await store.dropSchedule(change, { app, job })
    else {
      const { pattern, zone } = found
      await store.saveSchedule(change, { app, job, pattern, zone, until: clock.now() })
    }
    change.note({ schedule: found?.pattern ?? null, timezone: found?.zone ?? null })
    return null
  }

  /** @throws Failure `not-found`, `conflict` when it has ended already, `timeout`. */
  async cancel(change: Change, run: string, of: 'job' | 'tests'): Promise<RunRow> {
    const stored = await this.#find(run)
    if ((stored.job === null) !== (of === 'tests'))
      throw new Failure('not-found', `Run ${run} is one of ${of === 'tests' ? 'a job' : 'tests'}`)
    change.note({ app: stored.app, job: stored.job, command: stored.command })
    if (stored.endedAt !== null)
      throw new Failure('conflict', `Run ${run} has ended already: ${stored.state}`)
    return runRow(await this.#deps.runs.cancel(change, run))
  }

  /** Records how a run ended. @throws Failure `conflict` when it goes on, or that was done. */
  async settle(change: Change, run: string): Promise<RunRow> {
    return runRow(await this.#deps.runs.settle(change, run))
  }

  dispose(): void {
    clearInterval(this.#timer)
    for (const one of this.#listening) void one.dispose()
  }

  async #begin(
    change: Change,
    commands: AppCommands,
    plan: Plan,
    wait: boolean,
    firing: Firing | null = null,
  ): Promise<RunRow> {
    const { runs } = this.#deps
    const draft = this.#drafted(change, commands, plan)
    change.note({ run: draft.run, command: draft.command })
    const begun = await runs.begin(change, draft, commands.environment, firing)
    await this.#prune(change, begun)
    return runRow(wait ? await runs.ended(begun, change.signal) : begun)
  }

  #drafted({ actor }: Change, { app, folder }: AppCommands, plan: Plan): StoredRun {
    const { clock, newId } = this.#deps
    return {
      report: null,
      ...plan,
      run: newId(),
      app,
      folder,
      by: actor.name,
      pid: null,
      startKey: null,
      startedAt: isoTime(clock.now()),
      endedAt: null,
      state: 'running',
      reason: null,
      exitCode: null,
      signal: null,
      tests: null,
    }
  }

  /** Forgets the oldest runs of a job that has more than are kept. */
  async #prune(change: Change, { app, job }: StoredRun): Promise<void> {
    const { store, programs, filesOf, report } = this.#deps
    try {
      const sizes = new Map<string, number>()
      const runs = await store.history({ app, job }, 2 * keptRuns)
      for (const { run } of runs) {
        const { size } = await programs.outputFrom(filesOf(app, run), 0, 0, true)
        sizes.set(run, Math.min(size, longestOutput))
      }
      const old = tooMany(runs, sizes)
      for (const run of old) await programs.remove(change, filesOf(app, run))
      if (old.length > 0) await store.forget(change, old)
    } catch (error) {
      // That old runs could not be forgotten must not keep a new one from being told of.
      report(error)
    }
  }

  #going(app: string, job: string | null): readonly StoredRun[] {
    return this.#deps.runs.all.filter((one) => one.app === app && one.job === job)
  }

  async #runsOf(app: string, job: string | null): Promise<Pick<JobRow, 'running' | 'lastRun'>> {
    const running = this.#going(app, job).map(runRow)
    const newest = await this.#deps.store.history({ app, job }, running.length + 1)
    const last = newest.find(({ endedAt }) => endedAt !== null)
    return { running, lastRun: last === undefined ? null : runRow(last) }
  }

  async #jobRow(app: string, config: JobConfig): Promise<JobRow> {
    const { scheduler, zone } = this.#deps
    const { name: job, command, schedule, timeoutMs, overlap, missed } = config
    const next = scheduler.nextOf(app, job)
    return {
      app,
      job,
      command,
      schedule,
      timezone: schedule === null ? null : (config.timezone ?? zone()),
      timeoutMs,
      overlap,
      missed,
      nextRun: next === null ? null : isoTime(next),
      ...(await this.#runsOf(app, job)),
    }
  }

  #scheduled({ app, jobs }: AppCommands): readonly ScheduledJob[] {
    return (jobs ?? []).flatMap(({ name, schedule, timezone, missed }) =>
      schedule === null
        ? []
        : [{ app, job: name, pattern: schedule, zone: timezone ?? this.#deps.zone(), missed }],
    )
  }

  async #job(app: string, job: string): Promise<readonly [AppCommands, JobConfig]> {
    await this.refresh()
    const commands = this.#app(app)
    const config = commands.jobs?.find(({ name }) => name === job)
    if (config !== undefined) return [commands, config]
    throw new Failure('not-found', `${app} has no job ${job}`, {
      hint: '`quantum-admin jobs list` shows them all; they are named in quantum.config.yaml, admin.jobs.',
    })
  }

  #app(app: string): AppCommands {
    const found = this.#apps.find((one) => one.app === app)
    if (found !== undefined) return found
    throw new Failure('not-found', `There is no app ${app}`, {
      hint: '`quantum-admin apps list` shows them all; `quantum-admin apps add FOLDER` adds those of a folder.',
    })
  }

  #chosen(app: string | undefined): readonly AppCommands[] {
    return app === undefined ? this.#apps : [this.#app(app)]
  }

  async #find(run: string): Promise<StoredRun> {
    const found = this.#deps.runs.get(run) ?? (await this.#deps.store.run(run))
    if (found !== null) return found
    throw new Failure('not-found', `There is no run ${run}`, {
      hint: '`quantum-admin jobs history` and `quantum-admin tests history` show them.',
    })
  }

  #moved(): void {
    this.#version++
    this.changed.emit()
  }
}

type Plan = Pick<StoredRun, 'job' | 'command' | 'timeoutMs' | 'trigger' | 'scheduledFor'> &
  Partial<Pick<StoredRun, 'report'>>

const ofJob = ({ name, command, timeoutMs }: JobConfig) => ({ job: name, command, timeoutMs })
