import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { Client } from '#client/client.ts'
import { openSocket } from '#client/transport.ts'
import { percentile } from '../bench/bench.ts'
import { startDaemon } from '../support/daemon.ts'
import { until } from '../support/door.ts'
import { figure, full, scale } from '../support/scale.ts'
import { memoryOf } from '../support/process-usage.ts'

describe.runIf(process.platform === 'linux')('R15', () => {
  test('readers that stopped are cut, and the daemon holds little for them and answers the others', async () => {
    const daemon = await startDaemon()
    // Answers have to be larger than what the system takes off a daemon's hands, however quiet the machine is.
    const listeners = Array.from({ length: 100 }, () => createServer().listen(0, '127.0.0.1'))
    const memory = () => memoryOf(daemon.process.pid ?? 0).now
    const healthy: Client[] = []
    for (let i = 0; i < scale(90, 900); i++) {
      const client = daemon.client()
      healthy.push(client)
      if (i % 50 === 49) await client.call('daemon.status', {})
    }
    await Promise.all(healthy.map((client) => client.call('daemon.status', {})))
    const endpoint = { socket: daemon.describe().socket, token: daemon.token(), client: 'test/0' }
    const deaf: WebSocket[] = []
    for (let i = 0; i < scale(10, 100); i++)
      deaf.push((await openSocket(endpoint, new AbortController().signal)).socket)
    const before = memory()
    let most = before
    const started = performance.now()
    // Each asks for the ports as fast as it can send, and reads nothing.
    const question = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ports.list"}`
    for (const socket of deaf) for (let id = 1; id <= 300; id++) socket.send(question(id))
    const times: number[] = []
    const open = () => deaf.filter((socket) => socket.readyState === socket.OPEN)
    const watching = healthy.slice(0, 90).map(async (client, index) => {
      await sleep(index * 10)
      while (open().length > 0) {
        const asked = performance.now()
        await client.call('daemon.status', {})
        times.push(performance.now() - asked)
        most = Math.max(most, memory())
        // A peer that does not read learns of its end only when it sends.
        if (index === 0) for (const socket of open()) socket.ping()
        await sleep(500)
      }
    })
    await until('every deaf reader to be cut', () => open().length === 0, 30_000)
    const took = performance.now() - started
    await Promise.all(watching)
    expect(healthy.every(({ state }) => state.state === 'connected')).toBe(true)
    const grown = most - before
    const p99 = percentile(times, 99)
    figure(
      'R15',
      `${healthy.length} readers and ${deaf.length} that stopped: cut in ${Math.round(took)} ms, memory +${grown.toFixed(0)} MB, ` +
        `p99 of the others ${p99.toFixed(1)} ms`,
    )
    // One MiB each, and the room of the collector.
    expect(grown).toBeLessThan(64 + deaf.length * 1.5)
    if (full) {
      expect(took).toBeLessThan(13_000)
      expect(p99).toBeLessThan(100)
    }
    for (const client of healthy) await client.dispose()
    for (const socket of deaf) socket.terminate()
    for (const listener of listeners) listener.close()
    await daemon.stop()
  }, 180_000)
})
