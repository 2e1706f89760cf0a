import { Failure } from '#base/failure.ts'
import type { Change } from '../../kernel/execute.ts'
import { plannedOf, type AppEntries, type Entry } from './app-entries.ts'
import { commandOf, healthOf, launchOf } from './app-launch.ts'
import type { Machine } from './app-rows.ts'
import type { AppsDeps } from './apps-service.ts'
import { isComposed } from './compose-project.ts'
import { refuseCycle } from './dependencies.ts'
import type { FoundApp } from './found-app.ts'
import type { KnownApps } from './known-apps.ts'
import { startedWith } from './started-with.ts'

export interface AppControlDeps extends AppsDeps {
  readonly entries: AppEntries
  readonly known: KnownApps
}

/** Looks at what there is, begun at one moment by the monotonic clock. */
interface Looks {
  readonly at: number
  readonly folder: Promise<unknown>
  readonly machine: Promise<Machine>
}

/** A look that is no older, in milliseconds, is one of now. */
const freshMs = 200
const nothing: Machine = {
  ports: [],
  processes: [],
  containers: [],
  engine: { state: 'absent', reason: null },
}

/** What is done with an app: started, stopped, started again. One thing at a time. */
export class AppControl {
  readonly #deps: AppControlDeps
  /** Looks that were begun ahead of a start, by app. */
  readonly #ahead = new Map<string, Looks>()

  constructor(deps: AppControlDeps) {
    this.#deps = deps
  }

  /** Begins the looks that a start needs. */
  lookAhead(name: string): void {
    const entry = this.#deps.entries.find(name)
    if (entry !== undefined) this.#ahead.set(name, this.#look(entry))
  }

  /**
   * Starts an app, and before it what it depends on; one that runs already stays as it is.
   * @throws Failure `not-found`, `app-invalid`, `app-failed`, `conflict` when somebody else runs it, and what a lease
   * throws.
   */
  async start(change: Change, name: string): Promise<void> {
    const entry = this.#deps.entries.get(name)
    const looks = this.#ahead.get(name) ?? this.#look(entry)
    this.#ahead.delete(name)
    await looks.folder
    await this.#startNeeded(entry)
    await this.#deps.entries.exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.leader) return change.note({ already: 'running' })
      // Others may have been waited for meanwhile.
      const fresh = this.#deps.clock.monotonic() - looks.at <= freshMs
      this.#refuseOutsiders(entry, await (fresh ? looks.machine : this.#machineFor(entry)))
      await this.#launch(change, entry, entry.found, false)
    })
    await this.#deps.supervisor.ready(change.signal, name)
  }

  /** Stops all of an app. @throws Failure `not-found`, `timeout`. */
  async stop(change: Change, name: string): Promise<void> {
    const entry = this.#deps.entries.get(name)
    await this.#deps.entries.exclusively(entry, () => this.#end(change, entry))
  }

  /** Stops and starts an app, whoever started it. @throws as {@link start} and {@link stop}. */
  async restart(change: Change, name: string): Promise<void> {
    const entry = this.#deps.entries.get(name)
    await this.#deps.entries.exclusively(entry, async () => {
      // What cannot be started is not stopped either.
      commandOf(await this.#deps.entries.refresh(entry, 0), name)
      await this.#end(change, entry)
      await this.#launch(change, entry, entry.found, false)
    })
    await this.#deps.supervisor.ready(change.signal, name)
  }

  /**
   * Starts an app again that waits for it, if need be with the configuration that could last be understood: it must not
   * stay away because somebody is editing. @throws Failure `conflict` when it does not wait.
   */
  async recover(change: Change, name: string): Promise<void> {
    const entry = this.#deps.entries.get(name)
    await this.#deps.entries.exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.state !== 'waiting')
        throw new Failure('conflict', `${name} does not wait to be started again`)
      await this.#deps.entries.refresh(entry, 0)
      await this.#launch(change, entry, entry.found === null ? null : plannedOf(entry), true)
    })
    await this.#deps.supervisor.ready(change.signal, name)
  }

  /** Each app that is needed starts those that it needs itself. */
  async #startNeeded(entry: Entry): Promise<void> {
    refuseCycle(entry.added.name, (name) => this.#deps.entries.get(name).found?.dependsOn ?? [])
    for (const needed of entry.found?.dependsOn ?? []) await this.#deps.startByRule(needed)
  }

  #look(entry: Entry): Looks {
    const at = this.#deps.clock.monotonic()
    const looks = { at, folder: this.#deps.entries.refresh(entry, 0), machine: this.#machineFor(entry) }
    // It may come that nobody asks what was found.
    for (const look of [looks.folder, looks.machine]) look.catch(() => undefined)
    return looks
  }

  /** A look at the listeners costs a fraction of one at all processes and containers. */
  async #machineFor(entry: Entry): Promise<Machine> {
    const { machine, ports } = this.#deps
    return isComposed(plannedOf(entry)) ? machine() : { ...nothing, ports: await ports() }
  }

  #refuseOutsiders(entry: Entry, machine: Machine): void {
    const { name } = entry.added
    const row = this.#deps.known.row(entry, machine)
    if (row.state !== 'external') return
    throw new Failure('conflict', `${name} is run already, and not by us: ${row.reason ?? ''}`, {
      hint: `\`quantum-admin apps restart ${name}\` stops it and starts the app.`,
    })
  }

  async #launch(change: Change, entry: Entry, found: FoundApp | null, again: boolean): Promise<void> {
    const { supervisor, composed } = this.#deps
    const { name, folder } = entry.added
    const launch = await launchOf(this.#deps, change, { name, folder }, found)
    change.note({ command: launch.command, port: launch.port })
    const start = { app: name, folder, ...launch }
    const [started, saved] = await Promise.allSettled([
      isComposed(found)
        ? composed.start(change, { ...start, health: healthOf(found) })
        : supervisor.start(change, start, again),
      found === null ? null : this.#keepStart(change, entry, found),
    ])
    if (started.status === 'rejected') throw started.reason
    if (saved.status === 'rejected') throw saved.reason
  }

  async #keepStart(change: Change, entry: Entry, found: FoundApp): Promise<void> {
    entry.startedWith = startedWith(found)
    await this.#deps.store.saveStart(change, entry.added.name, entry.startedWith)
  }

  async #end(change: Change, entry: Entry): Promise<void> {
    const { supervisor, composed } = this.#deps
    const { name, folder } = entry.added
    await this.#endOutsiders(change, entry)
    await supervisor.stop(change, name)
    const planned = plannedOf(entry)
    if (!isComposed(planned)) return
    const launch = await launchOf(this.#deps, change, { name, folder }, planned)
    await composed.stop(change, { app: name, folder, ...launch, health: null }, entry.found === null)
  }

  async #endOutsiders(change: Change, entry: Entry): Promise<void> {
    const { known, machine, stopProcess } = this.#deps
    const stranger = known.strangerOf(entry.added.name, await machine())
    const { pid = null, startedAt = null, command } = stranger ?? {}
    if (pid === null || startedAt === null) return
    await stopProcess(change, { pid, startedAt })
    change.note({ external: { pid, command } })
  }
}
