import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from 'dockerode'
import type { ContainerDetail, ContainerUsage, EngineStatus } from '#contract/resources.ts'
import { systemClock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { Change } from '../../kernel/execute.ts'
import type { EngineEndpoint, StartedContainer } from './container-output.ts'
import { readLog } from './container-logs.ts'
import { UsageMeter } from './container-usage.ts'
import { candidates, discoverEndpoints, type Surroundings } from './endpoints.ts'
import { EngineRefusal } from './engine-error.ts'
import type { ContainerEngine, EngineContainer } from './engine.ts'
import { defaultTimings, EngineConnection, type ConnectionTimings } from './engine-connection.ts'
import type { EngineSession } from './engine-session.ts'

/** A list is not kept waiting longer than this for a look for an engine. */
const settleMs = 1000
/** Added to a container's own stop timeout before we give up on the engine. */
const stopGraceMs = 20_000

/** This user, on this machine. */
export const localSurroundings = (): Surroundings => ({
  env: process.env,
  home: homedir(),
  platform: process.platform,
  uid: process.getuid?.() ?? null,
  exists: existsSync,
  read: (path) => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return null
    }
  },
})

/** The container engine of this machine, through dockerode. It looks for one from the start and never gives up. */
export class DockerEngine implements ContainerEngine {
  readonly #connection: EngineConnection
  readonly #meter: UsageMeter

  constructor(
    options: {
      readonly surroundings?: Surroundings
      readonly monotonic?: () => number
      readonly timings?: Partial<ConnectionTimings>
    } = {},
  ) {
    const surroundings = options.surroundings ?? localSurroundings()
    const monotonic = options.monotonic ?? (() => systemClock.monotonic())
    this.#meter = new UsageMeter(monotonic)
    this.#connection = new EngineConnection({
      discover: () => discoverEndpoints(surroundings),
      watched: candidates(surroundings).map(([, path]) => path),
      monotonic,
      timings: { ...defaultTimings, ...options.timings },
    })
  }

  status(): EngineStatus {
    return this.#connection.status
  }

  containers(): readonly EngineContainer[] {
    return this.#connection.session?.containers.list() ?? []
  }

  async refresh(): Promise<void> {
    const waited = new AbortController()
    const most = delay(settleMs, undefined, { ref: false, signal: waited.signal }).catch(() => undefined)
    await Promise.race([this.#connection.lookAgain(), most])
    waited.abort()
    // When the engine cannot be asked, the session ends, and the status tells why.
    await this.#connection.session?.containers.refresh().catch(() => undefined)
  }

  onChanged(listener: () => void): Owned {
    return this.#connection.changed.on(listener)
  }

  onStarted(listener: (container: StartedContainer) => void): Owned {
    return this.#connection.started.on(listener)
  }

  endpoint(): EngineEndpoint | null {
    return this.#connection.session?.endpoint ?? null
  }

  async inspect(id: string, signal: AbortSignal): Promise<Omit<ContainerDetail, 'app'>> {
    const session = this.#connected()
    const what = `inspect container ${id.slice(0, 12)}`
    const {
      name: _name,
      state: _state,
      tty: _tty,
      stopTimeoutSeconds: _timeout,
      ...detail
    } = await session.inspect(id, { what, signal })
    const listed = await session.listed(detail.id)
    if (listed === null) throw new Failure('not-found', `Could not ${what}: it has just been removed`)
    const { row, command } = listed
    const [usage] = row.state === 'running' ? await this.#usage(session, [row.id], signal) : []
    return {
      ...row,
      ...detail,
      command,
      pid: this.containers().find((container) => container.id === row.id)?.pid ?? null,
      cpuPercent: usage?.cpuPercent ?? null,
      memoryBytes: usage?.memoryBytes ?? null,
    }
  }

  async usage(signal: AbortSignal): Promise<readonly ContainerUsage[]> {
    const session = this.#connected()
    const running = this.containers().filter(({ state }) => state === 'running' || state === 'paused')
    return this.#usage(
      session,
      running.map(({ id }) => id),
      signal,
    )
  }

  async logs(
    id: string,
    {
      tail,
      follow,
      signal,
    }: { readonly tail: number; readonly follow: boolean; readonly signal: AbortSignal },
    emit: (lines: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const session = this.#connected()
    const what = `read the log of container ${id.slice(0, 12)}`
    try {
      const { tty } = await session.inspect(id, { what, signal })
      await session.stream(
        { what, signal },
        ({ streams }, abortSignal) => {
          const options = { stdout: true, stderr: true, tail, abortSignal }
          const container = streams.getContainer(id)
          return follow ? container.logs({ ...options, follow }) : container.logs({ ...options, follow })
        },
        (stream) => readLog(stream, tty, emit),
      )
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  start(change: Change, id: string): Promise<void> {
    return this.#act(change, id, 'start', ({ container, abortSignal }) => container.start({ abortSignal }))
  }

  stop(change: Change, id: string): Promise<void> {
    return this.#act(change, id, 'stop', ({ container, abortSignal }) => container.stop({ abortSignal }))
  }

  restart(change: Change, id: string): Promise<void> {
    return this.#act(change, id, 'restart', ({ container, abortSignal }) =>
      container.restart({ abortSignal }),
    )
  }

  async dispose(): Promise<void> {
    await this.#connection.dispose()
  }

  #connected(): EngineSession {
    const { session, status } = this.#connection
    if (session === null)
      throw new Failure('engine-unavailable', status.reason ?? 'No container engine was found')
    return session
  }

  async #act(
    change: Change,
    id: string,
    verb: string,
    ask: (on: { readonly container: Container; readonly abortSignal: AbortSignal }) => Promise<unknown>,
  ): Promise<void> {
    const session = this.#connected()
    const { signal } = change
    const before = await session.inspect(id, { what: `${verb} container ${id.slice(0, 12)}`, signal })
    const what = `${verb} container ${before.name}`
    const withinMs = before.stopTimeoutSeconds * 1000 + stopGraceMs
    await session.call({ what, signal, withinMs }, async ({ calls }, abortSignal) => {
      try {
        await ask({ container: calls.getContainer(id), abortSignal })
      } catch (error) {
        // 304 Not Modified: it is already as it was asked to be.
        if (!(error instanceof EngineRefusal && error.status === 304)) throw error
      }
    })
    await this.refresh()
    const after = this.containers().find((container) => container.id === before.id)
    change.note({ old: { state: before.state }, new: { state: after?.state ?? null } })
  }

  #usage(
    session: EngineSession,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ContainerUsage[]> {
    const ask = async (id: string): Promise<unknown> => {
      const what = `measure container ${id.slice(0, 12)}`
      try {
        return await session.call({ what, signal }, ({ calls }, abortSignal) => {
          // dockerode hands every member on to the engine; its types leave out the signal here.
          const options = { stream: false, 'one-shot': true, abortSignal } as const
          return calls.getContainer(id).stats(options)
        })
      } catch (error) {
        if (error instanceof Failure && error.code === 'not-found') return null
        throw error
      }
    }
    return this.#meter.measure(ids, ask, signal)
  }
}
