import { setTimeout as wait } from 'node:timers/promises'
import { uptime } from 'node:os'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { AppExit } from '#contract/apps.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Host, HostProcess, ProcessIdentity } from '../../adapters/host/host.ts'
import type { Programs, ProgramSpec, RunFiles } from '../../adapters/process/programs.ts'
import type { Change } from '../../kernel/execute.ts'
import { exitOf, pauseAfter, restartsAfter, type AppRun, type RestartRule } from './app-run.ts'
import type { AppsStore, StoredRun } from './apps-store.ts'
import { exitHint } from './exit-hint.ts'
import { ReadinessWatch, type ReadinessWatchDeps } from './readiness-watch.ts'
import { runVariable, type RunProcesses } from './run-processes.ts'
import { stopAll } from './stop-run.ts'

export interface SupervisorDeps extends ReadinessWatchDeps {
  readonly store: AppsStore
  readonly host: Host
  readonly programs: Programs
  readonly processes: RunProcesses
  readonly newId: () => string
  /** Where the files of an app's run are. */
  readonly filesOf: (app: string, run: string) => RunFiles
  readonly ruleOf: (app: string) => RestartRule
  /** Starts an app again through the one door. */
  readonly recover: (app: string, reason: string) => Promise<unknown>
  /** How long an app may take to end by itself, in milliseconds. */
  readonly graceMs: number
}

/** What is to be run. */
export interface Start {
  readonly app: string
  readonly command: string
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly port: number | null
}

const tickMs = 100
/** What it writes is kept within bounds by a look this often. */
const outputMs = 1000
/** Of the end of what it wrote. */
const hintBytes = 1024
/** A process made just before its daemon was killed may not carry its run's name yet. */
const bornMs = 300

