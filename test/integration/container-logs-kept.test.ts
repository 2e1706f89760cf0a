import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { LogLine, LogSourceRow } from '#contract/logs.ts'
import { dataOf } from '../support/cli.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { startEngine, type TestEngine } from '../support/docker-engine.ts'
import { figure, scale } from '../support/scale.ts'
import { describeWithEngine } from '../support/with-engine.ts'

/** Writes numbered lines, and notes each in a file once it has written it; some thousand a second. */
const writing = `
b=$(cat /proc/sys/kernel/random/uuid); trap 'exit 0' TERM; n=0
while true; do
  n=$((n+1)); echo "$b $n"; echo "$b $n" >> /out/written
  [ $((n % 50)) = 0 ] && sleep 0.01
done`

describeWithEngine('logs that outlive their containers', () => {
  let engine: TestEngine
  let daemon: TestDaemon
  let folder: string
  let env: Record<string, string>
  beforeAll(async () => {
    engine = await startEngine()
    await engine.makeImage('box')
    env = { DOCKER_HOST: `unix://${engine.socket}` }
  })
  afterAll(() => engine.stop())
  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-kept-')))
    mkdirSync(path.join(folder, 'out'))
    mkdirSync(path.join(folder, 'shop'))
    writeFileSync(path.join(folder, 'shop/quantum.config.yaml'), 'admin: { run: { command: sleep 1000 } }\n')
    daemon = await startDaemon({ home: temporaryHome(), env })
    dataOf(await daemon.cli('apps', 'add', path.join(folder, 'shop'), '--json'))
    onTestFinished(async () => {
      await engine.docker('rm', '--force', 'web').catch(() => undefined)
      await daemon.stop()
      rmSync(folder, { recursive: true, force: true })
    })
  })

  const start = async (...options: readonly string[]) => {
    const mount = `${folder}/out:/out`
    await engine.docker('run', '-d', '--name', 'web', '-v', mount, ...options, 'box', 'sh', '-c', writing)
  }
  const written = (): readonly string[] =>
    readFileSync(path.join(folder, 'out/written'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  const kept = async (): Promise<readonly string[]> =>
    (await daemon.cli('logs', 'shop', '--source', 'container:web', '--export', 'jsonl')).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as LogLine).text)
      .filter((text) => !text.startsWith('[quantum-admin:'))

  /** Compares what is kept with what was written, once nothing writes any more. */
  async function compare(what: string, all: readonly string[]): Promise<void> {
    await expect
      .poll(async () => (await kept()).length, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(all.length)
    const texts = await kept()
    const once = new Set(texts)
    const lost = all.filter((line) => !once.has(line))
    figure('L4', `${what}: ${all.length} lines, ${lost.length} lost, ${texts.length - once.size} twice`)
    expect(lost).toEqual([])
    expect(texts.length - once.size).toBe(0)
    // What each wrote is there in its order.
    const last = new Map<string, number>()
    for (const text of texts) {
      const [writer = '', number] = text.split(' ')
      expect(Number(number)).toBe((last.get(writer) ?? 0) + 1)
      last.set(writer, Number(number))
    }
  }

  test('of a container that is destroyed and made anew while it logs each line is there once, as one source', async () => {
    const times = scale(4, 20)
    for (let time = 0; time < times; time++) {
      await start('--label', 'quantum.app=shop')
      await wait((time % 4) * 100)
      await engine.docker('rm', '--force', 'web')
    }
    const { stdout } = await daemon.cli('logs', '--search', 'source:container:web', '--count')
    expect(Number(stdout)).toBeGreaterThan(0)
    await compare(`a container destroyed and recreated ${times} times while it logs`, written())
    const rows = dataOf(await daemon.cli('logs', 'sources', 'shop', '--json')) as readonly LogSourceRow[]
    expect(rows.filter(({ source }) => source !== 'output')).toMatchObject([
      { app: 'shop', source: 'container:web', kind: 'application', problem: null },
    ])
    expect(
      (await daemon.cli('logs', 'shop', '--search', 'source:container:web quantum-admin', '--count')).stdout,
    ).toBe('0\n')
  })

  test('what the engine has is there once, however it and the daemon end, also of one that only a configuration names', async () => {
    const config = 'admin: { logs: { sources: [{ container: web, kind: database }, { container: db }] } }\n'
    writeFileSync(path.join(folder, 'shop/quantum.config.yaml'), config)
    const sources = async () => {
      const rows = dataOf(await daemon.cli('logs', 'sources', 'shop', '--json')) as readonly LogSourceRow[]
      return rows.filter(({ source }) => source !== 'output')
    }
    await expect.poll(sources, { timeout: 20_000 }).toMatchObject([
      { source: 'container:db', problem: 'container db cannot be read: there is no such container yet' },
      { source: 'container:web', kind: 'database' },
    ])
    await start('--restart', 'always')
    await wait(300)
    const times = scale(3, 12)
    for (let time = 0; time < times; time++) {
      if (time % 3 === 0) await engine.restart()
      if (time % 3 === 1) {
        await engine.kill()
        await engine.start()
      }
      const { home } = daemon
      await daemon.kill()
      await wait(200)
      daemon = await startDaemon({ home, env })
      await wait(100 + time * 37)
    }
    await engine.docker('stop', 'web')
    const logged = (await engine.docker('logs', 'web')).split('\n').filter((line) => line !== '')
    await compare(`${times} kills of the daemon, with ends of the engine, while a container logs`, logged)
    expect(await sources()).toMatchObject([
      { source: 'container:db' },
      { source: 'container:web', kind: 'database', problem: null },
    ])
  })
})
