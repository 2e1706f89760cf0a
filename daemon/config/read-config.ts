import { appNamePattern, longestAppName } from '#contract/app-name.ts'
import type { AppProblem } from '#contract/apps.ts'
import type { LogKind } from '#contract/log-words.ts'
import { nearest } from '#base/nearest.ts'
import { parseYaml } from './config-document.ts'
import { configSchema, type ParsedConfig } from './config-schema.ts'
import { decodeConfig } from './config-text.ts'
import { nearestPlace, valueAt, ValueReader, type Placed } from './config-values.ts'
import { ownVariables, ScalarReader } from './config-scalars.ts'
import type { Environment } from './config-variables.ts'
import { datasourcesOf, passwordWarnings, type DatasourceConfig } from './datasources.ts'
import { error, pathText, problemsOf, warning, type Finding, type KeyPath } from './findings.ts'
import { renaming } from './fixes.ts'
import { forwardOf, type ForwardConfig } from './forward-config.ts'
import { forwardFindings } from './forward-findings.ts'
import { toHealth, type HealthConfig } from './health-config.ts'
import { healthFindings } from './health-findings.ts'
import { jobFindings } from './job-findings.ts'
import { schemaFindings } from './schema-problems.ts'

/** Everything the file says that concerns us: durations in ms, sizes in bytes, variables put in. */
export interface AppConfig {
  /** `admin.name`, else the framework's `name`, else its `app.name`. */
  readonly name: string | null
  readonly hasAdmin: boolean
  readonly server: { readonly host: string | null; readonly port: number | null }
  readonly run: {
    readonly command: string | null
    readonly port: number | null
    readonly env: Readonly<Record<string, string>>
    /** Names of those that take a variable or a secret, so that what they hold may be one. */
    readonly secretEnv: readonly string[]
    readonly restart: RestartConfig | null
    /** Names of apps. */
    readonly dependsOn: readonly string[]
    readonly autostart: boolean
  }
  readonly health: HealthConfig
  /** Where the app runs elsewhere, and what is said of its health there. */
  readonly environments: readonly {
    readonly name: string
    readonly target: string | null
    readonly tier: 'development' | 'staging' | 'production' | null
    readonly health: HealthConfig
  }[]
  readonly jobs: readonly JobConfig[]
  readonly tests: TestsConfig
  readonly datasources: readonly DatasourceConfig[]
  readonly logs: LogsConfig
  /** Folders of other apps, as written. */
  readonly include: readonly string[]
  /** An http or https address. */
  readonly docs: string | null
}

interface RestartConfig {
  readonly policy: 'never' | 'on-failure' | 'always'
  readonly backoffMs: number
  readonly limit: number
}

/** A command that is run when a person or its schedule asks for it. */
export interface JobConfig {
  readonly name: string
  readonly command: string
  /** Five fields of cron. */
  readonly schedule: string | null
  /** Of the IANA database; null: that of this machine. */
  readonly timezone: string | null
  readonly timeoutMs: number | null
  /** What becomes of a run whose time comes while another one goes on. */
  readonly overlap: 'skip' | 'allow'
  /** What becomes of runs whose time came while the machine slept or no daemon ran. */
  readonly missed: 'once' | 'skip'
}

export interface LogsConfig {
  /** Files beside the output of the app; in a path `*` stands for any name. */
  readonly files: readonly { readonly file: string; readonly kind: LogKind }[]
  /** Containers by their name, or by their service in the app's compose project; null for a kind that is not said. */
  readonly containers: readonly { readonly name: string; readonly kind: LogKind | null }[]
  /** What is kept; null where nothing is said. */
  readonly days: number | null
  readonly bytes: number | null
  /** Where they are sent besides; null: nowhere. */
  readonly forward: ForwardConfig | null
}

export interface TestsConfig {
  readonly command: string | null
  /** Where they write a JUnit XML file, as a path within the folder. */
  readonly report: string | null
  readonly timeoutMs: number | null
}

export interface ReadOptions {
  /** For the problems only: nothing is read from it. */
  readonly file: string
  /** What variables are put in from. */
  readonly environment: Environment
}

/**
 * Reads the bytes of a `quantum.config.yaml`. It never throws for what is in them: what is wrong is in `problems`.
 * `config` is null exactly when one of these is an error.
 */
export function readConfig(
  bytes: Uint8Array,
  options: ReadOptions,
): { readonly config: AppConfig | null; readonly problems: readonly AppProblem[] } {
  const { text, problem } = decodeConfig(bytes)
  const { config, findings } =
    problem === null ? readText(text, options) : { config: null, findings: [problem] }
  return { config, problems: problemsOf(findings, text, options.file) }
}

