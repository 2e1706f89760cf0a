import { setTimeout as wait } from 'node:timers/promises'
import type { ContainerRow } from '#contract/resources.ts'
import type { Clock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Failure, messageOf } from '#base/failure.ts'
import type { Compose } from '../../adapters/docker/compose.ts'
import type { Change } from '../../kernel/execute.ts'
import { containersOf, projectName, projectsOf, projectState, strangersProject } from './compose-project.ts'
import type { HealthCheck } from './readiness.ts'

export interface ComposeAppsDeps {
  readonly compose: Compose
  readonly clock: Clock
  /** All containers, asked for after this call. */
  readonly containers: () => Promise<readonly ContainerRow[]>
  /** Why there is no engine to speak of, as of the last look at its containers; null when there is one. */
  readonly engineProblem: () => string | null
  /** Where the engine is, as DOCKER_HOST says it; null where its clients find it by themselves. */
  readonly engineHost: () => string | null
  /** Ends a container without compose. @throws what the engine does. */
  readonly stopContainer: (change: Change, id: string) => Promise<void>
  /** The file that what compose says about an app goes to. */
  readonly outputOf: (app: string) => string
  /** What keeps a port from counting as ready; null when it does. */
  readonly portProblem: (port: number, health: HealthCheck | null) => Promise<string | null>
}

/** What is to be run. */
export interface ComposeStart {
  readonly app: string
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  /** The port by which it is reached. */
  readonly port: number | null
  readonly health: HealthCheck | null
}

/** What is being done with a project, or how that last went wrong; what its containers do, the engine tells. */
export interface ComposePhase {
  readonly state: 'starting' | 'stopping' | 'failed' | 'done'
  readonly reason: string | null
}

const tickMs = 250
/** So long its services may take to answer before whoever waits is told that they do not. */
const patienceMs = 30_000

/** Starts and stops apps that are compose projects. Nothing is remembered of what runs: the engine is asked. */
export class ComposeApps {
  readonly changed = new Emitter<void>()
  readonly #deps: ComposeAppsDeps
  readonly #phases = new Map<string, ComposePhase>()

  constructor(deps: ComposeAppsDeps) {
    this.#deps = deps
  }

  phase(app: string): ComposePhase | null {
    return this.#phases.get(app) ?? null
  }

  /**
   * @throws Failure `engine-unavailable`, `conflict` when another folder's project has its name, and what compose
   * throws.
   */
  async start(change: Change, start: ComposeStart): Promise<void> {
    const { app, folder } = start
    const containers = await this.#deps.containers()
    const problem = this.#deps.engineProblem()
    if (problem !== null)
      throw new Failure('engine-unavailable', `${app} needs a container engine: ${problem}`)
    const other = strangersProject({ name: app, folder }, containers)
    if (other !== null)
      throw new Failure(
        'conflict',
        `The compose project ${projectName(app)} is that of ${other}, and ${app} would take its containers away`,
        {
          hint: 'Stop that project, or give one of them another name in its quantum.config.yaml, admin.name.',
        },
      )
    await this.#during(app, 'starting', async () => {
      await this.#deps.compose.up(change, this.#project(start, projectName(app)))
      return this.#whenUp(change, start)
    })
  }

  /**
   * Ends and removes its containers, also those that somebody else has started in its folder. Without a folder compose
   * can do neither: then they are ended only. @param isGone - there is none.
   */
  async stop(change: Change, start: ComposeStart, isGone: boolean): Promise<void> {
    const { app, folder } = start
    const { project, external } = containersOf({ name: app, folder }, await this.#deps.containers())
    await this.#during(app, 'stopping', async () => {
      const all = [...project, ...external]
      if (isGone) await Promise.all(all.map(({ id }) => this.#deps.stopContainer(change, id)))
      else
        for (const name of projectsOf(all)) await this.#deps.compose.down(change, this.#project(start, name))
      await this.#deps.containers()
      return null
    })
    this.#phases.delete(app)
    this.changed.emit()
  }

  forget(app: string): void {
    this.#phases.delete(app)
    this.changed.emit()
  }

  async #during(
    app: string,
    state: 'starting' | 'stopping',
    work: () => Promise<string | null>,
  ): Promise<void> {
    this.#set(app, { state, reason: null })
    try {
      this.#set(app, { state: 'done', reason: await work() })
    } catch (error) {
      this.#set(app, { state: 'failed', reason: messageOf(error) })
      throw error
    }
  }

  #set(app: string, phase: ComposePhase): void {
    this.#phases.set(app, phase)
    this.changed.emit()
  }

  #project({ app, folder, environment }: ComposeStart, name: string) {
    const host = this.#deps.engineHost()
    return {
      name,
      folder,
      environment: host === null ? environment : { ...environment, DOCKER_HOST: host },
      output: this.#deps.outputOf(app),
    }
  }

  /** @returns what still does not answer when its time is up. @throws Failure `app-failed` when its services end. */
  async #whenUp(change: Change, { app, folder, port, health }: ComposeStart): Promise<string | null> {
    const { clock, containers, portProblem } = this.#deps
    const deadline = clock.monotonic() + patienceMs
    for (;;) {
      const { project } = containersOf({ name: app, folder }, await containers())
      const { state, reason } = projectState(project)
      if (state === 'failed') throw new Failure('app-failed', `${app} did not start: ${reason ?? 'it ended'}`)
      const problem = port === null || state === 'stopped' ? null : await portProblem(port, health)
      if (problem === null && state !== 'starting') return null
      if (change.signal.aborted || clock.monotonic() >= deadline) return problem
      this.#set(app, { state: 'starting', reason: problem })
      await wait(tickMs)
    }
  }
}
