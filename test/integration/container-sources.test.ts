import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { logFolder } from '../support/engine-logs.ts'
import { figure, scale } from '../support/scale.ts'
import { SocketProxy } from '../support/socket-proxy.ts'
import { describeWithEngine } from '../support/with-engine.ts'

const soon = { timeout: 20_000 }
const ofLines = (from: number, to: number, word = 'line') =>
  Array.from({ length: to - from + 1 }, (_, n) => `${word} ${from + n}`)

describeWithEngine('containers as sources of logs', () => {
  let engine: TestEngine
  let folder: ReturnType<typeof logFolder>
  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
  })
  afterAll(() => engine.stop())
  beforeEach(() => {
    folder = logFolder(engine.socket)
    onTestFinished(() => folder.remove())
  })

  const start = () => {
    const logs = folder.start()
    onTestFinished(() => logs.stop())
    return logs
  }
  const run = async (script: string, ...options: readonly string[]): Promise<string> =>
    (await engine.docker('run', '-d', ...options, 'box', 'sh', '-c', script)).trim()

  test('both outputs, long lines, a terminal and a last line without an end are read once, with their times', async () => {
    const script =
      'head -c 40000 /dev/zero | tr "\\000" a; echo; echo oops >&2; head -c 300000 /dev/zero | tr "\\000" b; echo; printf "a\\rb\\r\\n"; printf last'
    const plain = await run(script)
    const terminal = await run(script, '--tty')
    await engine.docker('wait', plain, terminal)
    const logs = start()
    const before = Date.now()
    logs.read([{ id: plain }, { id: terminal, name: 'tty' }])
    const long = `${'b'.repeat(262_144)}[quantum-admin: ${300_000 - 262_144} bytes more]`
    await expect.poll(async () => (await logs.texts('container:web')).length, soon).toBe(6)
    expect((await logs.texts('container:web')).toSorted()).toEqual(
      ['a'.repeat(40_000), 'oops', long, 'a', 'b', 'last'].toSorted(),
    )
    await expect.poll(async () => (await logs.texts('container:tty')).length, soon).toBe(6)
    for (const { time, timeFrom } of await logs.lines()) {
      expect(timeFrom).toBe('arrival')
      expect(Date.parse(time)).toBeLessThan(before)
    }
  })

  test('reading goes on where it ended, whatever the clock and however equal the lines', async () => {
    const id = await run('echo begun')
    await engine.docker('wait', id)
    const file = join(engine.folder, 'data/containers', id, `${id}-json.log`)
    const entry = (log: string, time: string, stream = 'stdout') =>
      `${JSON.stringify({ log, stream, time: `2026-01-01T${time}Z` })}\n`
    const first = [
      entry('one\n', '10:00:00.000000001'),
      entry('same\n', '10:00:00.000000002'),
      entry('same\n', '10:00:00.000000002'),
    ]
    // The same line at the same time once more; then the clock is put back, and what was longer than a part.
    const second = [
      entry('same\n', '10:00:00.000000002'),
      entry('late\n', '10:00:00.000000001', 'stderr'),
      entry('back\n', '08:00:00.000000000'),
      entry('half', '08:00:01.000000000'),
      entry('next start\n', '08:00:02.000000000'),
    ]
    writeFileSync(file, first.join(''))
    let logs = start()
    logs.read([{ id }])
    await expect.poll(() => logs.texts(), soon).toEqual(['one', 'same', 'same'])
    await logs.stop()
    writeFileSync(file, [...first, ...second].join(''))
    logs = start()
    logs.read([{ id }])
    const all = ['back', 'half', 'next start', 'one', 'same', 'same', 'same', 'late']
    await expect.poll(() => logs.texts(), soon).toEqual(all)
    await logs.stop()
    logs = start()
    logs.read([{ id }])
    await expect.poll(() => logs.problem('container:web'), soon).toBeNull()
    // What was read last is thrown away.
    await logs.stop()
    writeFileSync(file, entry('after\n', '11:00:00.000000000'))
    logs = start()
    logs.read([{ id }])
    const told =
      '[quantum-admin: lines of container web after 2026-01-01T08:00:02.000000000Z are missing: the engine had thrown them away]'
    await expect.poll(() => logs.texts(), soon).toHaveLength(all.length + 2)
    expect((await logs.texts()).toSorted()).toEqual([...all, 'after', told].toSorted())
    expect(readFileSync(file, 'utf8')).toContain('after')
  })

  test('of a log that rotates while it is followed nothing is missed that the engine had', async () => {
    const count = 60_000
    const id = await run(
      `sleep 0.3; for n in $(seq 1 ${count}); do echo line $n; done; sleep 0.3`,
      '--log-opt',
      'max-size=1m',
      '--log-opt',
      'max-file=10',
    )
    const logs = start()
    logs.read([{ id }])
    await engine.docker('wait', id)
    await expect.poll(async () => (await logs.texts()).length, soon).toBe(count)
    expect(await logs.texts()).toEqual(ofLines(1, count))
  })

  test('one that is removed while much of it is unread is read to its end, or says that it may not be', async () => {
    const count = scale(50_000, 1_000_000)
    const rotating = ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=3']
    for (const options of [[], rotating]) {
      const name = `flood${options.length}`
      const id = await run(`sleep 0.3; seq 1 ${count}`, '--name', name, ...options)
      const logs = start()
      logs.read([{ id, name }])
      await engine.docker('wait', id)
      await engine.docker('rm', '--force', id)
      logs.read([])
      const source = `container:${name}`
      const last = async () => (await logs.texts(source)).at(-1)
      const isTold = /^\[quantum-admin: container flood4 was removed before it was read to its end/
      const isWhole = new RegExp(`^${count}$`)
      await expect
        .poll(last, { timeout: 60_000, interval: 500 })
        .toMatch(options.length === 0 ? isWhole : new RegExp(`${isWhole.source}|${isTold.source}`))
      if (options.length > 0) continue
      const texts = await logs.texts(source)
      expect(texts.findIndex((text, index) => text !== String(index + 1))).toBe(-1)
      figure('L4', `${count} lines at once, then removed: ${texts.length} kept`)
    }
  })

  test('on a full disk nothing is read on, and with room again it goes on where it was, over a lost connection too', async () => {
    const disk = mkdtempSync(join(engine.folder, 'disk-'))
    const mount = (...options: readonly string[]) => execFileSync('mount', [...options, disk])
    mount('-t', 'tmpfs', '-o', 'size=8m', 'tmpfs')
    onTestFinished(() => void execFileSync('umount', [disk]))
    const proxy = new SocketProxy(join(engine.folder, 'proxy.sock'), engine.socket)
    await proxy.restore()
    onTestFinished(() => proxy.cut())
    const count = 10_000
    const id = await run(
      `v=$(head -c 4000 /dev/zero | tr "\\000" a); for n in $(seq 1 ${count}); do echo $n $v; done`,
    )
    await engine.docker('wait', id)
    const logs = logFolder(proxy.path, disk).start()
    onTestFinished(() => logs.stop())
    logs.read([{ id }])
    await expect.poll(() => logs.problem('container:web'), soon).toMatch(/^nothing can be kept: ENOSPC/)
    await delay(500)
    // Of 40 MB: what there is room for, and what is on the way.
    expect(proxy.received).toBeLessThan(16 << 20)
    mount('-o', 'remount,size=400m')
    await expect.poll(() => logs.problem('container:web'), { ...soon, interval: 5 }).toBeNull()
    await proxy.cut()
    await proxy.restore()
    await expect.poll(() => logs.count('container:web'), soon).toBe(count)
    const numbers = (await logs.texts()).map((text) => Number.parseInt(text, 10))
    expect(numbers).toEqual(Array.from({ length: count }, (_, index) => index + 1))
  })

  test('one that removes itself while nobody reads is told, and one that keeps nothing says why', async () => {
    let logs = start()
    const gone = await run('echo first; sleep 1000', '--rm')
    logs.read([{ id: gone }])
    await expect.poll(() => logs.texts(), soon).toEqual(['first'])
    await logs.stop()
    await engine.docker('rm', '--force', gone)
    const mute = await run('echo hi', '--log-driver', 'none')
    logs = start()
    logs.read([{ id: mute, name: 'mute' }])
    const told =
      '[quantum-admin: container web was removed before it was read to its end: what it wrote last may be missing]'
    await expect.poll(() => logs.texts(), soon).toEqual(['first', told])
    await expect
      .poll(() => logs.problem('container:mute'), soon)
      .toBe('the engine keeps no output of it that can be read: its log driver is none')
  })
})
