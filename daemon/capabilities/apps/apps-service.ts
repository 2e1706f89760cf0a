import { isDeepStrictEqual } from 'node:util'
import type { AppDetail, AppRow } from '#contract/apps.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Worktree } from '../../adapters/git/git.ts'
import type { Change } from '../../kernel/execute.ts'
import { appEnvironment, withSecrets } from './app-environment.ts'
import { nameFor } from './app-names.ts'
import { refuseCycle } from './dependencies.ts'
import { appDetail, appRow, outsider, pidsOf, type KnownApp, type Machine } from './app-rows.ts'
import type { RestartRule } from './app-run.ts'
import type { AddedApp, AppsStore } from './apps-store.ts'
import type { FoundApp } from './found-app.ts'
import type { Supervisor } from './supervisor.ts'

export interface AppsDeps {
  readonly store: AppsStore
  readonly supervisor: Supervisor
  readonly clock: Clock
  /** Unlike any other start's; the first part of every revision. */
  readonly instance: string
  /** All apps of a folder and what is wrong there. @throws Failure `not-found`. */
  readonly findIn: (folder: string) => Promise<readonly FoundApp[]>
  /** What one folder holds now. */
  readonly understand: (folder: string) => Promise<FoundApp | null>
  readonly worktreeOf: (folder: string) => Promise<Worktree | null>
  /** A port for an app; the same app gets the same again. @throws what the leases do. */
  readonly takePort: (change: Change, app: string, asked: number | null) => Promise<number>
  /** What a secret holds; null when there is none. @throws what the secrets do. */
  readonly secret: (name: string) => Promise<string | null>
  /** What runs on the machine, looked at after this call. */
  readonly machine: () => Promise<Machine>
  /** Stops a process that was not started here. @throws what stopping a process does. */
  readonly stopProcess: (change: Change, shown: { pid: number; startedAt: string }) => Promise<unknown>
  /** The file that what an app writes goes to, and its last lines. */
  readonly writtenBy: (app: string) => Promise<Pick<AppDetail, 'output' | 'lastLines'>>
  /** Starts an app in the daemon's own name, through the one door. */
  readonly startByRule: (app: string) => Promise<unknown>
  /** Told of what went wrong where nobody asked. */
  readonly report: (error: unknown) => void
  /** The daemon's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What one app's configuration says of databases. It may hold passwords and stays in the daemon. */
export interface AppDatasources {
  readonly app: string
  readonly folder: string
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly datasources: FoundApp['datasources']
}

interface Entry {
  readonly added: AddedApp
  readonly branch: string | null
  found: FoundApp | null
  lookedAt: number
  /** Settles when what was last asked of it is done: one thing at a time. */
  busy: Promise<unknown>
}

/** A folder is looked into again after this time, in milliseconds. */
const keptMs = 2000
const defaultRule: RestartRule = { policy: 'on-failure', backoffMs: 1000, limit: 5 }

/** The apps that were added: what they are, what runs of them, and what is done with them. */
export class AppsService implements Owned {
  readonly changed = new Emitter<void>()
  readonly #deps: AppsDeps
  readonly #entries = new Map<string, Entry>()
  #rows: readonly AppRow[] = []
  #owners: ReadonlyMap<number, string> = new Map()
  #version = 0
  #listening: Owned | undefined

  constructor(deps: AppsDeps) {
    this.#deps = deps
  }

  /** Takes up the apps that were added before this start, and what of them still runs. */
  async open(): Promise<void> {
    const { store, supervisor } = this.#deps
    for (const added of await store.list()) await this.#keep(added)
    await supervisor.open(await store.runs())
    this.#listening = supervisor.changed.on(() => this.#moved())
    this.#moved()
  }

