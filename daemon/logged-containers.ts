import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { LogKind } from '#contract/log-words.ts'
import type { StartedContainer } from './adapters/docker/container-output.ts'
import type { ContainerEngine } from './adapters/docker/engine.ts'
import type { AppLogs } from './capabilities/apps/app-commands.ts'
import { containersOf, serviceOf } from './capabilities/apps/compose-project.ts'
import type { LackingContainer, LogContainer, LogContainers } from './logs/containers/log-container.ts'

/** One that has started is listed by the engine well before. */
const unlistedMs = 30_000

/** What is known of a container, whether it is listed yet or has only just started. */
interface Seen {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly running: boolean
}

interface Deps {
  readonly docker: ContainerEngine
  readonly apps: () => readonly AppLogs[]
  /** What is to be hidden is known to the engine of logs before it reads. */
  readonly hiding: { needed(): Promise<unknown> }
  readonly follow: (containers: LogContainers) => void
  readonly report: (error: unknown) => void
}

/** Tells the engine of logs which containers are those of apps, from the moment that one starts. */
export class LoggedContainers implements Owned {
  readonly #deps: Deps
  readonly #lifetime = new Lifetime()
  /** Those that the engine has not listed yet, and when they started. */
  readonly #started = new Map<string, { readonly container: StartedContainer; readonly at: number }>()
  readonly #starts = new Map<string, number>()
  #connection = 0
  #connected = false
  #ready: Promise<unknown> | null = null
  #told = ''
  #running = 0

  constructor(deps: Deps) {
    this.#deps = deps
    this.#lifetime.own(deps.docker.onStarted((container) => this.#start(container)))
    this.#lifetime.own(deps.docker.onChanged(() => this.refresh()))
  }

  /** How many that are read run now. */
  get running(): number {
    return this.#running
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #start(container: StartedContainer): void {
    this.#started.set(container.id, { container, at: performance.now() })
    this.#starts.set(container.id, (this.#starts.get(container.id) ?? 0) + 1)
    this.refresh()
  }

  /** Tells what is to be read now, when that is another than before. */
  refresh(): void {
    const found = this.#find()
    this.#running = found.containers.filter(({ running }) => running).length
    const told = JSON.stringify(found)
    // Whoever has no app in a container needs no thread for them.
    if (told === this.#told || (this.#told === '' && found.containers.length + found.lacking.length === 0))
      return
    this.#told = told
    this.#ready ??= this.#deps.hiding.needed()
    this.#ready
      .then(() => {
        if (told === this.#told && !this.#lifetime.disposed) this.#deps.follow(found)
      })
      .catch((error: unknown) => {
        this.#ready = null
        this.#told = ''
        this.#deps.report(error)
      })
  }

  #find(): LogContainers {
    const { docker, apps } = this.#deps
    const endpoint = docker.endpoint()
    if (endpoint !== null && !this.#connected) this.#connection += 1
    this.#connected = endpoint !== null
    const seen = this.#seen()
    const absent = endpoint === null ? (docker.status().reason ?? '') : 'there is no such container yet'
    const containers: LogContainer[] = []
    const lacking: LackingContainer[] = []
    for (const app of apps()) {
      const { found, missing } = containersFor(app, seen)
      for (const [{ id, name, running }, kind] of found)
        containers.push({
          app: app.app,
          source: sourceOf(name),
          kind,
          id,
          name,
          running,
          starts: this.#starts.get(id) ?? 0,
        })
      for (const { name, kind } of missing)
        lacking.push({
          app: app.app,
          source: sourceOf(name),
          kind: kind ?? 'application',
          problem: `container ${name} cannot be read: ${absent}`,
        })
    }
    return { endpoint, connection: this.#connection, containers, lacking }
  }

  #seen(): readonly Seen[] {
    const listed = this.#deps.docker
      .containers()
      .map(({ state, ...row }) => ({ ...row, running: runningStates.has(state) }))
    const now = performance.now()
    for (const { id } of listed) this.#started.delete(id)
    for (const [id, { at }] of this.#started) if (now - at > unlistedMs) this.#started.delete(id)
    if (this.#connected) {
      const known = new Set([...listed.map(({ id }) => id), ...this.#started.keys()])
      for (const id of this.#starts.keys()) if (!known.has(id)) this.#starts.delete(id)
    }
    const started = [...this.#started.values()].map(({ container }) => ({ ...container, running: true }))
    return [...listed, ...started]
  }
}

const sourceOf = (name: string): string => `container:${name}`
const runningStates: ReadonlySet<string> = new Set([
  'running',
  'paused',
  'restarting',
  'removing',
  'stopping',
])

/** The containers of an app, by its folder and labels and by what its configuration names, each once. */
function containersFor(app: AppLogs, seen: readonly Seen[]) {
  const { project, external, labelled } = containersOf({ name: app.app, folder: app.folder }, seen)
  const own = [...project, ...external, ...labelled]
  const found = new Map<Seen, LogKind>(own.map((one) => [one, kindOf(one.image)]))
  const missing: AppLogs['containers'][number][] = []
  for (const named of app.containers) {
    const these = [
      ...seen.filter(({ name }) => name === named.name),
      ...own.filter((one) => serviceOf(one) === named.name),
    ]
    if (these.length === 0) missing.push(named)
    for (const one of these) found.set(one, named.kind ?? kindOf(one.image))
  }
  return { found, missing }
}

/** `docker.io/library/postgres:18`. */
const databases =
  /(?:^|\/)(?:postgres|postgis|timescaledb|mysql|mariadb|percona|mongo|redis|valkey|cassandra|clickhouse-server)(?:[:@]|$)/

const kindOf = (image: string): LogKind => (databases.test(image) ? 'database' : 'application')
