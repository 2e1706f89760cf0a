import type { IncomingMessage } from 'node:http'
import type { ContainerInspectInfo } from 'dockerode'
import { Failure } from '#base/failure.ts'
import type { Owned } from '#base/lifetime.ts'
import type { StartedContainer } from './container-output.ts'
import { readEvents } from './container-events.ts'
import { readInspection, readList, type InspectedContainer, type ListedContainer } from './container-rows.ts'
import { linkAbort, withDeadline } from './deadline.ts'
import { endpointName, openClient, type EngineClient } from './engine-client.ts'
import { EngineRefusal, engineFailure } from './engine-error.ts'
import type { Endpoint } from './endpoints.ts'
import { LiveContainers } from './live-containers.ts'

export interface SessionTimings {
  /** How long the engine may take to answer a question. */
  readonly answerMs: number
  /** How often everything is looked at again, events or not. */
  readonly reconcileMs: number
}

/** One call to the engine. */
interface Call {
  /** In words that follow "could not". */
  readonly what: string
  readonly signal?: AbortSignal
  /** Instead of {@link SessionTimings.answerMs}. */
  readonly withinMs?: number
}

/** One connection to one engine, from the moment it answers until it does not. */
export class EngineSession implements Owned {
  readonly endpoint: Endpoint
  /** The engine's own version. */
  readonly version: string | null
  readonly containers: LiveContainers
  readonly #client: EngineClient
  readonly #timings: SessionTimings
  readonly #end: AbortController
  readonly #reconcile: NodeJS.Timeout

  /**
   * Subscribes to events first and lists then: what happens between the two is looked at again.
   * @throws what the way to the engine or the engine threw; see `reachability`.
   */
  static async open(
    endpoint: Endpoint,
    timings: SessionTimings,
    on: {
      readonly changed: () => void
      readonly started: (container: StartedContainer) => void
      readonly closing: AbortSignal
    },
  ): Promise<EngineSession> {
    const end = new AbortController()
    const unlink = linkAbort([on.closing], end)
    end.signal.addEventListener('abort', unlink, { once: true })
    try {
      const client = await openClient(endpoint)
      const { version, events } = await withDeadline(
        timings.answerMs,
        [end.signal],
        'answer',
        async (signal) => ({
          version: await askVersion(client, signal),
          events: await subscribe(client, signal),
        }),
      )
      const session = new EngineSession({ endpoint, client, timings, end, version }, on.changed)
      void session.#follow(events, on.started)
      await session.containers.refresh()
      return session
    } catch (error) {
      end.abort(error)
      throw error
    }
  }

  private constructor(
    parts: {
      readonly endpoint: Endpoint
      readonly client: EngineClient
      readonly timings: SessionTimings
      readonly end: AbortController
      readonly version: string | null
    },
    changed: () => void,
  ) {
    this.endpoint = parts.endpoint
    this.version = parts.version
    this.#client = parts.client
    this.#timings = parts.timings
    this.#end = parts.end
    this.containers = new LiveContainers(
      { list: (ids) => this.#list(ids), pid: (id) => this.#pid(id) },
      this.#end.signal,
      { changed, failed: (error) => this.#fail(error) },
    )
    this.#reconcile = setInterval(() => {
      // A failure has ended the session already, and that is how it is told.
      this.containers.refresh({ pids: true }).catch(() => undefined)
    }, parts.timings.reconcileMs)
    this.#reconcile.unref()
    this.#end.signal.addEventListener('abort', () => clearInterval(this.#reconcile), { once: true })
  }

  /** Aborted, with the reason, when the engine is gone or {@link dispose} was called. */
  get ended(): AbortSignal {
    return this.#end.signal
  }

  dispose(reason = 'The connection to the engine was closed'): void {
    this.#end.abort(new Failure('engine-unavailable', reason))
  }

