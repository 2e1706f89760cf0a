import * as z from 'zod/mini'
import { Failure } from '#base/failure.ts'
import type { ContainerOutput, OutputState } from './container-output.ts'
import { linkAbort, withDeadline } from './deadline.ts'
import type { Endpoint } from './endpoints.ts'
import { openClient, type EngineClient } from './engine-client.ts'
import { EngineRefusal, engineFailure } from './engine-error.ts'

/** How long the engine may take to begin an answer. */
const answerMs = 5000

const inspected = z.object({
  State: z.object({
    Running: z.catch(z.boolean(), false),
    Restarting: z.catch(z.boolean(), false),
    Status: z.catch(z.string(), ''),
    StartedAt: z.catch(z.string(), ''),
  }),
  HostConfig: z.object({
    LogConfig: z.object({
      Type: z.catch(z.string(), ''),
      Config: z.catch(z.nullish(z.record(z.string(), z.string())), null),
    }),
  }),
})

/** Through dockerode. It connects once something is asked. */
export class EngineOutput implements ContainerOutput {
  readonly #endpoint: Endpoint
  #client: Promise<EngineClient> | null = null

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  async open(
    id: string,
    { tail, follow }: { readonly tail: number | 'all'; readonly follow: boolean },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer>> {
    const open = new AbortController()
    const unlink = linkAbort([signal], open)
    try {
      const stream = await this.#ask('read the log of', id, open.signal, async ({ streams }, deadline) => {
        linkAbort([deadline], open)
        // As text: dockerode's types know a number alone, and 0 or less is everything to nobody but Docker.
        const options = { stdout: true, stderr: true, timestamps: true, tail: String(tail) as never }
        const container = streams.getContainer(id)
        const abortSignal = open.signal
        return follow
          ? container.logs({ ...options, abortSignal, follow: true })
          : container.logs({ ...options, abortSignal, follow: false })
      })
      // The modem for streams answers with the open response, which dockerode's types do not know.
      return chunksOf(stream as unknown as AsyncIterable<Buffer>, () => {
        open.abort()
        unlink()
      })
    } catch (error) {
      unlink()
      throw error
    }
  }

  look(id: string, signal: AbortSignal): Promise<OutputState> {
    return this.#ask('inspect', id, signal, async ({ calls }, abortSignal) => {
      const { State, HostConfig } = inspected.parse(await calls.getContainer(id).inspect({ abortSignal }))
      const { Type: driver, Config } = HostConfig.LogConfig
      return {
        removing: State.Status === 'removing' || State.Status === 'dead',
        startedAt: State.StartedAt,
        running: State.Running || State.Restarting,
        driver,
        rotates: driver !== 'json-file' || Config?.['max-size'] !== undefined,
      }
    })
  }

  async #ask<T>(
    verb: string,
    id: string,
    signal: AbortSignal,
    ask: (client: EngineClient, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const what = `${verb} container ${id.slice(0, 12)}`
    try {
      this.#client ??= openClient(this.#endpoint)
      return await withDeadline(answerMs, [signal], what, async (deadline) =>
        ask(await (this.#client as Promise<EngineClient>), deadline),
      )
    } catch (error) {
      this.#client = null
      // Docker's answer for one that is dead or marked for removal.
      if (error instanceof EngineRefusal && error.status === 409)
        throw new Failure('not-found', `Could not ${what}: it is being removed`, { cause: error })
      throw engineFailure(error, what)
    }
  }
}

/** Lets go of the connection however reading ends. */
async function* chunksOf(stream: AsyncIterable<Buffer>, done: () => void): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } finally {
    done()
  }
}
