import { isDeepStrictEqual } from 'node:util'
import type { AddedApps, AppDetail, AppEnvironment, AppOutput, AppRow } from '#contract/apps.ts'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { FolderWatcher } from '../../adapters/project/folder-watcher.ts'
import type { Change } from '../../kernel/execute.ts'
import { shownEnvironment } from './app-environment.ts'
import { AppEntries, plannedOf, type AppEntriesDeps, type Entry } from './app-entries.ts'
import { commandOf, healthOf, launchOf, type LaunchDeps } from './app-launch.ts'
import { nameFor } from './app-names.ts'
import { appDetail, appRow, outsider, pidsOf, type KnownApp, type Machine } from './app-rows.ts'
import type { RestartRule } from './app-run.ts'
import type { AddedApp, AppsStore } from './apps-store.ts'
import type { ComposeApps } from './compose-apps.ts'
import { containersOf, isComposed } from './compose-project.ts'
import { refuseCycle } from './dependencies.ts'
import type { FoundApps } from './find-apps.ts'
import type { FoundApp } from './found-app.ts'
import type { HealthCheck } from './readiness.ts'
import { startedWith } from './started-with.ts'
import type { Supervisor } from './supervisor.ts'

export interface AppsDeps extends LaunchDeps, AppEntriesDeps {
  readonly store: AppsStore
  readonly supervisor: Supervisor
  readonly composed: ComposeApps
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** All apps of a folder and what is wrong there. @throws Failure `not-found`. */
  readonly findIn: (folder: string) => Promise<FoundApps>
  /** What runs on the machine, looked at after this call. */
  readonly machine: () => Promise<Machine>
  /** The listeners of the machine alone. */
  readonly ports: () => Promise<Machine['ports']>
  /** Stops a process that was not started here. @throws what stopping a process does. */
  readonly stopProcess: (change: Change, shown: { pid: number; startedAt: string }) => Promise<unknown>
  /** The file that what an app writes goes to, and at most so many of its last lines. */
  readonly writtenBy: (app: string, lines: number) => Promise<AppOutput>
  /** Starts an app in the daemon's own name, through the one door. */
  readonly startByRule: (app: string) => Promise<unknown>
  readonly watcher: FolderWatcher
  /** Told of what went wrong where nobody asked. */
  readonly report: (error: unknown) => void
}

/** A folder is looked into again after this time, in milliseconds. */
const keptMs = 2000
const shownLines = 10
/** A picture of the machine is as good as a new one for so long, in milliseconds. */
const freshMs = 200
const nothing: Machine = {
  ports: [],
  processes: [],
  containers: [],
  engine: { state: 'absent', reason: null },
}
const defaultRule: RestartRule = { policy: 'on-failure', backoffMs: 1000, limit: 5 }

/** The apps that were added: what they are, what runs of them, and what is done with them. */
export class AppsService implements Owned {
  readonly changed = new Emitter<void>()
  /** Apps were added or removed: what belongs to which is to be joined anew. */
  readonly peopled = new Emitter<void>()
  readonly #deps: AppsDeps
  readonly #entries: AppEntries
  readonly #life = new Lifetime()
  #rows: readonly AppRow[] = []
  #owners: ReadonlyMap<number, string> = new Map()
  #version = 0

  constructor(deps: AppsDeps) {
    this.#deps = deps
    this.#entries = new AppEntries(deps)
  }

  /** Takes up the apps that were added before this start, and what of them still runs. */
  async open(): Promise<void> {
    const { store, supervisor, composed, watcher } = this.#deps
    const starts = await store.starts()
    for (const added of await store.list()) await this.#entries.keep(added, starts.get(added.name) ?? null)
    await supervisor.open(await store.runs())
    this.#life.own(supervisor.changed.on(() => this.#moved()))
    this.#life.own(composed.changed.on(() => this.#moved()))
    this.#life.own(watcher.changed.on((folder) => void this.#lookAgain(folder)))
    this.#watch()
    this.#moved()
  }