/** Reads the text of such a file, as {@link readConfig} does, and says more of what is wrong. It never throws either. */
export function examine(text: string, environment: Environment): Read {
  const { text: decoded, problem } = decodeConfig(new TextEncoder().encode(text))
  return problem === null
    ? readText(decoded, { environment, file: '' })
    : { config: null, findings: [problem] }
}

interface Read {
  readonly config: AppConfig | null
  readonly findings: readonly Finding[]
}

function readText(text: string, { environment, file: path }: ReadOptions): Read {
  const { root, findings } = parseYaml(text)
  if (findings.some(isError)) return { config: null, findings }
  // An empty file, or one of comments only, is an empty configuration.
  if (root === null) return checked(emptyFile, findings)
  const scalars = new ScalarReader(text, environment, ownVariables(root))
  const reader = new ValueReader(root, (node, path) => scalars.read(node, path))
  const file = reader.read(root, [])
  const found = [...findings, ...reader.findings, ...scalars.findings]
  if (file.value === null) return checked(emptyFile, found)
  if (typeof file.value === 'object' && !Array.isArray(file.value))
    return withDatasources(checked(file, found, scalars), datasourcesOf(file, text, path))
  const { offset, end } = file.place
  return { config: null, findings: [...found, error(offset, notMapping, { end, code: 'value' })] }
}

const withDatasources = ({ config, findings }: Read, datasources: readonly DatasourceConfig[]): Read => ({
  config: config === null ? null : { ...config, datasources },
  findings,
})

const emptyFile = {
  value: {},
  place: { offset: 0, end: 0, keyOffset: 0, keyEnd: 0, written: null, children: new Map() },
}
const notMapping = 'expected a mapping of sections, such as admin:'

const isError = ({ severity }: Finding): boolean => severity === 'error'

/** Where what is wrong is an error. The rest is the framework's to judge: we only warn of it. */
const ours: ReadonlySet<string> = new Set(['admin', 'server'])
/** Enough to say; a file can hold ten thousand. */
const mostSections = 1000

/** What the scalars of a file were found to be, beside their values. */
type Scalars = Pick<ScalarReader, 'failed' | 'doubtful' | 'secret'>
const noScalars: Scalars = { failed: new Set(), doubtful: new Map(), secret: new Set() }

/** @param scalars - of which of them {@link before} says what is wrong. */
function checked(file: Placed, before: readonly Finding[], scalars: Scalars = noScalars): Read {
  const parsed = configSchema.safeParse(only(file.value, (section) => ours.has(section)))
  const others = configSchema.safeParse(only(file.value, (section) => !ours.has(section)))
  const wrong = schemaFindings(parsed.error?.issues ?? [], configSchema, file, 'error')
  // That a variable is missing says more than that its name is no port.
  const told = new Set([...scalars.failed, ...before.filter(isError).map(({ offset }) => offset)])
  // A reference that is none says more as well, and is as bad as what comes of it.
  const worse = new Set<Finding>()
  for (const { offset } of wrong) {
    const doubt = offset === null ? undefined : scalars.doubtful.get(offset)
    if (doubt === undefined) continue
    worse.add(doubt)
    told.add(offset)
  }
  const findings = [
    ...before.map((one): Finding => (worse.has(one) ? { ...one, severity: 'error' } : one)),
    ...wrong.filter(({ offset }) => !told.has(offset)),
    ...schemaFindings(others.error?.issues ?? [], configSchema, file, 'warning'),
    ...unknownSections(file),
    ...(parsed.success ? jobFindings(parsed.data.admin?.jobs ?? {}, file) : []),
    ...(parsed.success ? allHealthFindings(parsed.data, file) : []),
    ...(parsed.success ? forwardFindings(parsed.data.admin?.logs?.forward ?? null, file) : []),
    ...passwordWarnings(file),
  ]
  if (!parsed.success || findings.some(isError)) return { config: null, findings }
  const { name, findings: ofName } = nameOf(parsed.data.admin?.name ?? null, file)
  const hasAdmin = valueAt(file.value, ['admin']) !== undefined
  return {
    config: toConfig(parsed.data, name, hasAdmin, [...scalars.secret]),
    findings: [...findings, ...ofName],
  }
}

const allHealthFindings = ({ admin }: ParsedConfig, file: Placed): readonly Finding[] => [
  ...healthFindings(['admin', 'health'], admin?.health ?? null, file),
  ...Object.entries(admin?.environments ?? {}).flatMap(([name, of]) =>
    healthFindings(['admin', 'environments', name, 'health'], of?.health ?? null, file),
  ),
]

