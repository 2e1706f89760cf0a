import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { spawn } from 'node:child_process'
import * as path from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { dataOf, errorOf } from '../support/cli.ts'
import { cliScript, runCli, startDaemon, temporaryHome, type CliResult } from '../support/daemon.ts'

let home: string
const cli = (...args: readonly string[]): Promise<CliResult> => runCli(home, args)
const pidOf = async (...args: readonly string[]): Promise<number> =>
  (dataOf(await cli(...args, '--json')) as { readonly pid: number }).pid

beforeEach(() => {
  home = temporaryHome()
})
afterEach(async () => {
  await cli('daemon', 'stop', '--yes')
  rmSync(home, { recursive: true, force: true })
})

test('the first command starts the daemon, the next one finds it, and stop ends it', async () => {
  expect((await cli('ports', 'leases')).code).toBe(0)
  const pid = await pidOf('daemon', 'status')
  expect(await pidOf('daemon', 'start')).toBe(pid)
  expect(dataOf(await cli('daemon', 'stop', '--yes', '--json'))).toEqual({ stopped: true })
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(dataOf(await cli('daemon', 'stop', '--yes', '--json'))).toEqual({ stopped: false })
  expect((await cli('daemon', 'status')).code).toBe(5)
})

test('restart gives another process with the same leases', async () => {
  const before = await pidOf('daemon', 'start')
  const lease = dataOf(await cli('ports', 'lease', 'shop', '--json'))
  expect(await pidOf('daemon', 'restart', '--yes')).not.toBe(before)
  expect(dataOf(await cli('ports', 'leases', '--json'))).toEqual([lease])
})

test('run stays in front until it is told to end, and then ends well', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [cliScript, 'daemon', 'run'], {
      env: { ...process.env, QUANTUM_ADMIN_HOME: home },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A process group of its own, as a terminal gives: Ctrl-C there goes to the daemon as well.
      detached: true,
    })
    const pid = child.pid ?? 0
    await new Promise<void>((resolve) => {
      child.stderr
        .setEncoding('utf8')
        .on('data', (text: string) => text.includes('Ctrl-C stops it') && resolve())
    })
    expect((await cli('daemon', 'status')).code).toBe(0)
    const ended = new Promise((resolve) => child.once('close', resolve))
    process.kill(signal === 'SIGINT' ? -pid : pid, signal)
    expect(await ended).toBe(0)
    expect((await cli('daemon', 'status')).code).toBe(5)
  }
})

test('run refuses the network in any form that is not safe', async () => {
  const wrong = [
    ['--listen', '127.0.0.1:0'],
    ['--listen', '127.0.0.1:0', '--tls-cert', 'cert.pem'],
    ['--listen', 'nowhere', '--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.pem'],
    ['--listen', '127.0.0.1:0', '--tls-cert', '/nowhere.pem', '--tls-key', '/nowhere.pem'],
    ['--public'],
  ]
  for (const flags of wrong) {
    const result = await cli('daemon', 'run', ...flags, '--json')
    expect({ flags, code: result.code, error: errorOf(result).code }).toEqual({
      flags,
      code: 2,
      error: 'wrong-use',
    })
  }
})

test('logs are read without a daemon, and as they come with --follow', async () => {
  const missing = await cli('daemon', 'logs')
  expect(missing).toMatchObject({ code: 3, stdout: '' })
  await cli('daemon', 'start')
  await cli('daemon', 'stop', '--yes')
  const read = await cli('daemon', 'logs')
  expect(read.stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO +\S/)
  const lines = (await cli('daemon', 'logs', '--json')).stdout.trimEnd().split('\n')
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({
      time: expect.any(String) as string,
      level: expect.any(String) as string,
    })
  expect((await cli('daemon', 'logs', '--tail', '1')).stdout.trimEnd().split('\n')).toHaveLength(1)
})

test('logs --follow misses and repeats no line while the log is renamed under it', async () => {
  await cli('daemon', 'start')
  await cli('daemon', 'stop', '--yes')
  const log = path.join(home, 'logs', 'daemon.log')
  const child = spawn(process.execPath, [cliScript, 'daemon', 'logs', '--follow', '--tail', '0', '--json'], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let seen = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (seen += text))
  const numbers = () => [...seen.matchAll(/"n":(\d+)/g)].map((match) => Number(match[1]))
  let n = 0
  const write = (count: number): void => {
    for (let i = 0; i < count; i++)
      appendFileSync(log, `${JSON.stringify({ time: '', level: 'info', message: 'é', n: n++ })}\n`)
  }
  // The first line is written until it is seen: only then is it certain that somebody follows.
  await expect.poll(() => (write(1), numbers().length), { interval: 100, timeout: 20_000 }).toBeGreaterThan(0)
  for (let rotation = 0; rotation < 3; rotation++) {
    write(50)
    for (let i = 2; i >= 1; i--) if (existsSync(`${log}.${i}`)) renameSync(`${log}.${i}`, `${log}.${i + 1}`)
    renameSync(log, `${log}.1`)
    write(50)
    await expect.poll(() => numbers().at(-1), { timeout: 20_000 }).toBe(n - 1)
  }
  const first = numbers()[0] ?? 0
  expect(numbers()).toEqual(Array.from({ length: n - first }, (_, index) => first + index))
  child.kill('SIGINT')
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130)
})

test('the doctor says what is in order, and what is not when the daemon cannot start', async () => {
  const well = await cli('doctor')
  expect(well).toMatchObject({ code: 0, stderr: '' })
  expect(well.stdout).toMatch(/^ok +Command line/)
  expect(well.stdout).not.toContain('FAILED')
  const ill = await runCli(path.join(home, 'daemon.lock', 'impossible'), ['doctor'])
  expect(ill.code).toBe(6)
  expect(ill.stdout).toMatch(/FAILED +Daemon/)
  expect(ill.stderr).toContain('code: doctor-failed')
})

test('eight commands at once start one daemon', async () => {
  const pids = await Promise.all(Array.from({ length: 8 }, () => pidOf('daemon', 'start')))
  expect(new Set(pids).size).toBe(1)
})

test('what the command line keeps in the state folder is closed to others', async () => {
  const own = await startDaemon({ home })
  await own.cli('ports', 'list')
  await own.cli('ports', 'list')
  const cache = path.join(home, 'cache')
  expect(existsSync(cache)).toBe(true)
  for (const name of [
    '',
    ...(await import('node:fs')).readdirSync(cache, { recursive: true, encoding: 'utf8' }),
  ])
    expect({ name, open: statSync(path.join(cache, name)).mode & 0o077 }).toEqual({ name, open: 0 })
  expect(readFileSync(path.join(home, 'daemon.json'), 'utf8')).toContain(String(own.process.pid))
})