  /** Starts the apps that are to run whenever the daemon does. It never rejects. */
  async startUnasked(): Promise<void> {
    const asked = this.#entries.all.filter(({ found }) => found?.autostart === true)
    const results = await Promise.allSettled(asked.map(({ added }) => this.#deps.startByRule(added.name)))
    for (const result of results) if (result.status === 'rejected') this.#deps.report(result.reason)
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** When an app that ended by itself is started again. */
  ruleOf = (app: string): RestartRule => this.#plan(app)?.restart ?? defaultRule

  /** How an app says that it is well; null when it does not. */
  healthOf = (app: string): HealthCheck | null => healthOf(this.#plan(app))

  /** The app that a process belongs to, as last seen. */
  appOf = (pid: number): string | null => this.#owners.get(pid) ?? null

  /** The app that has a folder. */
  appOfFolder = (folder: string): string | null => this.#entries.inFolder(folder)?.added.name ?? null

  /** All apps by name. */
  async list(): Promise<{ readonly revision: string; readonly rows: readonly AppRow[] }> {
    await Promise.all(this.#entries.all.map((entry) => this.#entries.refresh(entry, keptMs)))
    const machine = await this.#deps.machine()
    const rows = this.#known.map((app) => appRow(app, machine))
    this.observe(machine.processes)
    if (!isDeepStrictEqual(rows, this.#rows)) {
      this.#rows = rows
      this.#version++
    }
    return { revision: this.revision, rows }
  }

  /** @throws Failure `not-found`. */
  async show(name: string): Promise<AppDetail> {
    const entry = this.#entries.get(name)
    await this.#entries.refresh(entry, 0)
    const { file, lines } = await this.output(name, shownLines)
    return appDetail(this.#knownOf(entry), await this.#deps.machine(), { output: file, lastLines: lines })
  }

  /** The last lines of what an app wrote. @throws Failure `not-found`. */
  async output(name: string, lines: number): Promise<AppOutput> {
    const entry = this.#entries.get(name)
    const wrote = entry.startedWith !== null || this.#deps.supervisor.run(name) !== null
    return wrote ? this.#deps.writtenBy(name, lines) : { file: null, lines: [] }
  }

  /** What a terminal of the app is to have in its environment. @throws Failure `not-found`. */
  async environment(name: string): Promise<AppEnvironment> {
    const entry = this.#entries.get(name)
    await this.#entries.refresh(entry, 0)
    const { port } = await this.#row(name)
    return shownEnvironment({ name, port }, plannedOf(entry))
  }

  /** Tells which app each process belongs to. @returns whether that is another than before. */
  observe(processes: Machine['processes']): boolean {
    const owners = new Map<number, string>()
    for (const app of this.#known) for (const pid of pidsOf(app, { processes })) owners.set(pid, app.name)
    const same = isDeepStrictEqual(owners, this.#owners)
    this.#owners = owners
    return !same
  }

  /** Says that containers have changed, which may be those of an app. */
  observeContainers(): void {
    if (this.#known.some(({ planned }) => planned?.kind === 'compose')) this.#moved()
  }

  /** Adds the apps of a folder. @throws Failure `not-found` when there is none. */
  async add(change: Change, folder: string): Promise<AddedApps> {
    const { findIn, store, clock } = this.#deps
    const { apps: found, problems } = await findIn(folder)
    if (found.length === 0)
      throw new Failure('not-found', `There is no app in ${folder}`, {
        hint: 'An app has a quantum.config.yaml, a package.json with a script, a compose file or the like.',
      })
    const fresh: AddedApp[] = []
    const taken = new Set(this.#entries.names)
    for (const app of found) {
      if (this.#entries.inFolder(app.folder) !== undefined) continue
      const name = nameFor(app.name, app.folder, await this.#entries.branchOf(app.folder), taken)
      taken.add(name)
      fresh.push({ name, folder: app.folder, addedAt: isoTime(clock.now()) })
    }
    if (fresh.length > 0) await store.add(change, fresh)
    change.note({ added: fresh.map(({ name, folder: path }) => ({ name, folder: path })) })
    for (const added of fresh) await this.#entries.keep(added, null)
    this.#watch()
    this.#moved()
    const folders = new Set(found.map((app) => app.folder))
    return { rows: (await this.list()).rows.filter((row) => folders.has(row.folder)), problems }
  }

  /** @throws Failure `not-found`, `conflict` while it runs. */
  remove(change: Change, name: string): Promise<null> {
    const entry = this.#entries.get(name)
    return this.#entries.exclusively(entry, async () => {
      const runs = isComposed(plannedOf(entry))
        ? (await this.#projectOf(entry)).length > 0
        : this.#deps.supervisor.run(name)?.leader
      if (runs)
        throw new Failure('conflict', `${name} runs`, {
          hint: `Run \`quantum-admin apps stop ${name}\` first.`,
        })
      await this.#deps.store.remove(change, name)
      this.#entries.delete(name)
      this.#deps.supervisor.forget(name)
      this.#deps.composed.forget(name)
      this.#watch()
      change.note({ old: entry.added, new: null })
      return null
    })
  }

  /**
   * Starts an app, and before it what it depends on; one that runs already stays as it is.
   * @throws Failure `not-found`, `app-invalid`, `app-failed`, `conflict` when somebody else runs it, and what a lease
   * throws.
   */
  async start(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entries.get(name)
    // Begun now, since it does not depend on what the folder says; used unless others were waited for meanwhile.
    const look = this.#lookForOutsiders(entry)
    // When what is needed does not start, nobody asks what this look has found.
    look.catch(() => undefined)
    await this.#startNeeded(entry)
    await this.#entries.exclusively(entry, async () => {
      const { machine, at } = await look
      if (this.#deps.supervisor.run(name)?.leader) return change.note({ already: 'running' })
      const fresh = this.#deps.clock.monotonic() - at <= freshMs
      this.#refuseOutsiders(entry, fresh ? machine : (await this.#lookForOutsiders(entry)).machine)
      await this.#launch(change, entry, entry.found, false)
    })
    return this.#whenReady(change, name)
  }

  /** Stops all of an app. @throws Failure `not-found`, `timeout`. */
  async stop(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entries.get(name)
    await this.#entries.exclusively(entry, () => this.#end(change, entry))
    return this.#row(name)
  }

  /** Stops and starts an app, whoever started it. @throws as {@link start} and {@link stop}. */
  async restart(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entries.get(name)
    await this.#entries.exclusively(entry, async () => {
      // What cannot be started is not stopped either.
      commandOf(await this.#entries.refresh(entry, 0), name)
      await this.#end(change, entry)
      await this.#launch(change, entry, entry.found, false)
    })
    return this.#whenReady(change, name)
  }

  /**
   * Starts an app again that waits for it, if need be with the configuration that could last be understood: it must not
   * stay away because somebody is editing. @throws Failure `conflict` when it does not wait.
   */
  async recover(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entries.get(name)
    await this.#entries.exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.state !== 'waiting')
        throw new Failure('conflict', `${name} does not wait to be started again`)
      await this.#entries.refresh(entry, 0)
      await this.#launch(change, entry, entry.found === null ? null : plannedOf(entry), true)
    })
    return this.#whenReady(change, name)
  }

  async dispose(): Promise<void> {
    await this.#life.dispose()
    await Promise.allSettled(this.#entries.all.map(({ busy }) => busy))
  }

  #plan(name: string): FoundApp | null {
    const entry = this.#entries.find(name)
    return entry === undefined ? null : plannedOf(entry)
  }

  /** Each app that is needed starts those that it needs itself. */
  async #startNeeded(entry: Entry): Promise<void> {
    await this.#entries.refresh(entry, 0)
    refuseCycle(entry.added.name, (name) => this.#entries.get(name).found?.dependsOn ?? [])
    for (const needed of entry.found?.dependsOn ?? []) await this.#deps.startByRule(needed)
  }

  /** A look at the listeners costs a fraction of one at all processes and containers. */
  async #lookForOutsiders(entry: Entry): Promise<{ readonly machine: Machine; readonly at: number }> {
    const { clock, machine, ports } = this.#deps
    const at = clock.monotonic()
    if (isComposed(plannedOf(entry))) return { machine: await machine(), at }
    return { machine: { ...nothing, ports: await ports() }, at }
  }

  #refuseOutsiders(entry: Entry, machine: Machine): void {
    const { name } = entry.added
    const row = appRow(this.#knownOf(entry), machine)
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

  async #projectOf(entry: Entry): Promise<readonly unknown[]> {
    const { containers } = await this.#deps.machine()
    return containersOf(entry.added, containers).project
  }

  async #whenReady(change: Change, name: string): Promise<AppRow> {
    await this.#deps.supervisor.ready(change.signal, name)
    return this.#row(name)
  }

  async #endOutsiders(change: Change, entry: Entry): Promise<void> {
    const { machine, stopProcess } = this.#deps
    const { pid = null, startedAt = null, command } = outsider(this.#knownOf(entry), await machine()) ?? {}
    if (pid === null || startedAt === null) return
    await stopProcess(change, { pid, startedAt })
    change.note({ external: { pid, command } })
  }

  async #row(name: string): Promise<AppRow> {
    const { rows } = await this.list()
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw new Failure('not-found', `There is no app ${name}`)
    return row
  }

  get #known(): readonly KnownApp[] {
    return this.#entries.all.map((entry) => this.#knownOf(entry))
  }

  #knownOf(entry: Entry): KnownApp {
    const { supervisor, composed } = this.#deps
    const { added, branch, found } = entry
    return {
      name: added.name,
      folder: added.folder,
      branch,
      found,
      planned: plannedOf(entry),
      run: supervisor.run(added.name),
      phase: composed.phase(added.name),
      startedWith: entry.startedWith,
    }
  }

  #watch(): void {
    this.#deps.watcher.watch(this.#entries.all.map(({ added }) => added.folder))
    this.peopled.emit()
  }

  /** Looks into a folder in which something was changed. It never rejects. */
  async #lookAgain(folder: string): Promise<void> {
    const entry = this.#entries.inFolder(folder)
    if (entry === undefined) return
    const before = entry.found
    try {
      await this.#entries.refresh(entry, 0)
    } catch (error) {
      this.#deps.report(error)
    }
    if (!isDeepStrictEqual(before, entry.found)) this.#moved()
  }

  #moved(): void {
    this.#version++
    this.changed.emit()
  }
}
