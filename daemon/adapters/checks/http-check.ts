import {
  Agent as PlainAgent,
  request as plainRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import * as tls from 'node:tls'
import { usualAuthorities } from '#base/authorities.ts'
import { systemCode } from '#base/failure.ts'
import type { CheckFailure, CheckFault, HttpAnswer, HttpQuestion } from './checker.ts'
import { faultOf } from './fault-of.ts'
import { refuseForbidden, type SharedLookup } from './shared-lookup.ts'
import { boundIdle } from './idle-sockets.ts'

/** So much of a body is read where it is wanted; less where it is only read so that the connection can be used again. */
const wantedBytes = 1024 * 1024
const drainedBytes = 64 * 1024
const headerBytes = 16 * 1024
/** A connection that nobody used for so long is closed, in milliseconds. */
const idleMs = 15_000

/** Ends one attempt, with the reason for people. */
class Fault extends Error {
  readonly fault: CheckFault
  readonly detail: string | null

  constructor(fault: CheckFault, detail: string | null = null) {
    super(fault)
    this.fault = fault
    this.detail = detail
  }
}

interface Answer {
  readonly response: IncomingMessage
  readonly body: Buffer
  readonly cut: boolean
  readonly certificateEndsAt: number | null
}

/**
 * Asks servers over HTTP. Not by `fetch`, which costs twice the CPU and three times the memory for one small request;
 * connections are kept for the next check.
 */
export class HttpCheck {
  readonly #lookup: SharedLookup
  readonly #idle = new Set<Socket>()
  readonly #plain: PlainAgent
  #verifying: TlsAgent | undefined
  #trusting: TlsAgent | undefined

  constructor(lookup: SharedLookup) {
    this.#lookup = lookup
    this.#plain = boundIdle(new PlainAgent(agentOptions), this.#idle)
  }

  /** Always answers. */
  async ask(question: HttpQuestion): Promise<HttpAnswer | CheckFailure> {
    const started = performance.now()
    const deadline = new Deadline(question.timeoutMs)
    const visited = [question.url]
    const at = (): string | null => (visited.length === 1 ? null : (visited.at(-1) ?? null))
    try {
      let next = question
      for (;;) {
        const answer = await this.#attempt(next, deadline)
        const status = answer.response.statusCode ?? 0
        const led = ledTo(next, answer.response)
        if (led === null) return answered(next, answer, performance.now() - started, at())
        if (visited.length > question.redirects)
          throw new Fault('too-many-redirects', String(question.redirects))
        if (visited.includes(led.href)) throw new Fault('redirect-loop', led.href)
        visited.push(led.href)
        next = redirected(next, led, status)
      }
    } catch (error) {
      const failed = failure(error, deadline, at())
      const isPlain =
        failed.detail === 'EPROTO' && (await this.#answersPlainly(failed.at ?? question.url, question))
      return isPlain ? { ...failed, fault: 'tls-not-spoken' } : failed
    } finally {
      deadline.end()
    }
  }

  /** OpenSSL has one code for many ends; a server that does not speak TLS answers who asks without. */
  async #answersPlainly(address: string, question: HttpQuestion): Promise<boolean> {
    const deadline = new Deadline(Math.min(1000, question.timeoutMs))
    try {
      const url = address.replace(/^https:/, 'http:')
      const plain = { ...question, url, method: 'HEAD', headers: {}, body: null, wantsBody: false }
      const { response } = await this.#send(plain, deadline, false).answer
      // So those answer that do speak TLS.
      return response.statusCode !== 400
    } catch {
      // Whatever it does is no answer.
      return false
    } finally {
      deadline.end()
    }
  }

  dispose(): void {
    for (const agent of [this.#plain, this.#verifying, this.#trusting]) agent?.destroy()
  }

  /** A connection that was kept may have been closed meanwhile, which says nothing: then a new one is made. */
  async #attempt(question: HttpQuestion, deadline: Deadline): Promise<Answer> {
    const first = this.#send(question, deadline, true)
    try {
      return await first.answer
    } catch (error) {
      const wasClosed = ['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '')
      if (!first.request.reusedSocket || !wasClosed || deadline.over) throw error
      return this.#send(question, deadline, false).answer
    }
  }

  #send(
    question: HttpQuestion,
    deadline: Deadline,
    reuse: boolean,
  ): { request: ClientRequest; answer: Promise<Answer> } {
    const url = new URL(question.url)
    refuseForbidden(url.hostname)
    const isTls = url.protocol === 'https:'
    const agent = isTls ? this.#tlsAgent(question.verifyCertificate) : this.#plain
    const options = {
      method: question.method,
      headers: headersOf(question, url),
      lookup: this.#lookup.lookup,
      maxHeaderSize: headerBytes,
      agent: reuse ? agent : false,
      ...(isTls && !reuse ? tlsOptions(question.verifyCertificate) : {}),
      ...(isTls && isIP(url.hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: url.hostname } : {}),
    } as const
    const request = isTls ? tlsRequest(url, options) : plainRequest(url, options)
    const answer = answerTo(request, question, deadline)
    request.end(question.body ?? undefined)
    return { request, answer }
  }

  /** Made when first needed: to read all authorities takes a moment. */
  #tlsAgent(verify: boolean): TlsAgent {
    const make = () =>
      boundIdle(new TlsAgent({ ...agentOptions, ...tlsOptions(verify), maxCachedSessions: 0 }), this.#idle)
    return verify ? (this.#verifying ??= make()) : (this.#trusting ??= make())
  }
}

const agentOptions = { keepAlive: true, maxFreeSockets: 32, timeout: idleMs } as const

let context: tls.SecureContext | undefined

/** A context is made once: as text the authorities would be part of the key of each connection. */
function tlsOptions(verify: boolean): tls.ConnectionOptions {
  if (!verify) return { rejectUnauthorized: false }
  context ??= tls.createSecureContext({ ca: usualAuthorities() })
  return { secureContext: context }
}

/** One time for all that a check does. */
class Deadline {
  readonly #timer: NodeJS.Timeout
  #request: ClientRequest | undefined
  over = false

  constructor(milliseconds: number) {
    this.#timer = setTimeout(() => {
      this.over = true
      this.#request?.destroy(new Error('too late'))
    }, milliseconds)
  }

  /** What is ended when the time is up. */
  holds(request: ClientRequest): void {
    this.#request = request
    if (this.over) request.destroy(new Error('too late'))
  }

  get connected(): boolean {
    const socket = this.#request?.socket
    return socket !== null && socket !== undefined && !socket.connecting
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

function headersOf(question: HttpQuestion, url: URL): Record<string, string> {
  const { body } = question
  return {
    host: url.host,
    'user-agent': 'quantum-admin',
    accept: '*/*',
    'accept-encoding': 'identity',
    ...(body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...Object.fromEntries(
      Object.entries(question.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  }
}

function answerTo(request: ClientRequest, question: HttpQuestion, deadline: Deadline): Promise<Answer> {
  deadline.holds(request)
  return new Promise((resolve, reject) => {
    let shown: string | null = null
    request.once('socket', (socket) => {
      // Before the certificate is judged, since one that is refused takes its connection with it.
      if (socket instanceof tls.TLSSocket && !request.reusedSocket)
        socket.prependOnceListener('secure', () => (shown = describe(socket)))
    })
    request.on('error', (error) => {
      const { fault } = faultOf(error)
      reject(fault.startsWith('tls-') && shown !== null ? new Fault(fault, shown) : error)
    })
    request.once('response', (response) => {
      const { socket } = response
      const certificateEndsAt = socket instanceof tls.TLSSocket ? endOf(socket) : null
      const limit = question.wantsBody ? (question.mostBody ?? wantedBytes) : drainedBytes
      read(response, limit, question.wantsBody).then(({ body, cut }) => {
        if (cut) request.destroy()
        resolve({ response, body, cut, certificateEndsAt })
      }, reject)
    })
  })
}

/** Reads at most so many bytes, and keeps them where they are wanted. */
function read(
  response: IncomingMessage,
  limit: number,
  keep: boolean,
): Promise<{ body: Buffer; cut: boolean }> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let size = 0
    const end = (cut: boolean): void => resolve({ body: Buffer.concat(parts), cut })
    response.on('data', (part: Buffer) => {
      size += part.length
      if (keep) parts.push(size > limit ? part.subarray(0, part.length - (size - limit)) : part)
      if (size <= limit) return
      response.pause()
      end(true)
    })
    response.once('end', () => end(false))
    response.on('error', reject)
    response.once('aborted', () => reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })))
  })
}

