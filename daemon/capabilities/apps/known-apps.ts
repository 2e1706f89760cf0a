import type { AppRow } from '#contract/apps.ts'
import type { PortRow } from '#contract/resources.ts'
import { plannedOf, type AppEntries, type Entry } from './app-entries.ts'
import { appRow, type KnownApp, type Machine } from './app-rows.ts'
import type { ComposeApps } from './compose-apps.ts'
import { outsiders } from './outsiders.ts'
import type { Supervisor } from './supervisor.ts'

/** The apps with what is known of each now. */
export class KnownApps {
  readonly #entries: AppEntries
  readonly #running: { readonly supervisor: Supervisor; readonly composed: ComposeApps }

  constructor(
    entries: AppEntries,
    running: { readonly supervisor: Supervisor; readonly composed: ComposeApps },
  ) {
    this.#entries = entries
    this.#running = running
  }

  get all(): readonly KnownApp[] {
    return this.#entries.all.map((entry) => this.of(entry))
  }

  of(entry: Entry): KnownApp {
    const { supervisor, composed } = this.#running
    const { added, branch, found, startedWith } = entry
    return {
      name: added.name,
      folder: added.folder,
      branch,
      found,
      planned: plannedOf(entry),
      run: supervisor.run(added.name),
      phase: composed.phase(added.name),
      startedWith,
    }
  }

  /** Who listens in an app's folder without having been started as an app. */
  strangerOf(name: string, machine: Machine): PortRow | null {
    return outsiders(this.all, machine).get(name) ?? null
  }

  row(entry: Entry, machine: Machine): AppRow {
    return appRow(this.of(entry), machine, this.strangerOf(entry.added.name, machine))
  }

  rows(machine: Machine): readonly AppRow[] {
    const { all } = this
    const strangers = outsiders(all, machine)
    return all.map((app) => appRow(app, machine, strangers.get(app.name) ?? null))
  }
}
