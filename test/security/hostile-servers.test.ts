import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectorRow } from '#contract/connectors.ts'
import type { Client } from '#client/client.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'
import { memoryOf } from '../support/process-usage.ts'

const schemes = ['postgresql', 'mysql', 'redis', 'amqp', 'http', 'rediss', 'amqps', 'https'] as const
const timeoutMs = 1500
const piece = Buffer.alloc(256 * 1024, 'a')

/** Sends for as long as somebody takes it. */
function flood(socket: Socket, before: Buffer | string, part: Buffer = piece): void {
  socket.write(before)
  const more = (): void => {
    while (!socket.destroyed && socket.write(part));
  }
  socket.on('drain', more)
  more()
}

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)
/** A greeting of MySQL, protocol 10, as the server's half of a login that goes on as somebody likes. */
const greeting = Buffer.concat([
  bytes(0x4a, 0, 0, 0, 10),
  Buffer.from('8.0.36\0'),
  bytes(1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, 0xf7, 0x21, 2, 0, 0xff, 0x81, 21),
  Buffer.alloc(10),
  Buffer.from('123456789012\0mysql_native_password\0'),
])

/** What a server does to whoever connects. */
const behaviours: Readonly<Record<string, (socket: Socket, random: Random) => void>> = {
  'closes at once': (socket) => socket.destroy(),
  'resets at once': (socket) => socket.resetAndDestroy(),
  'never answers': (socket) => void socket.resume(),
  'answers garbage': (socket, random) => void socket.end(random.bytes(2000)),
  'answers garbage to each word': (socket, random) =>
    void socket.on('data', () => socket.write(random.bytes(100))),
  'has an endless banner': (socket) => flood(socket, ''),
  'has endless lines': (socket) => flood(socket, '', Buffer.from('+OK\r\n'.repeat(10_000))),
  'answers HTTP with endless headers': (socket) =>
    flood(socket, 'HTTP/1.1 200 OK\r\n', Buffer.from(`X-A: ${'b'.repeat(1000)}\r\n`.repeat(100))),
  'answers HTTP with 2 GB': (socket) =>
    flood(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n'),
  'announces 2 GB to PostgreSQL': (socket) => flood(socket, bytes(0x52, 0x7f, 0xff, 0xff, 0xff)),
  'sends PostgreSQL endless notices': (socket) =>
    flood(
      socket,
      '',
      Buffer.concat(
        Array.from({ length: 1000 }, () =>
          Buffer.concat([bytes(0x4e, 0, 0, 0, 14), Buffer.from('SNOTICE\0\0\0')]),
        ),
      ),
    ),
  'says no length to PostgreSQL': (socket) => flood(socket, bytes(0x45, 0, 0, 0, 0)),
  'announces 16 MB packets to MySQL': (socket) => flood(socket, bytes(0xff, 0xff, 0xff, 0, 10)),
  'greets as MySQL and floods': (socket) => flood(socket, greeting),
  'greets as MySQL and asks for a file': (socket) => {
    socket.write(greeting)
    socket.on('data', () =>
      socket.write(Buffer.concat([bytes(0x0c, 0, 0, 1, 0xfb), Buffer.from('/etc/passwd')])),
    )
  },
  'announces 2 GB to Redis': (socket) => flood(socket, '$2147483647\r\n'),
  'announces a great array to Redis': (socket) =>
    flood(socket, '*2147483647\r\n', Buffer.from(':1\r\n'.repeat(10_000))),
  'nests arrays for Redis': (socket) => flood(socket, '', Buffer.from('*1\r\n'.repeat(50_000))),
  'announces 2 GB to RabbitMQ': (socket) => flood(socket, bytes(1, 0, 0, 0x7f, 0xff, 0xff, 0xff)),
  drips: (socket) => {
    const timer = setInterval(() => socket.write('\0'), 5)
    socket.once('close', () => clearInterval(timer))
  },
  'goes on after it has agreed': (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello+OK\r\n')
      setImmediate(() => socket.resetAndDestroy())
    })
  },
}

interface Hostile {
  readonly what: string
  readonly port: number
  readonly server: Server
}

describe.runIf(process.platform === 'linux')('servers that mean harm', () => {
  let daemon: TestDaemon
  let client: Client
  const hostile: Hostile[] = []
  const sockets = new Set<Socket>()
  let largest = 0
  const over = new AbortController()

  beforeAll(async () => {
    daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    client = daemon.client()
    for (const [what, behave] of Object.entries(behaviours)) {
      const random = new Random(7)
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.once('close', () => sockets.delete(socket))
        behave(socket, random)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      hostile.push({ what, server, port: address !== null && typeof address === 'object' ? address.port : 0 })
    }
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    for (const { server } of hostile) server.close()
    await client?.dispose()
    await daemon?.stop()
  })

  test('each kind of test ends in its time, in bounded memory, with a reason, and the daemon is as it was', async () => {
    const before = residentOf(daemon.process.pid ?? 0)
    const watching = watchChildren()
    const rows: (ConnectorRow & { readonly what: string })[] = []
    const rounds = scale(1, 5)
    // Each behaviour with some of the schemes, and each scheme with some of the behaviours.
    const every = scale(3, 1)
    for (let round = 0; round < rounds; round++)
      for (const [place, { what, port }] of hostile.entries())
        rows.push(
          ...(await Promise.all(
            schemes
              .filter((_, n) => n % every === place % every)
              .map(async (scheme) => {
                const name = `${scheme}-${port}`
                if (round === 0)
                  await client.call('connectors.add', { name, url: `${scheme}://ana@127.0.0.1:${port}` })
                return { ...(await client.call('connectors.test', { name, timeoutMs })), what }
              }),
          )),
        )
    over.abort()
    await watching
    // Some of it is HTTP as good as any.
    const well = rows.filter(({ status }) => status === 'connected')
    expect(well.filter(({ type }) => type !== 'http')).toEqual([])
    expect(
      rows.filter(({ status, reason, advice }) => status !== 'connected' && !(reason && advice)),
    ).toEqual([])
    const growth = (residentOf(daemon.process.pid ?? 0) - before) / 2 ** 20
    expect(growth).toBeLessThan(64)
    expect(largest / 2 ** 20).toBeLessThan(400)
    expect((await client.call('daemon.status', {})).pid).toBe(daemon.process.pid)
    expect(childrenOf(daemon.process.pid ?? 0)).toEqual([])
    const faults = new Map<string, number>()
    for (const { fault } of rows)
      faults.set(fault ?? 'connected', (faults.get(fault ?? 'connected') ?? 0) + 1)
    figure(
      'hostile servers',
      `${rows.length} tests of ${hostile.length} behaviours, daemon +${growth.toFixed(0)} MB, the largest test ${(largest / 2 ** 20).toFixed(0)} MB; ${JSON.stringify(Object.fromEntries(faults))}`,
    )
  }, 600_000)

  async function watchChildren(): Promise<void> {
    while (!over.signal.aborted) {
      for (const pid of childrenOf(daemon.process.pid ?? 0)) largest = Math.max(largest, residentOf(pid))
      await wait(10)
    }
  }
})

/** Bytes of memory that a process holds; 0 when it has ended. */
function residentOf(pid: number): number {
  try {
    return memoryOf(pid).now * 1024 ** 2
  } catch {
    // It ended while we looked.
    return 0
  }
}

function childrenOf(parent: number): readonly number[] {
  try {
    return readdirSync(`/proc/${parent}/task`).flatMap((task) =>
      readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    // A thread ended while we looked.
    return []
  }
}
