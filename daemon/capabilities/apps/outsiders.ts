import type { PortRow } from '#contract/resources.ts'
import { pidsOf, type KnownApp, type Machine } from './app-rows.ts'
import { isComposed } from './compose-project.ts'

/**
 * Who listens in the folder of each app without having been started as one, by the app's name. A folder inside that of
 * an app may be another app's, and what runs there is that one's and not both's.
 */
export function outsiders(apps: readonly KnownApp[], machine: Machine): ReadonlyMap<string, PortRow> {
  const ours = new Set(apps.flatMap((app) => [...pidsOf(app, machine)]))
  const byFolder = new Map(apps.map((app) => [app.folder, app]))
  const found = new Map<string, PortRow>()
  for (const row of machine.ports) {
    const { pid, cwd, container, protocol } = row
    if (pid === null || cwd === null || container !== null || protocol !== 'tcp') continue
    // Not all processes are looked at each time; the row tells what an earlier look has found.
    if (ours.has(pid) || row.app !== null) continue
    const app = nearest(byFolder, cwd)
    if (app === null || app.run?.leader || isComposed(app.planned) || found.has(app.name)) continue
    found.set(app.name, row)
  }
  return found
}

/** The app whose folder a path is in, the innermost of several. */
function nearest(byFolder: ReadonlyMap<string, KnownApp>, path: string): KnownApp | null {
  for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const app = byFolder.get(at)
    if (app !== undefined) return app
  }
  return byFolder.get('/') ?? null
}