/** Starts apps, sees how they fare and starts them again. What runs is asked of the machine, never remembered. */
export class Supervisor implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: SupervisorDeps
  readonly #runs = new Map<string, AppRun>()
  readonly #readiness: ReadinessWatch
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false
  #boundedAt = 0

  constructor(deps: SupervisorDeps) {
    this.#deps = deps
    this.#readiness = new ReadinessWatch(deps, () => this.#announce())
  }

  /** Takes up the runs of an earlier daemon: what lives goes on, what ended meanwhile is treated as its rule says. */
  async open(runs: readonly StoredRun[]): Promise<void> {
    const leaders = new Map(runs.map(({ run, pid }) => [run, pid]))
    if (runs.some(({ pid, wanted }) => pid === null && wanted === 'running')) await wait(bornMs)
    const living =
      runs.length === 0 ? new Map<string, HostProcess[]>() : await this.#deps.processes.of(leaders)
    for (const stored of runs) await this.#adopt(stored, living.get(stored.run) ?? [])
    this.#schedule()
  }

  run(app: string): AppRun | null {
    return this.#runs.get(app) ?? null
  }

  /** How many apps have processes, or will have again. */
  get managed(): number {
    return [...this.#runs.values()].filter(({ leader, due }) => leader !== null || due !== null).length
  }

  /** The leaders of what runs, by app. */
  get leaders(): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const [app, { leader }] of this.#runs) if (leader !== null) found.set(app, leader.pid)
    return found
  }

  /**
   * Starts an app that does not run. @param again - whether that is its restart rule's doing.
   * @throws Failure `app-failed` when the system makes no process.
   */
  async start(change: Change, start: Start, again: boolean): Promise<void> {
    const before = this.#runs.get(start.app)
    if (before !== undefined) await this.#clear(change, before)
    const stored: StoredRun = {
      app: start.app,
      run: this.#deps.newId(),
      pid: null,
      startKey: null,
      port: start.port,
      startedAt: isoTime(this.#deps.clock.now()),
      wanted: 'running',
      restarts: again && before !== undefined ? restartsAfter(before) : 0,
    }
    try {
      this.#runs.set(start.app, this.#born(...(await this.#launch(change, start, stored))))
    } catch (error) {
      const failed = { ...stored, wanted: 'stopped' } as const
      this.#runs.set(start.app, { ...this.#born(failed, null), state: 'failed', reason: messageOf(error) })
      await this.#deps.store.saveRun(change, failed)
      throw error
    } finally {
      this.#announce()
    }
  }

  /**
   * Waits until an app is ready, or has taken 30 seconds; then it counts as running, and its reason says what is missing.
   * @throws Failure `app-failed` when it ends before that.
   */
  async ready(signal: AbortSignal, app: string): Promise<void> {
    const run = this.#runs.get(app)
    if (run === undefined) return
    while (run.state === 'starting') {
      if (signal.aborted || this.#closed) return
      await wait(tickMs / 4)
    }
    if (run.exit !== null && run.state !== 'stopped')
      throw new Failure('app-failed', `${app} did not start: ${run.exit.reason}`)
  }

  /** Ends all processes of an app and what was to happen to it. */
  async stop(change: Change, app: string): Promise<void> {
    const run = this.#runs.get(app)
    if (run === undefined) return
    run.due = null
    run.stored = { ...run.stored, wanted: 'stopped' }
    await this.#deps.store.saveRun(change, run.stored)
    if (run.leader === null) {
      await this.#clear(change, run)
      run.state = 'stopped'
    } else await this.#end(change, run)
    this.#announce()
  }

  /** Forgets an app that does not run. */
  forget(app: string): void {
    this.#runs.delete(app)
    this.#announce()
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  async #launch(
    change: Change,
    { command, folder, environment }: Start,
    stored: StoredRun,
  ): Promise<[StoredRun, ProcessIdentity, number]> {
    const { store, programs, host, filesOf } = this.#deps
    // Were the daemon to end right after the start, the next one could not know of a run that was not written.
    const files = filesOf(stored.app, stored.run)
    await Promise.all([store.saveRun(change, stored), programs.prepare(change, files)])
    const spec: ProgramSpec = {
      command,
      folder,
      environment: { ...environment, [runVariable]: stored.run },
      files,
    }
    const { pid, outputFrom } = await programs.start(change, spec)
    const startKey = (await host.process(pid))?.startKey ?? ''
    const known = { ...stored, pid, startKey }
    await store.saveRun(change, known)
    return [known, { pid, startKey }, outputFrom]
  }

  #born(stored: StoredRun, leader: ProcessIdentity | null, outputFrom = 0): AppRun {
    const since = this.#deps.clock.monotonic()
    const fresh = {
      reason: null,
      others: [],
      exit: null,
      due: null,
      empty: false,
      note: null,
      missing: null,
      asked: 0,
      asking: false,
    }
    return { stored, state: 'starting', leader, since, outputFrom, ...fresh }
  }

  /** Ends what an earlier run has left behind. */
  async #clear(change: Change, run: AppRun): Promise<void> {
    if (run.empty) return
    await stopAll(this.#deps, change, run)
    run.leader = null
    run.empty = true
  }

  async #end(change: Change, run: AppRun): Promise<void> {
    const { programs, clock, filesOf } = this.#deps
    run.state = 'stopping'
    run.reason = null
    this.#announce()
    let killed = false
    try {
      killed = await stopAll(this.#deps, change, run)
    } catch (error) {
      run.state = 'running'
      run.reason = messageOf(error)
      throw error
    }
    const ending = await programs.ending(filesOf(run.stored.app, run.stored.run))
    run.leader = null
    run.others = []
    run.empty = true
    run.exit = exitOf(ending, run.stored, clock.now())
    if (killed) run.exit = { ...run.exit, reason: 'it was killed, because it had not ended when asked to' }
    run.state = 'stopped'
    run.reason = killed ? run.exit.reason : null
  }

  /** What it wrote last often says why it ended. */
  async #explained({ stored, outputFrom }: AppRun, exit: AppExit): Promise<AppExit> {
    if (exit.code === 0 || exit.code === null) return exit
    const { programs, filesOf } = this.#deps
    const written = await programs.lastOutput(filesOf(stored.app, stored.run), hintBytes, outputFrom)
    const hint = exitHint(exit.code, written)
    return hint === null ? exit : { ...exit, reason: `${exit.reason}: ${hint}` }
  }

  async #adopt(stored: StoredRun, living: readonly HostProcess[]): Promise<void> {
    const { clock, programs, filesOf } = this.#deps
    const recorded = living.find(({ pid, startKey }) => pid === stored.pid && startKey === stored.startKey)
    const leader = recorded ?? living[0] ?? null
    const run: AppRun = {
      ...this.#born(stored, leader === null ? null : identityOf(leader)),
      state: leader === null ? 'stopped' : 'running',
    }
    this.#runs.set(stored.app, run)
    if (leader !== null) {
      // Who descends from the leader is found below it; whoever else goes on is remembered beside it.
      run.others = living.filter(({ pid }) => pid !== leader.pid).map(identityOf)
      return
    }
    const ending = await programs.ending(filesOf(stored.app, stored.run))
    run.exit = exitOf(ending, stored, clock.now())
    // What a stop of the machine has ended is started again by whoever wants it.
    const booted = clock.now() - uptime() * 1000
    if (stored.wanted === 'running' && Date.parse(stored.startedAt) > booted) this.#settle(run)
  }

  /** Decides what becomes of an app that ended by itself. */
  #settle(run: AppRun): void {
    const { clock, ruleOf } = this.#deps
    const rule = ruleOf(run.stored.app)
    const pause = pauseAfter(run, rule)
    const finished = run.exit?.code === 0
    run.reason = run.exit?.reason ?? null
    if (run.stored.wanted === 'stopped') run.state = 'stopped'
    else if (pause !== null) {
      run.state = 'waiting'
      run.reason = `${run.reason ?? 'it ended'}; it is started again (${restartsAfter(run)} of ${rule.limit})`
      run.due = clock.monotonic() + pause
    } else {
      run.state = finished ? 'stopped' : 'failed'
      if (!finished && run.stored.restarts > 0)
        run.reason = `${run.reason ?? ''}; it was started again ${run.stored.restarts} times`
    }
  }

  #announce(): void {
    this.changed.emit()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== undefined || this.managed === 0) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#timer = undefined
        this.#schedule()
      })
    }, tickMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const runs = [...this.#runs.values()]
    const looks = await Promise.allSettled(runs.map((run) => this.#lookAt(run)))
    for (const look of looks) if (look.status === 'rejected') this.#deps.report(look.reason)
    await this.#boundOutputs(runs)
  }

  async #lookAt(run: AppRun): Promise<void> {
    const { host, clock } = this.#deps
    const { leader } = run
    if (run.due !== null && run.due <= clock.monotonic()) {
      run.due = null
      // Its readiness is seen by this very look, which must not wait for it.
      void this.#recover(run)
    } else if (leader !== null && (run.state === 'starting' || run.state === 'running')) {
      if (!(await host.alive(leader))) await this.#leaderless(run)
      else this.#readiness.look(run)
    }
  }

  /** Nobody reads what a flood writes, and nobody has the disk for it. */
  async #boundOutputs(runs: readonly AppRun[]): Promise<void> {
    const { clock, programs, filesOf, report } = this.#deps
    if (clock.monotonic() - this.#boundedAt < outputMs) return
    this.#boundedAt = clock.monotonic()
    for (const { leader, stored } of runs) {
      if (leader === null) continue
      try {
        await programs.boundOutput(filesOf(stored.app, stored.run))
      } catch (error) {
        report(error)
      }
    }
  }

  async #recover(run: AppRun): Promise<void> {
    try {
      await this.#deps.recover(run.stored.app, run.exit?.reason ?? 'it ended')
    } catch (error) {
      // Whoever is not started fails by its own account; what else went wrong is told, and it waits no longer.
      if (run.state === 'waiting') {
        run.state = 'failed'
        run.reason = `it could not be started again: ${messageOf(error)}`
        this.#announce()
      }
      this.#deps.report(error)
    }
  }

  /** Its first process has ended: either others go on in its place, or the app has ended. */
  async #leaderless(run: AppRun): Promise<void> {
    const { processes, programs, clock, filesOf } = this.#deps
    const { run: id, app } = run.stored
    const [living, ending] = await Promise.all([
      processes.of(new Map([[id, null]])),
      programs.ending(filesOf(app, id)),
    ])
    const [heir, ...others] = living.get(id) ?? []
    if (run.state !== 'starting' && run.state !== 'running') return
    if (heir !== undefined && (ending === null || ending.code === 0)) {
      run.leader = identityOf(heir)
      run.others = others.map(identityOf)
      run.note = 'its first process has ended; others of it go on'
      run.reason ??= run.note
    } else {
      run.leader = null
      run.others = []
      run.empty = heir === undefined
      run.exit = await this.#explained(run, exitOf(ending, run.stored, clock.now()))
      this.#settle(run)
    }
    this.#announce()
  }
}

const identityOf = ({ pid, startKey }: ProcessIdentity): ProcessIdentity => ({ pid, startKey })