  /** Starts the apps that are to run whenever the daemon does. It never rejects. */
  async startUnasked(): Promise<void> {
    const asked = [...this.#entries.values()].filter(({ found }) => found?.autostart === true)
    const results = await Promise.allSettled(asked.map(({ added }) => this.#deps.startByRule(added.name)))
    for (const result of results) if (result.status === 'rejected') this.#deps.report(result.reason)
  }

  get revision(): string {
    return `${this.#deps.instance}.${this.#version}`
  }

  /** When an app that ended by itself is started again. */
  ruleOf = (app: string): RestartRule => this.#entries.get(app)?.found?.restart ?? defaultRule

  /** The app that a process belongs to, as last seen. */
  appOf = (pid: number): string | null => this.#owners.get(pid) ?? null

  /** All apps by name. */
  async list(): Promise<{ readonly revision: string; readonly rows: readonly AppRow[] }> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#refresh(entry, keptMs)))
    const machine = await this.#deps.machine()
    const rows = this.#known.map((app) => appRow(app, machine))
    this.observe(machine.processes)
    if (!isDeepStrictEqual(rows, this.#rows)) {
      this.#rows = rows
      this.#version++
    }
    return { revision: this.revision, rows }
  }

  /** The databases that each app's configuration names, and what their variables are taken from. */
  async datasources(): Promise<readonly AppDatasources[]> {
    await Promise.all([...this.#entries.values()].map((entry) => this.#refresh(entry, keptMs)))
    return this.#known.flatMap(({ name, folder, found }) =>
      found === null
        ? []
        : [
            {
              app: name,
              folder,
              variables: { ...this.#deps.environment, ...found.env },
              datasources: found.datasources,
            },
          ],
    )
  }

  /** @throws Failure `not-found`. */
  async show(name: string): Promise<AppDetail> {
    const entry = this.#entry(name)
    await this.#refresh(entry, 0)
    const app = this.#knownOf(entry)
    const written = app.run === null ? { output: null, lastLines: [] } : await this.#deps.writtenBy(name)
    return appDetail(app, await this.#deps.machine(), written)
  }

  /** Tells which app each process belongs to. @returns whether that is another than before. */
  observe(processes: Machine['processes']): boolean {
    const owners = new Map<number, string>()
    for (const app of this.#known)
      for (const pid of pidsOf(app, { processes, ports: [] })) owners.set(pid, app.name)
    const same = isDeepStrictEqual(owners, this.#owners)
    this.#owners = owners
    return !same
  }

  /** Adds the apps of a folder. @throws Failure `not-found` when there is none. */
  async add(change: Change, folder: string): Promise<readonly AppRow[]> {
    const { findIn, store, clock } = this.#deps
    const found = await findIn(folder)
    if (found.length === 0)
      throw new Failure('not-found', `There is no app in ${folder}`, {
        hint: 'An app has a quantum.config.yaml, a package.json with a script, a compose file or the like.',
      })
    const fresh: AddedApp[] = []
    const taken = new Set(this.#entries.keys())
    for (const app of found) {
      if (this.#inFolder(app.folder) !== undefined) continue
      const name = nameFor(app.name, app.folder, await this.#branchOf(app.folder), taken)
      taken.add(name)
      fresh.push({ name, folder: app.folder, addedAt: isoTime(clock.now()) })
    }
    if (fresh.length > 0) await store.add(change, fresh)
    change.note({ added: fresh.map(({ name, folder: path }) => ({ name, folder: path })) })
    for (const added of fresh) await this.#keep(added)
    this.#moved()
    const folders = new Set(found.map((app) => app.folder))
    return (await this.list()).rows.filter((row) => folders.has(row.folder))
  }

  /** @throws Failure `not-found`, `conflict` while it runs. */
  remove(change: Change, name: string): Promise<null> {
    const entry = this.#entry(name)
    return this.#exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.leader)
        throw new Failure('conflict', `${name} runs`, {
          hint: `Run \`quantum-admin apps stop ${name}\` first.`,
        })
      await this.#deps.store.remove(change, name)
      this.#entries.delete(name)
      this.#deps.supervisor.forget(name)
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
    const entry = this.#entry(name)
    await this.#startNeeded(entry)
    await this.#exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.leader) return change.note({ already: 'running' })
      const stranger = outsider(this.#knownOf(entry), await this.#deps.machine())
      if (stranger !== null)
        throw new Failure(
          'conflict',
          `${name} is run already, by pid ${stranger.pid}, which we did not start`,
          {
            hint: `\`quantum-admin apps restart ${name}\` stops it and starts the app.`,
          },
        )
      await this.#launch(change, entry, false)
    })
    return this.#whenReady(change, name)
  }

  /** Stops all of an app. @throws Failure `not-found`, `timeout`. */
  async stop(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entry(name)
    await this.#exclusively(entry, async () => {
      await this.#endOutsiders(change, entry)
      await this.#deps.supervisor.stop(change, name)
    })
    return this.#row(name)
  }

  /** Stops and starts an app, whoever started it. @throws as {@link start} and {@link stop}. */
  async restart(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entry(name)
    await this.#exclusively(entry, async () => {
      // What cannot be started is not stopped either.
      this.#commandOf(await this.#refresh(entry, 0), name)
      await this.#endOutsiders(change, entry)
      await this.#deps.supervisor.stop(change, name)
      await this.#launch(change, entry, false)
    })
    return this.#whenReady(change, name)
  }

  /** Starts an app again that waits for it. @throws Failure `conflict` when it does not. */
  async recover(change: Change, name: string): Promise<AppRow> {
    const entry = this.#entry(name)
    await this.#exclusively(entry, async () => {
      if (this.#deps.supervisor.run(name)?.state !== 'waiting')
        throw new Failure('conflict', `${name} does not wait to be started again`)
      await this.#launch(change, entry, true)
    })
    return this.#whenReady(change, name)
  }

  async dispose(): Promise<void> {
    await this.#listening?.dispose()
    await Promise.allSettled([...this.#entries.values()].map(({ busy }) => busy))
  }

  /** Each app that is needed starts those that it needs itself. */
  async #startNeeded(entry: Entry): Promise<void> {
    await this.#refresh(entry, 0)
    refuseCycle(entry.added.name, (name) => this.#entry(name).found?.dependsOn ?? [])
    for (const needed of entry.found?.dependsOn ?? []) await this.#deps.startByRule(needed)
  }

  async #launch(change: Change, entry: Entry, again: boolean): Promise<void> {
    const { supervisor, takePort, environment } = this.#deps
    const { name, folder } = entry.added
    const found = await this.#refresh(entry, 0)
    const command = this.#commandOf(found, name)
    const env = await withSecrets(found?.env ?? {}, this.#deps.secret)
    const port = needsPort(found, command) ? await takePort(change, name, found?.port?.value ?? null) : null
    change.note({ command, port })
    await supervisor.start(
      change,
      {
        app: name,
        command,
        folder,
        environment: appEnvironment(environment, { name, env, port, folder }),
        port,
      },
      again,
    )
  }

  #commandOf(found: FoundApp | null, name: string): string {
    if (found?.command) return found.command.value
    const [first] = (found?.problems ?? []).filter(({ severity }) => severity === 'error')
    const where = first?.file && first.line !== null ? ` (${first.file}:${first.line})` : ''
    throw new Failure(
      'app-invalid',
      `${name} cannot be run: ${first?.message ?? 'its folder holds no app'}${where}`,
    )
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

  #entry(name: string): Entry {
    const entry = this.#entries.get(name)
    if (entry !== undefined) return entry
    throw new Failure('not-found', `There is no app ${name}`, {
      hint: '`quantum-admin apps list` shows them all; `quantum-admin apps add FOLDER` adds those of a folder.',
    })
  }

  #inFolder(folder: string): Entry | undefined {
    return [...this.#entries.values()].find(({ added }) => added.folder === folder)
  }

  async #keep(added: AddedApp): Promise<void> {
    const entry: Entry = {
      added,
      branch: await this.#branchOf(added.folder),
      found: null,
      lookedAt: Number.NEGATIVE_INFINITY,
      busy: Promise.resolve(),
    }
    await this.#refresh(entry, 0)
    this.#entries.set(added.name, entry)
  }

  /** The branch of a worktree that is not the repository's own. */
  async #branchOf(folder: string): Promise<string | null> {
    const worktree = await this.#deps.worktreeOf(folder)
    return worktree === null || worktree.path === worktree.repository ? null : worktree.branch
  }

  async #refresh(entry: Entry, acceptedMs: number): Promise<FoundApp | null> {
    const now = this.#deps.clock.monotonic()
    if (now - entry.lookedAt > acceptedMs) {
      entry.lookedAt = now
      entry.found = await this.#deps.understand(entry.added.folder)
    }
    return entry.found
  }

  get #known(): readonly KnownApp[] {
    const entries = [...this.#entries.values()].sort((a, b) => a.added.name.localeCompare(b.added.name))
    return entries.map((entry) => this.#knownOf(entry))
  }

  #knownOf({ added: { name, folder }, branch, found }: Entry): KnownApp {
    return { name, folder, branch, found, run: this.#deps.supervisor.run(name) }
  }

  #exclusively<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    const done = entry.busy.then(work)
    entry.busy = done.catch(() => undefined)
    return done
  }

  #moved(): void {
    this.#version++
    this.changed.emit()
  }
}

/** Kinds that take their port from the environment without their command saying so. */
const takesPort: ReadonlySet<string | undefined> = new Set(['node', 'procfile', 'quantum'])

/** Whether a port is of use to it: it was asked for, the command names it, or its kind takes one. */
const needsPort = (found: FoundApp | null, command: string): boolean =>
  (found?.port ?? null) !== null || command.includes('PORT') || takesPort.has(found?.kind)
