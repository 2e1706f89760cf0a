import * as z from 'zod/mini'
import { appName as app } from './app-param.ts'
import { command, query, type } from './method.ts'
import type { ContainerRow } from './resources.ts'

/** What an app is made of, which decides how it is run unless its configuration says otherwise. */
export type AppKind =
  | 'quantum'
  | 'compose'
  | 'procfile'
  | 'node'
  | 'python'
  | 'go'
  | 'static'
  /** A `quantum.config.yaml` says how it is run, and nothing else is known of it. */
  | 'configured'

/** Where a value came from: the configuration file, what was found in the folder, or the default of its kind. */
export type ValueSource = 'config' | 'found' | 'default'

export interface Sourced<T> {
  readonly value: T
  readonly source: ValueSource
  /** Where exactly, for a person: `package.json, scripts.dev`. */
  readonly where: string
}

/**
 * `failed`: it ended by itself and is not started again. `waiting`: it ended and is started again after a pause.
 * `external`: somebody else started it in its folder.
 */
export type AppState = 'stopped' | 'starting' | 'running' | 'stopping' | 'waiting' | 'failed' | 'external'

/** What is wrong with an app's configuration or folder. */
export interface AppProblem {
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** The file it is in; null when it is about the folder. */
  readonly file: string | null
  /** Counted from 1; null when it is about the file as a whole. */
  readonly line: number | null
  readonly column: number | null
}

/** How a run of an app ended. */
export interface AppExit {
  /** Null when a signal ended it, or nobody could see how it ended. */
  readonly code: number | null
  readonly signal: string | null
  /** ISO 8601 UTC with milliseconds, as are all times here. */
  readonly at: string
  /** In words, for a person. */
  readonly reason: string
}

/** A container that belongs to an app. */
export interface AppContainer extends Pick<ContainerRow, 'id' | 'name' | 'state' | 'health'> {
  /** Its service in the compose file; null when it is of none. */
  readonly service: string | null
  /** Whether a stop of the app ends it as well. */
  readonly stopsWithApp: boolean
}

/** Where an app runs beside this machine, as its configuration says. */
export interface AppPlace {
  readonly name: string
  /** Such as `kubernetes`; null where nothing is said. */
  readonly target: string | null
  readonly tier: 'development' | 'staging' | 'production' | null
}

export interface AppRow {
  readonly name: string
  readonly kind: AppKind
  /** Absolute. */
  readonly folder: string
  /** The branch of the worktree it lies in, where that is not its repository's main one. */
  readonly branch: string | null
  readonly state: AppState
  /** Why it is in that state; null when there is nothing to say. */
  readonly reason: string | null
  readonly pid: number | null
  /** The port it was given, or that it is found to listen on. */
  readonly port: number | null
  readonly url: string | null
  readonly startedAt: string | null
  /** How often it was started again by itself since a person started it. */
  readonly restarts: number
  /** Of all its processes; 100 = one core; null when it does not run or it is not known yet. */
  readonly cpuPercent: number | null
  readonly memoryBytes: number | null
  readonly problems: readonly AppProblem[]
  readonly containers: readonly AppContainer[]
  /**
   * What has changed in its configuration since what runs was started, such as `command` or the name of a variable: a
   * restart applies it.
   */
  readonly restartToApply: readonly string[]
  /** Beside this machine, in the order of the file. An older daemon leaves it out. */
  readonly environments?: readonly AppPlace[]
}

/** The apps of a folder, and what is wrong with the folders that were to be searched. */
export interface AddedApps {
  readonly rows: readonly AppRow[]
  readonly problems: readonly AppProblem[]
}

/** The end of what an app wrote. */
export interface AppOutput {
  /** Null when it never ran. */
  readonly file: string | null
  /** Whole lines, oldest first. */
  readonly lines: readonly string[]
}

/** What an app is told by its environment, as far as it may be seen. */
export interface AppEnvironment {
  readonly variables: Readonly<Record<string, string>>
  /** Variables whose value comes from elsewhere and may be secret. */
  readonly withheld: readonly string[]
}

export interface AppDetail extends AppRow {
  readonly command: Sourced<string> | null
  /** The port that is asked for. */
  readonly askedPort: Sourced<number> | null
  readonly health: Sourced<string> | null
  /** Names of the variables that its configuration sets; what they hold may be secret and stays where it is. */
  readonly variables: readonly string[]
  /** File that what it writes goes to. */
  readonly output: string | null
  readonly lastExit: AppExit | null
  /** The last lines of its output, at most ten. */
  readonly lastLines: readonly string[]
}

const folder = z.string().check(z.minLength(1), z.maxLength(4096))

const target = (action: 'start' | 'stop' | 'restart' | 'delete') => {
  return ({ app: name }: { readonly app: string }) => ({
    action,
    resource: { type: 'app', id: name, name },
    project: name,
  })
}

export const appsMethods = {
  /** Every app that was added, with what runs of it. */
  'apps.list': query({
    params: z.strictObject({}),
    result: type<{ readonly revision: string; readonly rows: readonly AppRow[] }>(),
    role: 'viewer',
  }),
  'apps.show': query({ params: z.strictObject({ app }), result: type<AppDetail>(), role: 'viewer' }),
  /** The last lines of what it wrote; of a compose project, what compose said. */
  'apps.output': query({
    params: z.strictObject({ app, lines: z._default(z.int().check(z.gte(1), z.lte(10_000)), 500) }),
    result: type<AppOutput>(),
    role: 'viewer',
  }),
  /** What a terminal of the app is to have in its environment. */
  'apps.environment': query({
    params: z.strictObject({ app }),
    result: type<AppEnvironment>(),
    role: 'operator',
  }),
  /**
   * Adds the apps that are in a folder; those there already stay as they are. Answers all that are in it. What a folder
   * says will be run as the daemon's user, so it takes an admin to name one.
   */
  'apps.add': command({
    params: z.strictObject({ folder }),
    result: type<AddedApps>(),
    role: 'admin',
    danger: 'none',
    audit: ({ folder: path }) => ({
      action: 'create',
      resource: { type: 'app', id: path.slice(0, 1000), name: path.slice(0, 1000) },
    }),
  }),
  /** Forgets an app; its folder stays as it is. `conflict` while it runs. */
  'apps.remove': command({
    params: z.strictObject({ app }),
    result: type<null>(),
    role: 'operator',
    danger: 'confirm',
    audit: target('delete'),
  }),
  /**
   * Settles when it is ready: its health path answers as it should or, without one, its port is open or, without one,
   * it has lived for a second.
   */
  'apps.start': command({
    params: z.strictObject({ app }),
    result: type<AppRow>(),
    role: 'operator',
    danger: 'none',
    audit: target('start'),
  }),
  /** Settles when none of its processes is left. */
  'apps.stop': command({
    params: z.strictObject({ app }),
    result: type<AppRow>(),
    role: 'operator',
    danger: 'confirm',
    audit: target('stop'),
  }),
  /** The daemon's own rule: starts an app again that ended by itself. `conflict` when it does not wait for that. */
  'apps.recover': command({
    params: z.strictObject({ app, reason: z.string().check(z.maxLength(1000)) }),
    result: type<AppRow>(),
    role: 'admin',
    danger: 'none',
    audit: ({ app: name, reason }) => ({ ...target('start')({ app: name }), details: { reason } }),
  }),
  'apps.restart': command({
    params: z.strictObject({ app }),
    result: type<AppRow>(),
    role: 'operator',
    danger: 'confirm',
    audit: target('restart'),
  }),
}
