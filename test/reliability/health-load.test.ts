import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { figure, full, scale } from '../support/scale.ts'

/** A server in a process of its own that says how often each page was asked for. */
const program = `
const asked = new Map()
const server = require('node:http').createServer((request, response) => {
  asked.set(request.url, (asked.get(request.url) ?? 0) + 1)
  response.end('ok')
}).listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('message', () => { process.send([...asked.values()]); asked.clear() })
process.on('disconnect', () => process.exit())`

const checks = scale(300, 5000)
/** Of one file. */
const perApp = 1000
const intervalS = scale(2, 10)
const measuredS = scale(4, 60)

/** Seconds of processor time that a process has used (proc(5), in ticks of 1/100 s). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

describe.runIf(process.platform === 'linux')('R16: many checks of one host', () => {
  let daemon: TestDaemon
  let client: Client
  let server: ChildProcess
  let folder: string

  beforeAll(async () => {
    server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const [port] = (await once(server, 'message')) as [number]
    folder = mkdtempSync(path.join(tmpdir(), 'qa-load-'))
    for (let from = 0; from < checks; from += perApp) {
      const app = path.join(folder, `shop${from}`)
      mkdirSync(app)
      const lines = Array.from(
        { length: Math.min(perApp, checks - from) },
        (_, n) => `      c${n}: { url: "http://127.0.0.1:${port}/c${from + n}", interval: ${intervalS}s }`,
      )
      const config = ['admin:', '  run: { command: sleep 1 }', '  health:', '    checks:', ...lines].join(
        '\n',
      )
      writeFileSync(path.join(app, 'quantum.config.yaml'), config)
    }
    daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    client = daemon.client()
    for (let from = 0; from < checks; from += perApp)
      await client.call('apps.add', { folder: path.join(folder, `shop${from}`) })
  })

  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const asked = async (): Promise<readonly number[]> => {
    const answer = once(server, 'message') as Promise<[number[]]>
    server.send('how often')
    return (await answer)[0]
  }

  test(`${checks} checks every ${intervalS} s are all made in time`, async () => {
    // Until each was made once, and what their first look costs is over.
    await wait((intervalS + 3) * 1000)
    await asked()
    const pid = daemon.process.pid ?? 0
    const [cpu, started] = [cpuOf(pid), performance.now()]
    await wait(measuredS * 1000)
    const seconds = (performance.now() - started) / 1000
    const share = ((cpuOf(pid) - cpu) / seconds) * 100
    const counts = await asked()
    const perCheck = ((share / 100) * seconds * 1000) / counts.reduce((sum, one) => sum + one, 0)
    figure(
      'R16',
      `${checks} HTTP checks every ${intervalS} s: ${share.toFixed(1)} % of a core, ${perCheck.toFixed(2)} ms each, ${residentMiB(pid).toFixed(0)} MiB`,
    )
    const times = measuredS / intervalS
    expect(counts).toHaveLength(checks)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(times - 1)
    expect(Math.max(...counts)).toBeLessThanOrEqual(times + 2)
    const { rows } = await client.call('health.list', {})
    expect(rows.filter(({ kind, state }) => kind === 'http' && state !== 'healthy')).toEqual([])
    expect((await client.call('incidents.list', {})).rows).toEqual([])
    if (full) expect(share).toBeLessThanOrEqual(25)
  }, 120_000)
})