/** Whose the certificate is, and when it counts: what it is refused for is one of these. */
function describe(socket: tls.TLSSocket): string | null {
  const { subject, subjectaltname, valid_from, valid_to, issuer } = socket.getPeerCertificate()
  if (valid_to === undefined) return null
  const names = subjectaltname ?? subject?.CN ?? 'nobody'
  return JSON.stringify({
    names,
    from: Date.parse(valid_from),
    to: Date.parse(valid_to),
    issuer: issuer?.CN ?? issuer?.O ?? null,
  })
}

const ends = new WeakMap<tls.TLSSocket, number | null>()

/** To take a certificate apart costs more than to ask for a page. */
function endOf(socket: tls.TLSSocket): number | null {
  const known = ends.get(socket)
  if (known !== undefined) return known
  const end = Date.parse(socket.getPeerCertificate().valid_to ?? '')
  ends.set(socket, Number.isNaN(end) ? null : end)
  return ends.get(socket) ?? null
}

/** Where an answer leads to that is not itself a good one; null when it leads nowhere. @throws Fault. */
function ledTo({ url, expect }: HttpQuestion, { statusCode = 0, headers }: IncomingMessage): URL | null {
  const isGood = expect.some(([first, last]) => statusCode >= first && statusCode <= last)
  if (isGood || !redirects.has(statusCode) || headers.location === undefined) return null
  const led = URL.parse(headers.location, url)
  if (led === null || (led.protocol !== 'http:' && led.protocol !== 'https:'))
    throw new Fault('redirect-nowhere', headers.location.slice(0, 200))
  led.hash = ''
  led.username = led.password = ''
  return led
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What is asked next (RFC 9110, 15.4). What was to be said to one server is not said to another. */
function redirected(question: HttpQuestion, led: URL, status: number): HttpQuestion {
  const isOther = new URL(question.url).origin !== led.origin
  const asGet = status === 303 || (status < 303 && question.method === 'POST')
  return {
    ...question,
    url: led.href,
    ...(isOther ? { headers: {} } : {}),
    ...(asGet
      ? { method: question.method === 'HEAD' ? 'HEAD' : 'GET', body: null }
      : isOther
        ? { body: null }
        : {}),
  }
}

const answered = (
  question: HttpQuestion,
  answer: Answer,
  latencyMs: number,
  at: string | null,
): HttpAnswer => ({
  ok: true,
  status: answer.response.statusCode ?? 0,
  latencyMs: Math.round(latencyMs * 10) / 10,
  body: question.wantsBody ? answer.body.toString('utf8') : null,
  cut: answer.cut,
  certificateEndsAt: answer.certificateEndsAt,
  at,
})

function failure(error: unknown, deadline: Deadline, at: string | null): CheckFailure {
  if (deadline.over)
    return { ok: false, fault: deadline.connected ? 'silent' : 'timed-out', detail: null, at }
  if (error instanceof Fault) return { ok: false, fault: error.fault, detail: error.detail, at }
  const { fault, code } = faultOf(error)
  return { ok: false, fault, detail: code, at }
}
