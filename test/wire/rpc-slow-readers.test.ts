import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Client } from '#client/client.ts'
import { openDoor, until, type TestDoor } from '../support/door.ts'
import { figure, full, scale } from '../support/scale.ts'

const status = '{"jsonrpc":"2.0","id":%,"method":"ports.list"}'

/** Asks and asks and never reads an answer. */
function nag(socket: WebSocket, seconds: number): void {
  let id = 0
  const timer = setInterval(() => {
    if (socket.readyState !== socket.OPEN) return clearInterval(timer)
    for (let i = 0; i < 50; i++) socket.send(status.replace('%', String(++id)))
  }, 20)
  setTimeout(() => clearInterval(timer), seconds * 1000).unref()
}

async function pulse(client: Client, stop: () => boolean): Promise<void> {
  while (!stop()) {
    await client.call('daemon.status', {})
    await sleep(250)
  }
}

async function connect(door: TestDoor, count: number): Promise<Client[]> {
  const clients: Client[] = []
  for (let i = 0; i < count; i += 50) {
    const batch = Array.from({ length: Math.min(50, count - i) }, () => door.client())
    await Promise.all(batch.map((client) => client.call('daemon.status', {})))
    clients.push(...batch)
  }
  return clients
}

// What they cost the others is measured where nobody else works in the daemon's process: reliability/daemon-readers.
test('R15: readers that stopped are cut within their time, and the others stay', async () => {
  const answer = { rows: 'x'.repeat(50_000) }
  const door = await openDoor({ handlers: { 'ports.list': () => answer } })
  const healthy = await connect(door, scale(90, 900))
  const slow = await Promise.all(Array.from({ length: scale(10, 100) }, () => door.webSocket()))
  expect(door.count()).toBe(healthy.length + slow.length)
  const started = performance.now()
  for (const socket of slow) nag(socket, 20)
  const pulses = healthy.map((client) => pulse(client, () => door.count() <= healthy.length))
  await until('every slow reader to be cut', () => door.count() === healthy.length, 20_000)
  const took = performance.now() - started
  await Promise.all(pulses)
  for (const client of healthy) expect(client.state.state).toBe('connected')
  figure(
    'R15',
    `${healthy.length + slow.length} clients, ${slow.length} slow ones cut in ${Math.round(took)} ms`,
  )
  if (full) expect(took).toBeLessThan(12_000)
  for (const client of healthy) await client.dispose()
  for (const socket of slow) socket.terminate()
  await door.dispose()
}, 120_000)

test('a reader that is slow but reads is not cut, and gets everything', async () => {
  const rows = Array.from({ length: 30_000 }, (_, i) => `row ${i} ${'y'.repeat(80)}`)
  const door = await openDoor({ handlers: { 'processes.list': () => rows } })
  const socket = await door.webSocket()
  let done: unknown
  socket.on('message', (data: Buffer) => (done = JSON.parse(data.toString('utf8'))))
  socket.send('{"jsonrpc":"2.0","id":1,"method":"processes.list"}')
  // Reads for a moment every 300 ms: longer in all than a reader with so much waiting may stay silent.
  for (let i = 0; i < 12; i++) {
    await sleep(300)
    socket.resume()
    await new Promise((resolve) => setImmediate(resolve))
    socket.pause()
  }
  expect(door.count()).toBe(1)
  socket.resume()
  await until('the answer', () => done !== undefined)
  expect(done).toEqual({ jsonrpc: '2.0', id: 1, result: rows })
  socket.terminate()
  await door.dispose()
})

test('events do not pile up for a reader that stopped: it gets the last revision when it reads again', async () => {
  const door = await openDoor({ handlers: { 'ports.list': () => 'z'.repeat(600_000) } })
  const socket = await door.webSocket()
  const revisions: string[] = []
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as { method?: string; params?: { revision: string } }
    if (message.method === '$/changed') revisions.push(message.params?.revision ?? '')
  })
  const ask = (id: number, method: string, params: unknown = {}) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
  ask(1, 'events.subscribe', { topics: ['leases'] })
  ask(2, 'ports.list')
  await until('a full buffer', () => door.entered.includes('ports.list'))
  for (let i = 1; i <= 500; i++) {
    door.revisions.set('leases', `r${i}`)
    door.events.changed('leases')
    await new Promise((resolve) => setImmediate(resolve))
  }
  socket.resume()
  await until('the last revision', () => revisions.at(-1) === 'r500')
  expect(revisions.length).toBeLessThan(5)
  socket.terminate()
  await door.dispose()
})
