import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { WebSocketServer, type WebSocket } from 'ws'
import { openSocket } from '#client/transport.ts'
import { headers } from '#base/wire.ts'
import { statePaths, type DaemonFile } from '#base/state-paths.ts'
import { temporaryHome, type TestDaemon } from './daemon.ts'
import type { Random } from './random.ts'

/**
 * Stands between a client and a real daemon, in a state folder of its own that a client takes for the daemon's. It passes
 * everything on but notifications of changes: of those it loses some, and sends some after later ones.
 */
export class FrameProxy {
  readonly home = temporaryHome()
  /** Notifications that were passed on, lost, and sent late. */
  readonly frames = { passed: 0, lost: 0, late: 0 }
  readonly #daemon: TestDaemon
  readonly #random: Random
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })

  private constructor(daemon: TestDaemon, random: Random) {
    this.#daemon = daemon
    this.#random = random
    const { version, build, pid } = daemon.describe() as DaemonFile & {
      readonly build: string
      readonly version: string
    }
    this.#sockets.on('headers', (lines) => {
      lines.push(`${headers.protocol}: 1`, `${headers.version}: ${version}`, `${headers.build}: ${build}`)
      lines.push(`${headers.pid}: ${pid}`)
    })
    this.#server = createServer().on('upgrade', (request, socket, head) =>
      this.#sockets.handleUpgrade(request, socket, head, (client) => void this.#join(client)),
    )
  }

  static async start(daemon: TestDaemon, random: Random): Promise<FrameProxy> {
    const proxy = new FrameProxy(daemon, random)
    const [own, real] = [statePaths(proxy.home), statePaths(daemon.home)]
    const socket = path.join(proxy.home, 'proxy.sock')
    copyFileSync(real.token, own.token)
    const file = JSON.parse(readFileSync(real.daemonFile, 'utf8')) as object
    writeFileSync(own.daemonFile, JSON.stringify({ ...file, socket }))
    await new Promise<void>((resolve) => proxy.#server.listen(socket, resolve))
    return proxy
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.home, { recursive: true, force: true })
  }

  async #join(client: WebSocket): Promise<void> {
    client.pause()
    const endpoint = {
      socket: this.#daemon.describe().socket,
      token: this.#daemon.token(),
      client: 'vscode/0',
    }
    const { socket: real } = await openSocket(endpoint, AbortSignal.timeout(10_000))
    const held: string[] = []
    real.on('message', (data, binary) => {
      const text = (data as Buffer).toString('utf8')
      const isChange = !binary && text.includes('"$/changed"')
      if (!isChange) return client.send(data, { binary })
      const fate = this.#random.next()
      if (fate < 0.05) this.frames.lost += 1
      else if (fate < 0.1) {
        held.push(text)
        this.frames.late += 1
      } else {
        this.frames.passed += 1
        client.send(text)
        // What was held back comes now, after what came later.
        for (const late of held.splice(0)) client.send(late)
      }
    })
    client.on('message', (data, binary) => real.send(data, { binary }))
    client.on('close', () => real.terminate())
    real.on('close', () => client.terminate())
    real.resume()
    client.resume()
  }
}
