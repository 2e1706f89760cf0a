import type { AppKind, Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import { composeFileName } from './compose-file.ts'
import { nodeApp } from './node-kind.ts'
import type { PackageJson } from './package-json.ts'
import { textOf, unreadable } from './project-text.ts'
import { pythonApp } from './python-kind.ts'

/** How an app of its kind is run unless its configuration says otherwise. */
export interface Recognised {
  readonly kind: AppKind
  readonly command: Sourced<string>
  /** Null: any free one. */
  readonly port: Sourced<number> | null
  /** Path that answers when it is well. */
  readonly health: Sourced<string> | null
}

type Recognise = (project: ProjectFolder, manifest: PackageJson | null) => Recognised | null

/** In this order: a compose file beside what runs by itself describes its surroundings, not the app. */
const kinds: readonly Recognise[] = [
  quantumApp,
  procfileApp,
  (project, manifest) => recognised('node', nodeApp(project, manifest)),
  (project) => recognised('python', pythonApp(project)),
  goApp,
  composeApp,
  staticSite,
]

/** What a folder holds, by its files alone. */
export function recognise(project: ProjectFolder, manifest: PackageJson | null): Recognised | null {
  for (const kind of kinds) {
    const found = kind(project, manifest)
    if (found !== null) return found
  }
  return null
}

/**
 * Whether a folder inside that of an app is one of its own and not a part: an `index.html` or an `app.py` there is
 * mostly the outer one's.
 */
export function standsAlone(project: ProjectFolder, manifest: PackageJson | null): boolean {
  if (manifest !== null && (manifest.dev ?? manifest.start) !== null) return true
  if (project.names.includes('manage.py') || composeFileName(project) !== undefined) return true
  return goApp(project) !== null || procfileApp(project) !== null
}

function recognised(kind: AppKind, command: Sourced<string> | null): Recognised | null {
  return command === null ? null : { kind, command, port: null, health: null }
}

function quantumApp({ names }: ProjectFolder): Recognised | null {
  if (!names.some((name) => /^components\/[^/]+\.q$/.test(name))) return null
  const standard = { source: 'default', where: 'default of Quantum apps' } as const
  return {
    kind: 'quantum',
    command: { value: 'quantum start --port $PORT', ...standard },
    port: { value: 8080, ...standard },
    health: { value: '/health', ...standard },
  }
}

/** `web` is the process that a Procfile's host sends requests to. Of a file without it, the first is taken. */
function procfileApp(project: ProjectFolder): Recognised | null {
  if (unreadable(project, 'Procfile') !== null) return null
  const lines = (textOf(project, 'Procfile') ?? '').split('\n')
  const processes = lines.flatMap((line) => {
    const [, name, rest = ''] = /^([\w-]+):(.*)$/.exec(line.trim()) ?? []
    const command = rest.trim()
    return name === undefined || command === '' ? [] : [{ name, command }]
  })
  const chosen = processes.find(({ name }) => name === 'web') ?? processes[0]
  if (chosen === undefined) return null
  return recognised('procfile', {
    value: chosen.command,
    source: 'found',
    where: `Procfile, ${chosen.name}`,
  })
}

function goApp({ names }: ProjectFolder): Recognised | null {
  if (!names.includes('go.mod') || !names.includes('main.go')) return null
  return recognised('go', {
    value: 'go run .',
    source: 'default',
    where: 'default of Go apps (go.mod, main.go)',
  })
}

function composeApp(project: ProjectFolder): Recognised | null {
  const file = composeFileName(project)
  if (file === undefined) return null
  return recognised('compose', {
    value: 'docker compose up --detach',
    source: 'default',
    where: `default of compose files (${file})`,
  })
}

function staticSite({ names }: ProjectFolder): Recognised | null {
  if (!names.includes('index.html')) return null
  const standard = { source: 'default', where: 'default of static sites (index.html)' } as const
  return {
    kind: 'static',
    command: { value: 'python3 -m http.server $PORT --bind 127.0.0.1', ...standard },
    port: null,
    health: { value: '/', ...standard },
  }
}
