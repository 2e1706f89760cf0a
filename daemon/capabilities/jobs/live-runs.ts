import { setTimeout as wait } from 'node:timers/promises'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Host, HostProcess, ProcessIdentity } from '../../adapters/host/host.ts'
import type { OutputBounds, Programs, RunFiles } from '../../adapters/process/programs.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppCommands } from './jobs-deps.ts'
import type { Firing, JobsStore, StoredRun } from './jobs-store.ts'
import { endedAs, type Interruption } from './run-ending.ts'

export interface LiveRunsDeps {
  readonly store: JobsStore
  readonly host: Pick<Host, 'process' | 'alive'>
  readonly programs: Programs
  readonly clock: Clock
  /** Where the files of a run are: a folder of its own. */
  readonly filesOf: (app: string, run: string) => RunFiles
  /** What tells the processes of a run from all others. */
  readonly tagOf: (run: string) => Readonly<Record<string, string>>
  /** The processes of each run, the oldest in front. */
  readonly processesOf: (
    runs: ReadonlyMap<string, number | null>,
  ) => Promise<ReadonlyMap<string, readonly HostProcess[]>>
  /** Ends all processes of a run. @returns whether any had to be killed. @throws Failure `timeout`. */
  readonly stop: (change: Change, run: StoredRun, leader: ProcessIdentity | null) => Promise<boolean>
  /** Records how a run ended, through the one door. */
  readonly settle: (run: string) => Promise<unknown>
  /** What else is to be kept of a run that has ended. */
  readonly conclude: (change: Change, run: StoredRun) => Promise<Partial<StoredRun>>
  readonly report: (error: unknown) => void
}

interface LiveRun {
  stored: StoredRun
  leader: ProcessIdentity | null
  /** It has no process yet, and is to get one. */
  beginning: boolean
  /** By the monotonic clock; null: it may take as long as it likes. */
  readonly deadline: number | null
  /** Settles when what was last done with it is done: one thing at a time. */
  busy: Promise<unknown>
  /** Until then, by the monotonic clock, nobody tries again to record how it ended. */
  quietUntil: number
  /** Settles when its output is bounded. */
  bounding: Promise<void>
  /** Its output is cut for the last time. */
  closing: boolean
  readonly ended: PromiseWithResolvers<StoredRun>
}

const tickMs = 100
/** A process made just before its daemon was killed may not carry its run's name yet. */
const bornMs = 300
/** When the end of a run could not be recorded, it is tried again after this time. */
const againMs = 2000
/** So many bytes are kept of what a run wrote. */
export const longestOutput = 8 * 1024 * 1024
/** While it goes on it may be more: a cut costs a process. */
const liveBounds: OutputBounds = { most: 4 * longestOutput, kept: longestOutput, begin: longestOutput / 4 }

