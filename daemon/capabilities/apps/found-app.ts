import { basename, join, resolve } from 'node:path'
import type { AppKind, AppProblem, Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import type { AppConfig } from '../../config/read-config.ts'
import { composeFileOf, type ComposeFile } from './compose-file.ts'
import { configOf, configured, type FolderConfig } from './folder-config.ts'
import { testsOf, type FoundTests } from './found-tests.ts'
import { recognise, standsAlone, type Recognised } from './kinds.ts'
import { packageOf, type PackageJson } from './package-json.ts'
import { problemIn, unreadable } from './project-text.ts'
import { validName } from './valid-name.ts'

/** An app as its folder and its configuration describe it. */
export interface FoundApp {
  /** Real path. */
  readonly folder: string
  readonly kind: AppKind
  /** As `contract/app-name.ts` allows it. */
  readonly name: string
  /** Null when it cannot be run; a problem then says why. */
  readonly command: Sourced<string> | null
  /** The port that is asked for; null: any free one of its range. */
  readonly port: Sourced<number> | null
  /** Path that answers when it is well. */
  readonly health: Sourced<string> | null
  /** How it is asked. */
  readonly healthRule: HealthRule
  /** What its configuration says of checks; null without one that can be understood. */
  readonly checks: Pick<AppConfig, 'health' | 'environments'> | null
  readonly env: Readonly<Record<string, string>>
  /** Names of those of these variables whose value is taken from elsewhere, and may be secret. */
  readonly secretEnv: readonly string[]
  /** Of the kind `compose`. */
  readonly composeFile: ComposeFile | null
  /** There is a configuration that cannot be understood: what is said here beyond the folder is not known. */
  readonly broken: boolean
  readonly restart: NonNullable<AppConfig['run']['restart']>
  /** Names of apps that are started before it. */
  readonly dependsOn: readonly string[]
  readonly autostart: boolean
  /** Null when its configuration cannot be understood, and so nobody knows. */
  readonly jobs: AppConfig['jobs'] | null
  readonly tests: FoundTests
  /** Files that hold its logs beside its output, absolute, `*` for any name; and how much of all is kept. */
  readonly logs: AppConfig['logs']
  /** Databases that its configuration names. */
  readonly datasources: AppConfig['datasources']
  /** Folders of further apps that its configuration names, absolute. */
  readonly include: readonly string[]
  readonly problems: readonly AppProblem[]
}

/** What counts as an answer of one that is well. */
export interface HealthRule {
  /** Each the first and the last HTTP status. */
  readonly expect: readonly (readonly [first: number, last: number])[]
  readonly timeoutMs: number
}

/** All that is to be known of a folder, also of one that holds no app. */
export interface Reading {
  readonly app: FoundApp | null
  /** The configuration, absolute; null when there is none. */
  readonly configFile: string | null
  /** Folders of apps that it names, absolute. */
  readonly include: readonly string[]
  /** Those of the app where there is one. */
  readonly problems: readonly AppProblem[]
  /** Its app is one of its own, and no part of an app that is in a folder above. */
  readonly standsAlone: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const usualHealth: HealthRule = { expect: [[200, 399]], timeoutMs: 2000 }
const usualRestart: FoundApp['restart'] = { policy: 'on-failure', backoffMs: 1000, limit: 5 }

/** What app a folder holds, or null when it holds none. Pure. */
export function understand(project: ProjectFolder, environment: Environment): FoundApp | null {
  return readFolder(project, environment).app
}

/** Reads all that a folder says of apps: its own, and those its configuration names. Pure. */
export function readFolder(project: ProjectFolder, environment: Environment): Reading {
  const { manifest, problems: packageProblems } = packageOf(project)
  const found = configOf(project, environment)
  const { file, config } = found
  const include = (config?.include ?? []).map((path) => resolve(project.folder, path))
  const procfile = unreadable(project, 'Procfile')
  const problems = [...found.problems, ...packageProblems, ...(procfile === null ? [] : [procfile])]
  const recognised = recognise(project, manifest)
  const broken = file !== null && config === null
  return {
    app: isApp(recognised, found) ? appOf({ project, manifest, found, recognised, include, problems }) : null,
    configFile: file === null ? null : join(project.folder, file),
    include,
    problems,
    standsAlone: broken || config?.hasAdmin === true || standsAlone(project, manifest),
  }
}

/**
 * A configuration alone makes an app, also one that nobody can understand, so that somebody sees what is wrong with
 * it. One that does no more than name other apps makes none.
 */
function isApp(recognised: Recognised | null, { file, config }: FolderConfig): boolean {
  if (recognised !== null || file === null) return recognised !== null
  if (config === null || config.run.command !== null) return true
  return config.hasAdmin && config.include.length === 0
}

interface Known {
  readonly project: ProjectFolder
  readonly manifest: PackageJson | null
  readonly found: FolderConfig
  readonly recognised: Recognised | null
  readonly include: readonly string[]
  readonly problems: readonly AppProblem[]
}

function appOf({ project, manifest, found, recognised, include, problems }: Known): FoundApp {
  const { config } = found
  const { folder } = project
  const command = commandOf(found, recognised)
  const why = command === null ? [notRunnable(project, found)] : []
  return {
    folder,
    kind: recognised?.kind ?? 'configured',
    name: validName([config?.name ?? null, manifest?.name ?? null, basename(folder)]),
    command,
    port: portOf(found, recognised),
    health: configured(found, 'admin.health.path', config?.health.http.path) ?? recognised?.health ?? null,
    healthRule: {
      expect: config?.health.http.expect ?? usualHealth.expect,
      timeoutMs: config?.health.timeoutMs ?? usualHealth.timeoutMs,
    },
    checks: config === null ? null : { health: config.health, environments: config.environments },
    env: config?.run.env ?? {},
    secretEnv: config?.run.secretEnv ?? [],
    composeFile: recognised?.kind === 'compose' ? composeFileOf(project) : null,
    broken: found.file !== null && config === null,
    restart: config?.run.restart ?? usualRestart,
    dependsOn: config?.run.dependsOn ?? [],
    autostart: config?.run.autostart ?? false,
    jobs: found.file !== null && config === null ? null : (config?.jobs ?? []),
    tests: testsOf({ project, manifest, found, kind: recognised?.kind ?? 'configured' }),
    logs: logsOf(folder, config, recognised),
    datasources: config?.datasources ?? [],
    include,
    problems: [...problems, ...why],
  }
}

/** Where nothing is said, a Quantum app is known to write into its folder `logs`. */
function logsOf(folder: string, config: AppConfig | null, recognised: Recognised | null): AppConfig['logs'] {
  const said = config?.logs ?? { files: [], containers: [], days: null, bytes: null, forward: null }
  const usual = recognised?.kind === 'quantum' ? [{ file: 'logs/*.log', kind: 'application' as const }] : []
  const files = said.files.length > 0 ? said.files : usual
  return { ...said, files: files.map(({ file, kind }) => ({ file: resolve(folder, file), kind })) }
}

/** A configuration that cannot be understood may say how the app is run, and a guess must not overrule that. */
function commandOf(found: FolderConfig, recognised: Recognised | null): Sourced<string> | null {
  if (found.file !== null && found.config === null) return null
  return configured(found, 'admin.run.command', found.config?.run.command) ?? recognised?.command ?? null
}

function portOf(found: FolderConfig, recognised: Recognised | null): Sourced<number> | null {
  const asked = configured(found, 'admin.run.port', found.config?.run.port)
  // The `server` section is the framework's, and what another kind of app listens on is none of its business.
  const server = recognised?.kind === 'quantum' ? found.config?.server.port : null
  return asked ?? configured(found, 'server.port', server) ?? recognised?.port ?? null
}

function notRunnable(project: ProjectFolder, { file, config }: FolderConfig): AppProblem {
  const name = file ?? 'quantum.config.yaml'
  const message =
    config === null
      ? `It cannot be started until ${name} is right, because that may say how it is run`
      : `Nothing says how it is run: name the command in ${name}, admin.run.command`
  return problemIn(project, name, message)
}
