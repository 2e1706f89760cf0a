import { basename, dirname } from 'node:path'
import type { FoundApp } from './found-app.ts'
import { validName, withSuffix } from './valid-name.ts'

/** Gives every app a name of its own. The first of a name keeps it; the others are called after their folder too. */
export function withUniqueNames(apps: readonly FoundApp[]): readonly FoundApp[] {
  const owners = new Map<string, FoundApp>()
  for (const app of apps) if (!owners.has(app.name)) owners.set(app.name, app)
  // Who has a name by right is known by now, so that no made name takes it away.
  const taken = new Set(owners.keys())
  return apps.map((app) => {
    const owner = owners.get(app.name)
    if (owner === undefined || owner === app) return app
    const name = freeName(app, taken)
    taken.add(name)
    return renamed(app, name, owner.folder)
  })
}

function freeName(app: FoundApp, taken: ReadonlySet<string>): string {
  const name = validName([`${basename(dirname(app.folder))}-${app.name}`])
  let free = name
  for (let count = 2; taken.has(free); count++) free = withSuffix(name, `-${count}`)
  return free
}

function renamed(app: FoundApp, name: string, ownersFolder: string): FoundApp {
  const message = `${app.folder} and ${ownersFolder} both hold an app named ${app.name}, so this one is called ${name}`
  return {
    ...app,
    name,
    problems: [...app.problems, { severity: 'error', message, file: null, line: null, column: null }],
  }
}
