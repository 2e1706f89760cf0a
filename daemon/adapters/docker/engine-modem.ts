import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { RequestOptions as SecureOptions } from 'node:https'
import { EngineRefusal } from './engine-error.ts'

/** More than any list of containers needs; what is longer is not an engine's answer. */
const maxAnswerBytes = 64 << 20
const maxRefusalBytes = 64 << 10

/** Options of each request that say where it goes. */
export interface EngineAddress extends SecureOptions {
  readonly secure: boolean
}

/** What dockerode asks of its transport, as far as we use it. */
export interface Dial {
  readonly path: string
  readonly method: string
  readonly options?: Readonly<Record<string, unknown>>
  readonly statusCodes: Readonly<Record<number, boolean | string>>
  readonly abortSignal?: AbortSignal
}

/**
 * The transport under dockerode, in place of docker-modem: that one keeps whatever the engine sends in memory, never
 * answers when a connection ends within a body, follows redirects to anywhere, and loads an SSH client.
 */
export class EngineModem {
  readonly #address: EngineAddress
  readonly #streams: boolean

  /** @param streams - answers are the open response, to be read as it comes, instead of the parsed body. */
  constructor(address: EngineAddress, streams: boolean) {
    this.#address = address
    this.#streams = streams
  }

  /** The door dockerode knocks at. */
  dial(dial: Dial, answer: (error: unknown, value?: unknown) => void): void {
    void this.#send(dial).then((value) => answer(null, value), answer)
  }

  async #send(dial: Dial): Promise<unknown> {
    const response = await this.#respond(dial)
    const status = response.statusCode ?? 0
    if (dial.statusCodes[status] !== true) throw await refused(response, status)
    if (this.#streams) return response
    const body = await readBody(response, maxAnswerBytes)
    if (body === null)
      throw new Error(`The answer to ${dial.path} is longer than ${maxAnswerBytes >> 20} MiB`)
    return body === '' ? null : JSON.parse(body)
  }

  #respond(dial: Dial): Promise<IncomingMessage> {
    const { secure, ...address } = this.#address
    return new Promise((resolve, reject) => {
      // Most engines are on a local socket; TLS is loaded for those that are not.
      const send = secure ? process.getBuiltinModule('node:https').request : httpRequest
      const request = send({
        ...address,
        // A kept connection would be a dead one after the engine's restart.
        agent: false,
        method: dial.method,
        path: withQuery(dial),
        ...(dial.abortSignal === undefined ? {} : { signal: dial.abortSignal }),
      })
      request.once('response', resolve)
      // It stays for as long as the request lives: an abort may be reported after the response.
      request.on('error', reject)
      request.end()
    })
  }
}

/** dockerode marks a path that takes a query by a trailing question mark. */
function withQuery({ path, options = {} }: Dial): string {
  if (!path.endsWith('?')) return path
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || name === 'abortSignal') continue
    query.append(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  const text = query.toString()
  return text === '' ? path.slice(0, -1) : path + text
}

/** The whole body, or null when it is longer than the limit. */
async function readBody(response: IncomingMessage, limit: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the response.
    if (size > limit) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function refused(response: IncomingMessage, status: number): Promise<EngineRefusal> {
  const body = (await readBody(response, maxRefusalBytes)) ?? ''
  return new EngineRefusal(status, `${messageIn(body) ?? 'no explanation'} (HTTP ${status})`)
}

/** Engines explain themselves as `{"message": "..."}`. */
function messageIn(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed) return String(parsed.message)
  } catch {
    // Not an engine's answer; its first words may still tell whose it is.
  }
  return body === '' ? null : body.slice(0, 200)
}