  /** Asks the engine through dockerode. @throws Failure of engine.ts, `cancelled`, `timeout`. */
  async call<T>(call: Call, ask: (client: EngineClient, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { what, signal, withinMs = this.#timings.answerMs } = call
    const signals = signal === undefined ? [this.#end.signal] : [this.#end.signal, signal]
    try {
      return await withDeadline(withinMs, signals, what, (deadline) => ask(this.#client, deadline))
    } catch (error) {
      throw this.#explain(error, call)
    }
  }

  /** Opens something that is read as it comes. The deadline is for its beginning only. */
  async stream(
    call: Required<Pick<Call, 'what' | 'signal'>>,
    ask: (client: EngineClient, signal: AbortSignal) => Promise<unknown>,
    read: (stream: IncomingMessage) => Promise<void>,
  ): Promise<void> {
    const { what, signal } = call
    const open = new AbortController()
    const unlink = linkAbort([signal, this.#end.signal], open)
    try {
      const beginning = withDeadline(this.#timings.answerMs, [open.signal], what, (deadline) => {
        linkAbort([deadline], open)
        return ask(this.#client, open.signal)
      })
      // The modem for streams answers with the open response, which dockerode's types do not know.
      await read((await beginning) as IncomingMessage)
    } catch (error) {
      throw this.#explain(error, call)
    } finally {
      open.abort()
      unlink()
    }
  }

  async inspect(id: string, call: Call): Promise<InspectedContainer> {
    return readInspection(await this.call(call, (client, signal) => inspectWith(client, id, signal)))
  }

  /** All containers, or those of the given ids that still exist. */
  async #list(ids: readonly string[] | null): Promise<readonly ListedContainer[]> {
    return readList(
      await this.call({ what: 'list the containers' }, ({ calls }, signal) =>
        calls.listContainers({
          all: true,
          abortSignal: signal,
          ...(ids === null ? {} : { filters: { id: [...ids] } }),
        }),
      ),
    )
  }

  /** The row that the engine lists for one id or the beginning of one; null when it is gone. */
  async listed(id: string): Promise<ListedContainer | null> {
    return (await this.#list([id])).find(({ row }) => row.id.startsWith(id)) ?? null
  }

  async #pid(id: string): Promise<number | null> {
    if (this.endpoint.kind !== 'socket' || !this.endpoint.native) return null
    try {
      return (await this.inspect(id, { what: `inspect container ${id.slice(0, 12)}` })).pid
    } catch (error) {
      if (error instanceof Failure && error.code === 'not-found') return null
      throw error
    }
  }

  async #follow(events: IncomingMessage, started: (container: StartedContainer) => void): Promise<void> {
    // The deadline under which the stream was opened is over: from here on it ends with the session.
    this.#end.signal.addEventListener('abort', () => events.destroy(), { once: true })
    try {
      for await (const event of readEvents(events, started)) this.containers.look(event)
      throw new Error('it closed the connection')
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (!this.#end.signal.aborted) this.#end.abort(error)
  }

  #explain(error: unknown, { what, signal }: Call): Failure {
    if (signal?.aborted) return new Failure('cancelled', `Asked no longer to ${what}`, { cause: error })
    if (this.#end.signal.aborted)
      return new Failure(
        'engine-unavailable',
        `The engine at ${endpointName(this.endpoint)} has gone: could not ${what}`,
        {
          cause: error,
        },
      )
    return engineFailure(error, what)
  }
}

const inspectWith = (client: EngineClient, id: string, signal: AbortSignal): Promise<ContainerInspectInfo> =>
  client.calls.getContainer(id).inspect({ abortSignal: signal })

async function askVersion(client: EngineClient, signal: AbortSignal): Promise<string | null> {
  // dockerode's version takes options, of which its types do not know.
  const calls = client.calls as { version(options: { abortSignal: AbortSignal }): Promise<unknown> }
  const answer = await calls.version({ abortSignal: signal })
  if (typeof answer !== 'object' || answer === null || !('ApiVersion' in answer))
    throw new EngineRefusal(200, 'what answers there is no container engine')
  return 'Version' in answer && typeof answer.Version === 'string' ? answer.Version : null
}

async function subscribe(client: EngineClient, signal: AbortSignal): Promise<IncomingMessage> {
  const events = await client.streams.getEvents({ filters: { type: ['container'] }, abortSignal: signal })
  return events as IncomingMessage
}