/** The runs that go on: begun, watched, ended when their time is up, taken up from an earlier daemon. */
export class LiveRuns implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: LiveRunsDeps
  readonly #runs = new Map<string, LiveRun>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(deps: LiveRunsDeps) {
    this.#deps = deps
  }

  /**
   * Takes up the runs of an earlier daemon. @returns those of a schedule that were written and never begun: each is to be
   * begun again, or let go.
   */
  async open(): Promise<readonly StoredRun[]> {
    const { store, processesOf, programs, filesOf } = this.#deps
    const runs = await store.live()
    if (runs.some(({ pid }) => pid === null)) await wait(bornMs)
    const leaders = new Map(runs.map(({ run, pid }) => [run, pid]))
    const living = runs.length === 0 ? new Map<string, HostProcess[]>() : await processesOf(leaders)
    const unbegun: StoredRun[] = []
    for (const stored of runs) {
      const [leader] = living.get(stored.run) ?? []
      const live = this.#keep(stored, leader ?? null)
      if (leader !== undefined || stored.trigger === 'person') continue
      live.beginning = !(await programs.begun(filesOf(stored.app, stored.run)))
      if (live.beginning) unbegun.push(stored)
    }
    return unbegun
  }

  /** From now on what goes on is looked at. */
  start(): void {
    this.#schedule()
  }

  /** Lets one go that is not to be begun again: it is recorded as what it is. */
  letGo(run: string): void {
    const live = this.#runs.get(run)
    if (live !== undefined) live.beginning = false
  }

  get all(): readonly StoredRun[] {
    return [...this.#runs.values()].map(({ stored }) => stored)
  }

  get(run: string): StoredRun | undefined {
    return this.#runs.get(run)?.stored
  }

  /** Settles when a run has ended or nobody waits for it any more, with what is known of it then. */
  async ended(begun: StoredRun, signal: AbortSignal): Promise<StoredRun> {
    const live = this.#runs.get(begun.run)
    if (live === undefined) return (await this.#deps.store.run(begun.run)) ?? begun
    const leave = (): void => live.ended.resolve(live.stored)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await live.ended.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  /**
   * Begins a run. It is written before its process is made: were the daemon to end in between, the next one could not
   * know of it otherwise.
   * @throws Failure `conflict` when that firing was begun before, `job-failed` when the system makes no process.
   */
  async begin(
    change: Change,
    stored: StoredRun,
    environment: AppCommands['environment'],
    firing: Firing | null,
  ): Promise<StoredRun> {
    // It counts from here on, so that nobody begins another one meanwhile.
    const live = this.#keep(stored, null)
    live.beginning = true
    return this.#exclusively(live, async () => {
      try {
        await this.#deps.store.begin(change, stored, firing)
      } catch (error) {
        this.#runs.delete(stored.run)
        throw error
      }
      return this.#launch(change, live, environment)
    })
  }

  /** Begins one that was written before, and only that. @throws as {@link begin}. */
  async beginAgain(change: Change, run: string, environment: AppCommands['environment']): Promise<StoredRun> {
    const live = this.#live(run)
    return this.#exclusively(live, () => {
      if (live.leader !== null || live.stored.endedAt !== null || !this.#runs.has(run))
        throw new Failure('conflict', `Run ${run} was begun already`)
      return this.#launch(change, live, environment)
    })
  }

  /** Ends a run with all its processes. @throws Failure `not-found` when it does not go on, `timeout`. */
  async cancel(change: Change, run: string): Promise<StoredRun> {
    const live = this.#live(run)
    return this.#exclusively(live, async () => {
      if (live.stored.endedAt !== null) throw over(live.stored)
      await this.#deps.stop(change, live.stored, live.leader)
      return this.#record(change, live, 'cancelled')
    })
  }

  /** Records how a run ended; one whose time is up is ended first. @throws Failure `conflict` when it may go on. */
  async settle(change: Change, run: string): Promise<StoredRun> {
    const live = this.#live(run)
    const { clock, host, programs, processesOf, filesOf, stop } = this.#deps
    return this.#exclusively(live, async () => {
      const { stored } = live
      if (stored.endedAt !== null) throw over(stored)
      const alive = live.leader !== null && (await host.alive(live.leader))
      if (alive && !isDue(live, clock)) throw new Failure('conflict', `Run ${run} still goes on`)
      if (alive) {
        await stop(change, stored, live.leader)
        return this.#record(change, live, 'timeout')
      }
      if ((await programs.ending(filesOf(stored.app, run))) === null) {
        const [heir] = (await processesOf(new Map([[run, null]]))).get(run) ?? []
        if (heir !== undefined) {
          live.leader = heir
          throw new Failure('conflict', `Run ${run} still goes on in another process`)
        }
      }
      return this.#record(change, live, null)
    })
  }

  async dispose(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#looking
    await Promise.allSettled([...this.#runs.values()].map(({ busy }) => busy))
  }

  #live(run: string): LiveRun {
    const live = this.#runs.get(run)
    if (live === undefined) throw new Failure('not-found', `There is no run ${run} that goes on`)
    return live
  }

  #keep(stored: StoredRun, leader: ProcessIdentity | null): LiveRun {
    const { clock } = this.#deps
    const lived = Math.max(0, clock.now() - Date.parse(stored.startedAt))
    const { timeoutMs } = stored
    const live: LiveRun = {
      stored,
      leader,
      beginning: false,
      deadline: timeoutMs === null ? null : clock.monotonic() + Math.max(0, timeoutMs - lived),
      busy: Promise.resolve(),
      quietUntil: 0,
      bounding: Promise.resolve(),
      closing: false,
      ended: Promise.withResolvers(),
    }
    this.#runs.set(stored.run, live)
    return live
  }

  async #launch(change: Change, live: LiveRun, environment: AppCommands['environment']): Promise<StoredRun> {
    const { store, programs, host, clock, filesOf, tagOf } = this.#deps
    const { run, app, command, folder } = live.stored
    try {
      live.beginning = true
      const files = filesOf(app, run)
      await programs.prepare(change, files)
      const { pid } = await programs.start(change, {
        command,
        folder,
        environment: { ...(await environment()), ...tagOf(run) },
        files,
        once: true,
      })
      const startKey = (await host.process(pid))?.startKey ?? ''
      live.leader = { pid, startKey }
      live.stored = { ...live.stored, pid, startKey }
      await store.save(change, live.stored)
    } catch (error) {
      if (live.leader !== null) throw error
      const endedAt = isoTime(clock.now())
      await this.#finish(change, live, { ...live.stored, state: 'failed', reason: messageOf(error), endedAt })
      throw new Failure('job-failed', messageOf(error), { cause: error })
    } finally {
      live.beginning = false
      this.changed.emit()
      this.#schedule()
    }
    return live.stored
  }

  async #record(change: Change, live: LiveRun, interruption: Interruption | null): Promise<StoredRun> {
    const { programs, clock, filesOf, report, conclude } = this.#deps
    const files = filesOf(live.stored.app, live.stored.run)
    const ending = await programs.ending(files)
    const never = ending === null && !(await programs.begun(files))
    const ended = endedAs(ending, interruption, clock.now())
    const reason = never ? 'it never began, because the daemon ended first' : ended.reason
    let run: StoredRun = { ...live.stored, ...ended, reason }
    // One cut at a time: two of them would each take the file for what the other has made of it.
    live.closing = true
    await Promise.allSettled([live.bounding])
    try {
      await programs.trimOutput(files, longestOutput)
      run = { ...run, ...(await conclude(change, run)) }
    } catch (error) {
      // That its tests cannot be counted must not keep its end from being recorded.
      report(error)
    }
    change.note({ state: run.state, exitCode: run.exitCode, signal: run.signal, reason: run.reason })
    return this.#finish(change, live, run)
  }

  async #finish(change: Change, live: LiveRun, run: StoredRun): Promise<StoredRun> {
    await this.#deps.store.save(change, run)
    live.stored = run
    this.#runs.delete(run.run)
    live.ended.resolve(run)
    this.changed.emit()
    return run
  }

  #exclusively<T>(live: LiveRun, work: () => Promise<T>): Promise<T> {
    const done = live.busy.then(work)
    live.busy = done.catch(() => undefined)
    return done
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== undefined || this.#runs.size === 0) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#timer = undefined
        this.#schedule()
      })
    }, tickMs)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    for (const live of this.#runs.values()) {
      try {
        await this.#lookAt(live)
      } catch (error) {
        this.#deps.report(error)
      }
    }
  }

  async #lookAt(live: LiveRun): Promise<void> {
    const { host, clock, settle, report } = this.#deps
    const { run } = live.stored
    if (live.beginning || clock.monotonic() < live.quietUntil) return
    if (live.leader !== null && (await host.alive(live.leader)) && !isDue(live, clock))
      return this.#bound(live)
    live.quietUntil = Number.POSITIVE_INFINITY
    // It may take as long as the grace of a stop, and the others must not wait for it.
    void settle(run)
      .catch((error: unknown) => {
        if (!(error instanceof Failure && (error.code === 'conflict' || error.code === 'not-found')))
          report(error)
      })
      .finally(() => (live.quietUntil = clock.monotonic() + againMs))
  }

  async #bound(live: LiveRun): Promise<void> {
    const { programs, filesOf } = this.#deps
    const { app, run } = live.stored
    if (!live.closing) live.bounding = programs.boundOutput(filesOf(app, run), liveBounds)
    await live.bounding
  }
}

const isDue = ({ deadline }: LiveRun, clock: Clock): boolean =>
  deadline !== null && clock.monotonic() >= deadline

const over = ({ run, state }: StoredRun): Failure =>
  new Failure('conflict', `Run ${run} has ended already: ${state}`)
