import { execFile } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineStatus } from '#contract/resources.ts'
import { withChange } from '../support/change.ts'
import { DockerEngine } from '../../daemon/adapters/docker/docker-engine.ts'
import { engineAt, nobodysHome, until, untilEqual } from '../support/docker-client.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { SocketProxy } from '../support/socket-proxy.ts'
import { describeWithEngine } from '../support/with-engine.ts'

const never = new AbortController().signal
const someId = 'a'.repeat(64)

describeWithEngine('an engine that cannot be reached', () => {
  let engine: TestEngine
  const at = (name: string) => join(engine.folder, name)

  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
    await engine.docker('run', '-d', '--name', 'lasting', 'box')
  })
  afterAll(() => engine.stop())

  test('no socket: absent, with the path in the reason, and every question answered at once', async () => {
    const docker = engineAt(at('nothing.sock'))
    await docker.refresh()
    expect(docker.status()).toMatchObject({ state: 'absent', version: null, endpoint: at('nothing.sock') })
    expect(docker.status().reason).toContain(at('nothing.sock'))
    expect(docker.containers()).toEqual([])
    await expect(docker.inspect(someId, never)).rejects.toMatchObject({ code: 'engine-unavailable' })
    await expect(docker.usage(never)).rejects.toMatchObject({ code: 'engine-unavailable' })
    await expect(withChange((change) => docker.stop(change, someId))).rejects.toMatchObject({
      code: 'engine-unavailable',
    })
    await docker.dispose()
  })

  test('a socket of somebody else: denied, not an error storm', async () => {
    chmodSync(engine.socket, 0o600)
    const script = fileURLToPath(new URL('../support/docker-as-nobody.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script, engine.socket])
    const status = JSON.parse(stdout) as EngineStatus
    expect(status).toMatchObject({ state: 'denied', endpoint: engine.socket, version: null })
    expect(status.reason).toContain('EACCES')
  })

  test('a socket that accepts and never answers hangs nobody', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(at('hung.sock'), resolve))
    const docker = engineAt(at('hung.sock'), { answerMs: 300 })
    await docker.refresh()
    expect(docker.status()).toMatchObject({ state: 'unreachable', endpoint: at('hung.sock') })
    expect(docker.status().reason).toContain('within 0.3 s')
    await docker.dispose()
    server.close()
  })

  test('something that is no engine is told apart from one', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 302 Found\r\nLocation: foo://bar\r\nContent-Length: 0\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(at('web.sock'), resolve))
    const docker = engineAt(at('web.sock'))
    await docker.refresh()
    expect(docker.status()).toMatchObject({ state: 'unreachable' })
    expect(docker.status().reason).toContain('HTTP 302')
    await docker.dispose()
    server.close()
  })

  test('an endless answer is cut off, not kept in memory', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(1 << 20, 0x20)));
      }
      socket.on('drain', more)
      more()
    })
    await new Promise<void>((resolve) => server.listen(at('endless.sock'), resolve))
    const docker = engineAt(at('endless.sock'))
    await until('it gives up', () => docker.status().reason?.includes('longer than 64 MiB') ?? false)
    expect(docker.status().state).toBe('unreachable')
    await docker.dispose()
    server.close()
  })

  test('an engine that hangs later is noticed by the next question and met again when it moves', async () => {
    const proxy = new SocketProxy(at('stalling.sock'), engine.socket)
    await proxy.restore()
    const docker = engineAt(proxy.path, { answerMs: 300 })
    await until('connected', () => docker.status().state === 'connected')
    const id = docker.containers()[0]?.id ?? ''
    proxy.stall()
    await expect(docker.inspect(id, never)).rejects.toMatchObject({ code: 'timeout' })
    await docker.refresh()
    expect(docker.status().state).toBe('unreachable')
    expect(docker.containers()).toEqual([])
    await proxy.restore()
    await until('connected again', () => docker.status().state === 'connected')
    await untilEqual(docker, engine)
    // One that follows the events, with its two ends; those of the session that hung are closed.
    await until('only one is open', () => proxy.connections === 2)
    await docker.dispose()
    await until('none is open', () => proxy.connections === 0)
    await proxy.cut()
  })

  test('a caller who no longer wants the answer gets none, and the engine stays', async () => {
    const proxy = new SocketProxy(at('slow.sock'), engine.socket)
    await proxy.restore()
    const docker = engineAt(proxy.path)
    await until('connected', () => docker.status().state === 'connected')
    proxy.stall()
    const caller = new AbortController()
    const inspection = docker.inspect(someId, caller.signal)
    caller.abort()
    await expect(inspection).rejects.toMatchObject({ code: 'cancelled' })
    expect(docker.status().state).toBe('connected')
    await docker.dispose()
    await proxy.cut()
  })

  test('a long outage is told once and costs a handful of attempts', async () => {
    const proxy = new SocketProxy(at('refusing.sock'), engine.socket)
    await proxy.restore()
    const docker = engineAt(proxy.path)
    await until('connected', () => docker.status().state === 'connected')
    let told = 0
    const listening = docker.onChanged(() => told++)
    const before = proxy.attempts
    proxy.refuse()
    await until('it is noticed', () => docker.status().state === 'unreachable')
    await delay(8000)
    // Pauses of 0.25 and then 0.5 s for the first minute: at most seventeen attempts in these eight seconds.
    expect(proxy.attempts - before).toBeGreaterThan(3)
    expect(proxy.attempts - before).toBeLessThanOrEqual(17)
    expect(told).toBe(1)
    await proxy.restore()
    await until('connected again', () => docker.status().state === 'connected')
    await listening.dispose()
    await docker.dispose()
    await proxy.cut()
  })

  test('an engine that was never there is looked for ever more seldom', async () => {
    const proxy = new SocketProxy(at('never.sock'), engine.socket)
    await proxy.restore()
    proxy.refuse()
    const docker = engineAt(proxy.path)
    await delay(8000)
    // Pauses of 0.25, 0.5, 1, 2 and 4 s.
    expect(proxy.attempts).toBeGreaterThan(2)
    expect(proxy.attempts).toBeLessThanOrEqual(6)
    expect(docker.status().state).toBe('unreachable')
    await docker.dispose()
    await proxy.cut()
  })

  test('whoever asks for a fresh list is not told of an outage that is over', async () => {
    const proxy = new SocketProxy(at('asked.sock'), engine.socket)
    await proxy.restore()
    proxy.refuse()
    const docker = engineAt(proxy.path, { retryMs: 60_000 })
    await until('it is noticed', () => docker.status().state === 'unreachable')
    await delay(250)
    await proxy.restore()
    await docker.refresh()
    expect(docker.status().state).toBe('connected')
    expect(docker.containers()).not.toEqual([])
    await docker.dispose()
    await proxy.cut()
  })

  test('another context is followed without a restart', async () => {
    const proxies = ['one', 'two'].map((name) => new SocketProxy(at(`${name}.sock`), engine.socket))
    for (const proxy of proxies) await proxy.restore()
    let current = at('one.sock')
    const docker = new DockerEngine({
      surroundings: {
        ...nobodysHome,
        env: { DOCKER_CONTEXT: 'mine' },
        read: () => JSON.stringify({ Endpoints: { docker: { Host: `unix://${current}` } } }),
      },
      timings: { reconcileMs: 100 },
    })
    await until('the first is used', () => docker.status().endpoint === at('one.sock'))
    current = at('two.sock')
    const used = () => docker.status().state === 'connected' && docker.status().endpoint === current
    await until('the second is used', used)
    expect(docker.containers()).not.toEqual([])
    await until('the first is let go', () => proxies[0]?.connections === 0)
    await docker.dispose()
    for (const proxy of proxies) await proxy.cut()
  })

  test('stopped and started, killed and started: gone with a reason, then back with the whole truth', async () => {
    const docker = engineAt(engine.socket)
    await until('connected', () => docker.status().state === 'connected')
    for (const end of ['halt', 'kill'] as const) {
      await engine[end]()
      await until('gone', () => docker.status().state === 'unreachable')
      expect(docker.containers()).toEqual([])
      expect(existsSync(engine.socket)).toBe(end === 'kill')
      await engine.start()
      await untilEqual(docker, engine)
      await engine.docker('start', 'lasting')
    }
    await docker.dispose()
  })
})
