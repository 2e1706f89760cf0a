import { isDeepStrictEqual } from 'node:util'
import type { AddedApps, AppDetail, AppEnvironment, AppOutput, AppRow } from '#contract/apps.ts'
import { isoTime } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { FolderWatcher } from '../../adapters/project/folder-watcher.ts'
import type { Change } from '../../kernel/execute.ts'
import { appChecks, standingOf, type AppChecks, type AppStanding } from './app-checks.ts'
import { commandsOf, type AppCommands, type AppLogs } from './app-commands.ts'
import { AppControl } from './app-control.ts'
import { appDatasources, type AppDatasources } from './app-datasources.ts'
import { shownEnvironment } from './app-environment.ts'
import { AppEntries, plannedOf, type AppEntriesDeps, type Entry } from './app-entries.ts'
import { healthOf, type LaunchDeps } from './app-launch.ts'
import { nameFor } from './app-names.ts'
import { appDetail, appUsage, pidsOf, type Machine } from './app-rows.ts'
import type { RestartRule } from './app-run.ts'
import type { AddedApp, AppsStore } from './apps-store.ts'
import type { ComposeApps } from './compose-apps.ts'
import { containersOf, isComposed, projectState, shownContainers } from './compose-project.ts'
import type { FoundApps } from './find-apps.ts'
import type { FoundApp } from './found-app.ts'
import { KnownApps } from './known-apps.ts'
import type { HealthCheck } from './readiness.ts'
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
const nowhere: AppStanding = { state: null, reason: null, planned: false, isAgain: false, run: null }
const defaultRule: RestartRule = { policy: 'on-failure', backoffMs: 1000, limit: 5 }

/** The apps that were added: what they are, what runs of them, and what is done with them. */
export class AppsService implements Owned {
  readonly changed = new Emitter<void>()
  /** Apps were added or removed: what belongs to which is to be joined anew. */
  readonly peopled = new Emitter<void>()
  /** Something was changed in the folder of this app that may tell what it is. */
  readonly touched = new Emitter<string>()
  readonly #deps: AppsDeps
  readonly #entries: AppEntries
  readonly #known: KnownApps
  readonly #control: AppControl
  readonly #life = new Lifetime()
  #rows: readonly AppRow[] = []
  #owners: ReadonlyMap<number, string> = new Map()
  /** Settles when those that were added last are there. */
  #adding: Promise<unknown> = Promise.resolve()
  #version = 0

  constructor(deps: AppsDeps) {
    this.#deps = deps
    this.#entries = new AppEntries(deps)
    this.#known = new KnownApps(this.#entries, deps)
    this.#control = new AppControl({ ...deps, entries: this.#entries, known: this.#known })
  }

  /** Takes up the apps that were added before this start, and what of them still runs. */
  async open(): Promise<void> {
    const { store, supervisor, composed, watcher } = this.#deps
    const starts = await store.starts()
    for (const added of await store.list()) await this.#entries.keep(added, starts.get(added.name) ?? null)
    await supervisor.open(await store.runs())
    this.#life.own(supervisor.changed.on(() => this.#moved()))
    this.#life.own(composed.changed.on(() => this.#moved()))
    this.#life.own(this.#entries.changed.on(() => this.#moved()))
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
    await this.#refreshAll()
    const machine = await this.#deps.machine()
    const rows = this.#known.rows(machine)
    this.observe(machine.processes)
    if (!isDeepStrictEqual(rows, this.#rows)) {
      this.#rows = rows
      this.#version++
    }
    return { revision: this.revision, rows }
  }

  /** The databases that each app's configuration names, and what their variables are taken from. */
  async datasources(): Promise<readonly AppDatasources[]> {
    await this.#refreshAll()
    return this.#known.all.flatMap((app) => appDatasources(app, this.#deps.environment) ?? [])
  }

  /** @throws Failure `not-found`. */
  async show(name: string): Promise<AppDetail> {
    const entry = this.#entries.get(name)
    await this.#entries.refresh(entry, 0)
    const { file, lines } = await this.output(name, shownLines)
    const row = await this.#rowNow(entry)
    return appDetail(this.#known.of(entry), row, { output: file, lastLines: lines })
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

  /** The folder of each app, and the files that hold its logs beside its output. */
  get logs(): readonly AppLogs[] {
    return this.#known.all.map(({ name, folder, found, planned }) => ({
      days: found?.logs.days ?? null,
      bytes: found?.logs.bytes ?? null,
      app: name,
      folder,
      files: found?.logs.files ?? [],
      forward: planned === null || planned.broken ? undefined : planned.logs.forward,
      containers: found?.logs.containers ?? [],
    }))
  }

  /** What each app uses, by what was seen of the machine; null for one of which nothing runs. */
  usage(machine: Pick<Machine, 'processes' | 'containers'>) {
    return this.#known.all.map((app) => ({ app: app.name, ...appUsage(app, machine) }))
  }

  /** Every app's folder, environment, jobs and tests, as they are now. */
  async commands(): Promise<readonly AppCommands[]> {
    await this.#refreshAll()
    return this.#known.all.map((app) => commandsOf(app, this.#deps))
  }

