import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DockerEngine } from '../../daemon/adapters/docker/docker-engine.ts'
import { engineAt, until } from '../support/docker-client.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { SocketProxy } from '../support/socket-proxy.ts'
import { describeWithEngine } from '../support/with-engine.ts'

describeWithEngine('container logs of a real engine', () => {
  let engine: TestEngine
  let docker: DockerEngine
  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
    docker = engineAt(engine.socket)
    await docker.refresh()
  })
  afterAll(async () => {
    await docker.dispose()
    await engine.stop()
  })

  /** Runs a script to its end in a new container and answers its id. */
  async function ran(script: string, ...options: readonly string[]): Promise<string> {
    const id = (await engine.docker('run', '-d', ...options, 'box', 'sh', '-c', script)).trim()
    await engine.docker('wait', id)
    return id
  }

  async function linesOf(id: string, tail = 1000): Promise<readonly string[]> {
    const lines: string[] = []
    const signal = new AbortController().signal
    await docker.logs(id, { tail, follow: false, signal }, async (batch) => void lines.push(...batch))
    return lines
  }

  test('stdout and stderr are both there, and a tail is the end', async () => {
    const id = await ran('for n in $(seq 1 200); do echo out $n; echo err $n >&2; done')
    const all = await linesOf(id)
    expect(all.filter((line) => line.startsWith('out'))).toEqual(
      Array.from({ length: 200 }, (_, n) => `out ${n + 1}`),
    )
    expect(all.filter((line) => line.startsWith('err'))).toEqual(
      Array.from({ length: 200 }, (_, n) => `err ${n + 1}`),
    )
    expect(await linesOf(id, 3)).toHaveLength(3)
    expect(await linesOf(id, 0)).toEqual([])
  })

  test('a terminal log has no headers and no carriage returns', async () => {
    const id = await ran('echo first; printf "second\\r\\n"; printf "\\033[31mred\\033[0m\\n"', '--tty')
    expect((await linesOf(id)).map((line) => line.replace(/\r+$/, ''))).toEqual([
      'first',
      'second',
      '\u001b[31mred\u001b[0m',
    ])
  })

  test('invalid UTF-8 and a line of a megabyte harm nobody', async () => {
    const id = await ran(
      'printf "\\377\\376 raw\\n"; head -c 1048576 /dev/zero | tr "\\000" a; echo; echo after',
    )
    const lines = await linesOf(id)
    expect(lines[0]).toBe('\ufffd\ufffd raw')
    expect(lines[1]).toMatch(/^a{262144} … \[line cut at 256 KiB\]$/)
    expect(lines.slice(2)).toEqual(['after'])
  })

  test('following shows lines as they come, ends with the container, and loses none', async () => {
    const script = 'for n in $(seq 1 20); do echo line $n; sleep 0.05; done'
    const id = (await engine.docker('run', '-d', 'box', 'sh', '-c', script)).trim()
    const batches: (readonly string[])[] = []
    const signal = new AbortController().signal
    await docker.logs(id, { tail: 1000, follow: true, signal }, async (batch) => void batches.push(batch))
    expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, n) => `line ${n + 1}`))
    expect(batches.length).toBeGreaterThan(1)
  })

  test('following ends quietly when nobody wants it any more', async () => {
    const id = (
      await engine.docker('run', '-d', 'box', 'sh', '-c', 'echo up; trap "exit 0" TERM; sleep 1000 & wait')
    ).trim()
    const reader = new AbortController()
    const lines: string[] = []
    const following = docker.logs(
      id,
      { tail: 10, follow: true, signal: reader.signal },
      async (batch) => void lines.push(...batch),
    )
    await until('the first line', () => lines.length > 0)
    reader.abort()
    await following
    expect(lines).toEqual(['up'])
    expect(docker.status().state).toBe('connected')
  })

  test('a slow reader slows the stream down instead of filling memory', async () => {
    const line = 'v=$(head -c 4000 /dev/zero | tr "\\000" a)'
    const id = await ran(`${line}; for n in $(seq 1 20000); do echo $v; done`)
    const proxy = new SocketProxy(join(engine.folder, 'proxy.sock'), engine.socket)
    await proxy.restore()
    const through = engineAt(proxy.path)
    await until('connected', () => through.status().state === 'connected')
    const reader = new AbortController()
    let taken = 0
    let most = 0
    await through.logs(id, { tail: 20_000, follow: false, signal: reader.signal }, async (batch) => {
      await delay(2)
      most = Math.max(most, proxy.received - taken)
      taken += batch.length * 4009
      if (taken > 20_000_000) reader.abort()
    })
    expect(taken).toBeGreaterThan(20_000_000)
    expect(most).toBeLessThan(4 << 20)
    await through.dispose()
    await proxy.cut()
  })

  test('when the engine goes, a follower is told so', async () => {
    const id = (
      await engine.docker('run', '-d', 'box', 'sh', '-c', 'echo up; trap "exit 0" TERM; sleep 1000 & wait')
    ).trim()
    let seen = 0
    const following = docker.logs(
      id,
      { tail: 10, follow: true, signal: new AbortController().signal },
      async () => void seen++,
    )
    const told = expect(following).rejects.toMatchObject({ code: 'engine-unavailable' })
    await until('the first line', () => seen > 0)
    await engine.kill()
    await told
    await engine.start()
  })
})
