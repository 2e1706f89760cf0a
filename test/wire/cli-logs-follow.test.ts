import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogLine } from '#contract/logs.ts'
import { openTerminal } from '../support/cli.ts'
import { cliScript, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { startWritingApp, type WritingApp } from '../support/writing-app.ts'

const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock', QUANTUM_ADMIN_KEYCHAIN: 'off' }
let daemon: TestDaemon
let shop: WritingApp
/** None of them outlives its test: it would start daemons for ever. */
const children: ChildProcess[] = []

beforeEach(async () => {
  daemon = await startDaemon({ env })
  shop = await startWritingApp(daemon, 'shop')
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await shop.remove()
  // A test may have killed the first one; whoever follows has started another.
  await daemon.cli('daemon', 'stop', '--yes')
  rmSync(daemon.home, { recursive: true, force: true })
})

/** Far longer than it takes: what is waited for comes, or the test fails. */
const soon = { timeout: 45_000 }

/** A run of `logs --follow --json`, and what it has printed. It has begun: one line that matches has come. */
async function following(begun: string, ...flags: readonly string[]) {
  const child = spawn(process.execPath, [cliScript, 'logs', '--follow', '--json', ...flags], {
    env: { ...process.env, ...env, QUANTUM_ADMIN_HOME: daemon.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let [printed, said] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const ended = once(child, 'close').then(([code]) => code as number)
  await shop.write(`${begun}\n`)
  const run = {
    get texts(): readonly string[] {
      return printed
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as LogLine).text)
    },
    get said(): string {
      return said
    },
    interrupt: () => {
      child.kill('SIGINT')
      return ended
    },
  }
  await expect.poll(() => run.texts, soon).toEqual([begun])
  return run
}

const numbered = (from: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line ${from + index}`)
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

test('the last lines are shown, then each that comes, until Ctrl-C', async () => {
  await shop.write('first\nsecond\nthird\n')
  await expect.poll(async () => (await daemon.cli('logs', '--count')).stdout, soon).toBe('3\n')
  const terminal = openTerminal(daemon.home, ['logs', 'shop', '--follow', '--limit', '2'])
  await terminal.shows('third')
  expect(terminal.screen).not.toContain('first')
  await shop.write('ERROR fourth \u001b]0;owned\u0007\u001b[2Jcame\n')
  await terminal.shows('fourth came')
  await shop.write('fifth\n')
  await terminal.shows('fifth')
  expect(terminal.screen).not.toContain('owned')
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(130)
  for (const word of ['second', 'third', 'fourth', 'fifth'])
    expect([word, terminal.screen.split(word).length]).toEqual([word, 2])
})

test('only what matches is shown of what comes', async () => {
  const run = await following('wanted 0', '--search', 'wanted -not')
  await shop.write(text(['not wanted', ...numbered(0, 3000), 'wanted 1', 'wanted, not']))
  await expect.poll(() => run.texts, soon).toEqual(['wanted 0', 'wanted 1'])
  await shop.write('wanted 2\n')
  await expect.poll(() => run.texts, soon).toEqual(['wanted 0', 'wanted 1', 'wanted 2'])
  expect(await run.interrupt()).toBe(130)
})

test('a burst of lines is shown whole, and nothing twice', async () => {
  const run = await following('begun')
  const burst = numbered(0, 5000)
  await shop.write(text(burst))
  await expect.poll(() => run.texts.length, soon).toBe(5001)
  expect(run.texts.slice(1)).toEqual(burst)
  expect(await run.interrupt()).toBe(130)
})

test('what is written while a daemon is dead is shown once another runs, in its order and once', async () => {
  const run = await following('begun')
  const before = numbered(0, 500)
  await shop.write(text(before))
  await expect.poll(() => run.texts.length, soon).toBe(501)
  await daemon.kill()
  const meanwhile = numbered(500, 500)
  await shop.write(text(meanwhile))
  await expect.poll(() => run.texts.length, soon).toBe(1001)
  expect(run.said).toMatch(/Waiting for|Trying again/)
  await shop.write('after\n')
  await expect.poll(() => run.texts.at(-1), soon).toBe('after')
  expect(run.texts).toEqual(['begun', ...before, ...meanwhile, 'after'])
  expect(await run.interrupt()).toBe(130)
})

test('an export that nobody reads is ended by Ctrl-C', async () => {
  await shop.write(text(numbered(0, 20_000)))
  await expect.poll(async () => (await daemon.cli('logs', '--count')).stdout, soon).toBe('20000\n')
  const child = spawn(process.execPath, [cliScript, 'logs', '--export', 'jsonl'], {
    env: { ...process.env, ...env, QUANTUM_ADMIN_HOME: daemon.home },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const ended = once(child, 'exit')
  await once(child.stdout, 'readable')
  child.kill('SIGINT')
  child.stdout.resume()
  expect(await ended).toEqual([130, null])
})
