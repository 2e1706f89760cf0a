import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { connectRemote } from '#client/connect.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import type { Address } from '../support/raw.ts'
import { figure, full, scale } from '../support/scale.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'
import { memoryOf } from '../support/process-usage.ts'

let certificate: TestCertificate
let daemon: TestDaemon
let port: number
let userToken: string

const usable = withPeers('openssl') && process.platform === 'linux'

beforeAll(async () => {
  if (!usable) return
  certificate = makeCertificate()
  const { certFile, keyFile } = certificate
  daemon = await startDaemon({
    args: ['--listen', 'localhost:0', '--tls-cert', certFile, '--tls-key', keyFile],
  })
  port = Number(new URL(daemon.describe().url ?? '').port)
  const admin = daemon.client()
  await admin.call('users.add', { name: 'ana', role: 'operator' })
  userToken = (await admin.call('users.token', { name: 'ana' })).token
  // Once everything has been loaded and used, what is measured is the flood.
  for (let i = 0; i < 100; i++) await legitimate()
  for (const door of doors().slice(0, 1)) await flood('tokens', door, 200)
  await admin.dispose()
})
afterAll(async () => {
  if (!usable) return
  await daemon.stop()
  certificate.remove()
})

const memory = (): number => memoryOf(daemon.process.pid ?? 0).now

/** How long a new client of each door takes from nothing to its first answer, in milliseconds. */
async function legitimate(): Promise<readonly [number, number]> {
  const timed = async (client: ReturnType<TestDaemon['client']>): Promise<number> => {
    const before = performance.now()
    await client.call('daemon.status', {})
    const ms = performance.now() - before
    await client.dispose()
    return ms
  }
  const url = `https://localhost:${port}`
  const remote = { url, ca: certificate.ca, token: () => Promise.resolve(userToken), client: 'test/0' }
  return [await timed(daemon.client()), await timed(connectRemote(remote, 'once'))]
}

/** Runs an attack and asks meanwhile, again and again, as a legitimate client of each door. */
async function under(attack: () => Promise<void>): Promise<{ slowest: number; grown: number }> {
  const before = memory()
  let most = before
  let slowest = 0
  const over = new AbortController()
  const watching = (async () => {
    do {
      slowest = Math.max(slowest, ...(await legitimate()))
      most = Math.max(most, memory())
      await sleep(20)
    } while (!over.signal.aborted)
  })()
  await attack()
  over.abort()
  await watching
  return { slowest, grown: most - before }
}

function report(what: string, { slowest, grown }: { slowest: number; grown: number }): void {
  figure(
    'S6',
    `${what}: slowest legitimate connection ${Math.round(slowest)} ms, memory +${grown.toFixed(1)} MB`,
  )
  expect(grown).toBeLessThan(20)
  if (full) expect(slowest).toBeLessThan(100)
}

interface Door {
  readonly name: string
  readonly host: string
  readonly address: Address
}

const doors = (): readonly Door[] => [
  { name: 'the socket', host: 'localhost', address: { path: daemon.describe().socket } },
  { name: 'TLS', host: `localhost:${port}`, address: { port } },
]

const run = promisify(execFile)

async function flood(name: string, { address, host }: Door, count = 0): Promise<Record<string, number>> {
  const script = inRoot('test/support/flood.ts')
  const args = [script, name, JSON.stringify(address), host, String(count)]
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, FLOOD_TOKEN: daemon.token() },
  })
  return JSON.parse(stdout) as Record<string, number>
}

describe.runIf(usable)('S6', () => {
  test(
    'a thousand slow handshakes keep nobody out',
    async () => {
      const count = scale(300, 1000)
      for (const door of doors()) {
        const result = await under(async () => void (await flood('slow', door, count)))
        report(`${count} slow handshakes on ${door.name}`, result)
      }
    },
    scale(60_000, 300_000),
  )

  test('a frame of 100 MB, before and after the login, costs no memory', async () => {
    for (const door of doors()) {
      const result = await under(async () => void (await flood('big', door)))
      report(`bodies and heads of 100 MB on ${door.name}`, result)
    }
    const [local] = doors()
    if (local === undefined) throw new Error('There is no local door')
    const result = await under(async () => void (await flood('frame', local)))
    report('a frame of 100 MB after the login', result)
  }, 120_000)

  test(
    'ten thousand wrong tokens keep nobody out, are slowed down, and fill neither memory nor the trail',
    async () => {
      const count = scale(1000, 10_000)
      for (const door of doors()) {
        let statuses: Record<string, number> = {}
        const result = await under(async () => {
          statuses = await flood('tokens', door, count)
        })
        report(`${count} wrong tokens on ${door.name}`, result)
        expect(statuses['101']).toBeUndefined()
        expect(statuses['401']).toBeGreaterThan(0)
        if (door.name === 'TLS') expect(statuses['429']).toBeGreaterThan(count * 0.9)
      }
      const admin = daemon.client()
      const { entries } = await admin.call('audit.list', { action: 'login', outcome: 'refused', limit: 1000 })
      expect(entries.length).toBeGreaterThanOrEqual(5)
      expect(entries.length).toBeLessThan(50)
      await admin.dispose()
    },
    scale(60_000, 300_000),
  )

  test('three hundred clients of the network stay connected: having logged in, none counts as a stranger', async () => {
    const url = `https://localhost:${port}`
    const remote = { url, ca: certificate.ca, token: () => Promise.resolve(userToken), client: 'test/0' }
    const clients: Client[] = []
    for (let i = 0; i < 300; i += 20) {
      const more = Array.from({ length: 20 }, () => connectRemote(remote, 'once'))
      await Promise.all(more.map((client) => client.call('daemon.status', {})))
      clients.push(...more)
    }
    await sleep(100)
    expect(clients.map(({ state }) => state.state).filter((state) => state !== 'connected')).toEqual([])
    for (const client of clients) await client.dispose()
  })
})
