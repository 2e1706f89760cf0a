import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Lifetime } from '#base/lifetime.ts'

/** A heartbeat as it came. */
export interface Pushed {
  readonly token: string
  readonly status: string | null
  readonly msg: string | null
  readonly ping: string | null
  readonly query: string
}

/**
 * A server that speaks Uptime Kuma's push URL, status pages and metrics as version 1.23 does: `{"ok":true}` for a monitor
 * that is active, 404 with `{"ok":false,"msg":"Monitor not found or not active."}` for any other.
 */
export class KumaServer {
  readonly pushed: Pushed[] = []
  /** Tokens of monitors that are active. */
  readonly active = new Set<string>()
  /** What it answers to other paths; a text is sent as it is, anything else as JSON. */
  readonly pages = new Map<string, unknown>()
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[] = []
  /** It takes so long to take a heartbeat. */
  delayMs = 0
  /** So many heartbeats were there at once. */
  mostAtOnce = 0
  #now = 0
  #server: Server | null = null
  #port = 0

  static async start(life: Lifetime): Promise<KumaServer> {
    const kuma = new KumaServer()
    life.onDispose(() => kuma.stop())
    await kuma.listen()
    return kuma
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, after a stop on the port of before. */
  async listen(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response))
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    const json = (status: number, body: unknown): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const [, token] = /^\/api\/push\/([^/]+)$/.exec(url.pathname) ?? []
    if (token === undefined) {
      this.asked.push({ path: url.pathname, authorization: request.headers.authorization })
      const page = this.pages.get(url.pathname)
      if (page === undefined) return json(404, { ok: false, msg: 'Status Page Not Found' })
      if (typeof page === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(page)
      else json(200, page)
      return
    }
    if (!this.active.has(token)) return json(404, { ok: false, msg: 'Monitor not found or not active.' })
    const of = (name: string): string | null => url.searchParams.get(name)
    this.pushed.push({ token, status: of('status'), msg: of('msg'), ping: of('ping'), query: url.search })
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#now)
    setTimeout(() => {
      this.#now--
      json(200, { ok: true })
    }, this.delayMs)
  }
}