/** The sections of a file that a test is true for. */
function only(value: unknown, isWanted: (section: string) => boolean): Readonly<Record<string, unknown>> {
  const sections = Object.entries(typeof value === 'object' && value !== null ? value : {})
  return Object.fromEntries(sections.filter(([section]) => isWanted(section)))
}

function unknownSections({ value, place }: Placed): readonly Finding[] {
  const known = Object.keys(configSchema.shape)
  const sections = Object.keys(only(value, (section) => !known.includes(section)))
  return sections.slice(0, mostSections).map((section) => {
    const meant = nearest(section, known)
    const message = `${pathText([section])}: unknown section${meant === null ? '' : `; did you mean ${meant}?`}`
    const at = nearestPlace(place, [section])
    return warning(at.keyOffset, message, renaming(at, meant, place))
  })
}

/** A name of the framework's that cannot be one of ours is left out, so that another can be found. */
function nameOf(
  own: string | null,
  file: Placed,
): { readonly name: string | null; readonly findings: readonly Finding[] } {
  if (own !== null) return { name: own, findings: [] }
  const findings: Finding[] = []
  const paths: readonly KeyPath[] = [['name'], ['app', 'name']]
  for (const path of paths) {
    const name = valueAt(file.value, path) ?? null
    if (typeof name === 'string' && name.length <= longestAppName && appNamePattern.test(name))
      return { name, findings }
    const message = `${pathText(path)}: not used as the app's name, which begins with a letter or digit and holds only these and . _ @ / -`
    const { offset, end } = nearestPlace(file.place, path)
    if (name !== null) findings.push(warning(offset, message, { end, code: 'value' }))
  }
  return { name: null, findings }
}

function toConfig(
  { admin, server }: ParsedConfig,
  name: string | null,
  hasAdmin: boolean,
  secretEnv: readonly string[],
): AppConfig {
  const run = admin?.run
  return {
    name,
    hasAdmin,
    datasources: [],
    server: { host: server?.host ?? null, port: server?.port ?? null },
    run: {
      command: run?.command ?? null,
      port: run?.port ?? null,
      env: run?.env ?? {},
      secretEnv,
      restart: toRestart(run?.restart ?? null),
      dependsOn: run?.dependsOn ?? [],
      autostart: run?.autostart ?? false,
    },
    health: toHealth(admin?.health ?? {}),
    environments: Object.entries(admin?.environments ?? {}).map(([environment, of]) => ({
      name: environment,
      target: of?.target ?? null,
      tier: of?.tier ?? null,
      health: toHealth(of?.health ?? {}),
    })),
    jobs: Object.entries(admin?.jobs ?? {}).map(([job, of]) => toJob(job, of)),
    tests: {
      command: admin?.tests?.command ?? null,
      report: admin?.tests?.report ?? null,
      timeoutMs: admin?.tests?.timeout ?? null,
    },
    logs: toLogs(admin?.logs ?? {}),
    include: admin?.include ?? [],
    docs: admin?.docs ?? null,
  }
}

type ParsedAdmin = NonNullable<ParsedConfig['admin']>

function toRestart(
  restart: NonNullable<NonNullable<ParsedAdmin['run']>['restart']> | null,
): RestartConfig | null {
  if (restart === null) return null
  return {
    policy: restart.policy ?? 'on-failure',
    backoffMs: restart.backoff ?? 1000,
    limit: restart.limit ?? 5,
  }
}

const toJob = (name: string, job: NonNullable<ParsedAdmin['jobs']>[string]): JobConfig => ({
  name,
  command: job.command,
  schedule: job.schedule ?? null,
  timezone: job.timezone ?? null,
  timeoutMs: job.timeout ?? null,
  overlap: job.overlap ?? 'skip',
  missed: job.missed ?? 'once',
})

const toLogs = ({ sources, retention, forward }: NonNullable<ParsedAdmin['logs']>): LogsConfig => ({
  files: (sources ?? []).flatMap(({ file, kind }) =>
    (file ?? null) === null ? [] : [{ file: file ?? '', kind: kind ?? 'application' }],
  ),
  containers: (sources ?? []).flatMap(({ container, kind }) =>
    (container ?? null) === null ? [] : [{ name: container ?? '', kind: kind ?? null }],
  ),
  days: retention?.days ?? null,
  bytes: retention?.size ?? null,
  forward: forwardOf(forward ?? null),
})