  /** Every app with what decides how it is checked, as it is now. */
  async checks(): Promise<readonly AppChecks[]> {
    const { rows } = await this.list()
    const byName = new Map(rows.map((row) => [row.name, row]))
    return this.#known.all.flatMap((app) => {
      const row = byName.get(app.name)
      return row === undefined ? [] : [appChecks(app, row, this.#deps)]
    })
  }

  /** How an app stands at this very moment, without a look at the machine. */
  standing = (name: string): AppStanding => {
    const entry = this.#entries.find(name)
    return entry === undefined ? nowhere : standingOf(this.#known.of(entry), entry.asked > 0)
  }

  /** The containers of an app among these, and what is wrong with its compose project. */
  containersOf(
    name: string,
    containers: Machine['containers'],
  ): { readonly containers: AppRow['containers']; readonly problem: string | null } {
    const entry = this.#entries.find(name)
    if (entry === undefined) return { containers: [], problem: null }
    const own = containersOf(entry.added, containers)
    const composed = isComposed(plannedOf(entry))
    return {
      containers: shownContainers(own, composed),
      problem: composed ? projectState(own.project.length > 0 ? own.project : own.external).reason : null,
    }
  }

  /** Tells which app each process belongs to. @returns whether that is another than before. */
  observe(processes: Machine['processes']): boolean {
    const owners = new Map<number, string>()
    for (const app of this.#known.all) for (const pid of pidsOf(app, { processes })) owners.set(pid, app.name)
    const same = isDeepStrictEqual(owners, this.#owners)
    this.#owners = owners
    return !same
  }

  /** Says that containers have changed, which may be those of an app. */
  observeContainers(): void {
    if (this.#known.all.some(({ planned }) => planned?.kind === 'compose')) this.#moved()
  }

  /** Adds the apps of a folder. @throws Failure `not-found` when there is none. */
  async add(change: Change, folder: string): Promise<AddedApps> {
    const { apps: found, problems } = await this.#deps.findIn(folder)
    if (found.length === 0)
      throw new Failure('not-found', `There is no app in ${folder}`, {
        hint: 'An app has a quantum.config.yaml, a package.json with a script, a compose file or the like.',
      })
    // One after the other: two that add one folder are both told of its apps, and a name is taken once.
    const added = this.#adding.then(() => this.#addNew(change, found))
    this.#adding = added.catch(() => undefined)
    await added
    const folders = new Set(found.map((app) => app.folder))
    return { rows: (await this.list()).rows.filter((row) => folders.has(row.folder)), problems }
  }

  async #addNew(change: Change, found: FoundApps['apps']): Promise<void> {
    const { store, clock } = this.#deps
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

  /** Begins the looks that a start of an app needs. Who there is no app of is told by the start. */
  lookAhead(name: string): void {
    this.#control.lookAhead(name)
  }

  /**
   * Starts an app, and before it what it depends on; one that runs already stays as it is.
   * @throws Failure `not-found`, `app-invalid`, `app-failed`, `conflict` when somebody else runs it, and what a lease
   * throws.
   */
  start(change: Change, name: string): Promise<AppRow> {
    return this.#after(name, this.#control.start(change, name))
  }

  /** Stops all of an app. @throws Failure `not-found`, `timeout`. */
  stop(change: Change, name: string): Promise<AppRow> {
    return this.#after(name, this.#control.stop(change, name))
  }

  /** Stops and starts an app, whoever started it. @throws as {@link start} and {@link stop}. */
  restart(change: Change, name: string): Promise<AppRow> {
    return this.#after(name, this.#control.restart(change, name))
  }

  /** Starts an app again that waits for it. @throws Failure `conflict` when it does not wait, and as {@link start}. */
  recover(change: Change, name: string): Promise<AppRow> {
    return this.#after(name, this.#control.recover(change, name))
  }

  async dispose(): Promise<void> {
    await this.#life.dispose()
    await Promise.allSettled(this.#entries.all.map(({ busy }) => busy))
  }

  #plan(name: string): FoundApp | null {
    const entry = this.#entries.find(name)
    return entry === undefined ? null : plannedOf(entry)
  }

  async #projectOf(entry: Entry): Promise<readonly unknown[]> {
    const { containers } = await this.#deps.machine()
    return containersOf(entry.added, containers).project
  }

  async #rowNow(entry: Entry): Promise<AppRow> {
    return this.#known.row(entry, await this.#deps.machine())
  }

  async #after(name: string, done: Promise<void>): Promise<AppRow> {
    await done
    return this.#row(name)
  }

  async #refreshAll(): Promise<void> {
    await Promise.all(this.#entries.all.map((entry) => this.#entries.refresh(entry, keptMs)))
  }

  async #row(name: string): Promise<AppRow> {
    const { rows } = await this.list()
    const row = rows.find((one) => one.name === name)
    if (row === undefined) throw new Failure('not-found', `There is no app ${name}`)
    return row
  }

  #watch(): void {
    this.#deps.watcher.watch(this.#entries.all.map(({ added }) => added.folder))
    this.peopled.emit()
  }

  /** Looks into a folder in which something was changed. It never rejects. */
  async #lookAgain(folder: string): Promise<void> {
    const entry = this.#entries.inFolder(folder)
    if (entry === undefined) return
    this.touched.emit(entry.added.name)
    try {
      await this.#entries.refresh(entry, 0)
    } catch (error) {
      this.#deps.report(error)
    }
  }

  #moved(): void {
    this.#version++
    this.changed.emit()
  }
}
