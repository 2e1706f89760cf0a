import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { Emitter } from '#base/emitter.ts'
import { Lifetime } from '#base/lifetime.ts'
import { post } from '../../adapters/http/post.ts'
import type { ForwardConfig } from '../../config/forward-config.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers } from '../../kernel/execute.ts'
import type { LogInput, LogPattern } from '../../logs/log-engine.ts'
import { startTarget } from '../../logs/forwarding/target-server.fixture.ts'
import { LocalLogEngine } from '../../logs/local-log-engine.ts'
import { logsHandlers } from './logs-handlers.ts'
import { LogsService } from './logs-service.ts'

let folder = ''
let life = new Lifetime()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-logs-'))
  life = new Lifetime()
})
afterEach(async () => {
  await life.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const input = (more: Partial<LogInput> = {}): LogInput => ({
  app: 'shop',
  source: 'output',
  kind: 'application',
  file: join(folder, 'output.log'),
  run: null,
  live: true,
  ...more,
})
// No engine is named to it.
const output = () => {
  throw new Error('There is no engine')
}
const limits = { perApp: { days: 14, bytes: 1e9 }, bytes: 1e9 }

/** Called again after `stop` it is the next start of the daemon. */
function setup(inputs: readonly LogInput[] = [input()], patterns: readonly LogPattern[] = []) {
  const own = life.own(new Lifetime())
  const state = {
    inputs,
    hidden: 'nothing to hide',
    patterns,
    forwards: {} as Readonly<Record<string, ForwardConfig | null>>,
    secrets: {} as Readonly<Record<string, string>>,
  }
  const inputsChanged = new Emitter<void>()
  const engine = own.own(
    new LocalLogEngine({
      folder: join(folder, 'store'),
      instance: 'i',
      limits,
      now: Date.now,
      post,
      output,
      told: () => undefined,
    }),
  )
  const logs = own.own(
    new LogsService({
      engine,
      inputs: () => Promise.resolve(state.inputs),
      patterns: () => state.patterns,
      containers: { running: 0, refresh: () => undefined },
      retention: () => ({}),
      forwards: () => state.forwards,
      secret: (name) => Promise.resolve(state.secrets[name] ?? null),
      inputsChanged: [inputsChanged],
      apps: () => ['shop', 'idle'],
      hiding: {
        needed: () => Promise.resolve(true),
        hide: (text) => text.replaceAll(state.hidden, '[redacted]'),
      },
      now: Date.now,
      report: (error) => {
        throw error
      },
    }),
  )
  logs.refresh()
  const execute = createExecutor({
    // Only these methods are called.
    handlers: logsHandlers(logs) as Handlers,
    trail: { intent: () => Promise.reject(new Error('nothing is changed')) } as never,
    clock: systemClock,
  })
  const call = callsAs(execute, 'viewer')
  const texts = async (query = '') => (await call('logs.search', { query })).lines.map(({ text }) => text)
  const name = (named: readonly LogInput[]): void => {
    state.inputs = named
    inputsChanged.emit()
  }
  return { call, texts, state, logs, name, stop: () => own.dispose() }
}

const write = (text: string, file = 'output.log'): void => appendFileSync(join(folder, file), text)

test('what is written is found, with its level and fields, and the revision is another', async () => {
  const { call, texts, logs } = setup()
  const before = logs.revision
  write('{"level":50,"time":1764000000000,"msg":"payment failed","user":{"id":7}}\nall is well\n')
  await expect.poll(() => texts()).toHaveLength(2)
  expect(logs.revision).not.toBe(before)
  const { lines } = await call('logs.search', { query: 'user.id:7 level:error' })
  expect(lines).toMatchObject([
    { app: 'shop', source: 'output', level: 'error', time: '2025-11-24T16:00:00.000Z', timeFrom: 'line' },
  ])
  expect(await call('logs.show', { id: lines[0]?.id ?? '' })).toMatchObject({ fields: { 'user.id': '7' } })
  expect((await call('logs.histogram', { levels: ['error'] })).total).toBe(1)
  expect(await call('logs.around', { id: lines[0]?.id ?? '', before: 0, after: 1 })).toHaveLength(2)
})

test('a line is there once, whenever the daemon ends, and a trace goes on with its error', async () => {
  const first = setup()
  write('ERROR: it broke\n')
  await expect.poll(() => first.texts()).toEqual(['ERROR: it broke'])
  await first.stop()
  write('2026-11-23 10:00:00 ERROR broken\n    at main (/app.js:1:1)\n')
  const second = setup()
  await second.stop()
  write('    at later (/app.js:2:1)\nnext\n')
  const third = setup()
  const trace = '2026-11-23 10:00:00 ERROR broken\n    at main (/app.js:1:1)\n    at later (/app.js:2:1)'
  await expect.poll(() => third.texts()).toHaveLength(3)
  expect((await third.texts()).toSorted()).toEqual([trace, 'ERROR: it broke', 'next'].toSorted())
})

test('a run is read to its end once, and its last line needs none', async () => {
  const run = input({ source: 'job nightly', run: 'r1', file: join(folder, 'run.log') })
  write('one\ntwo', 'run.log')
  const first = setup([run])
  await expect.poll(() => first.texts()).toEqual(['one'])
  first.name([{ ...run, live: false }])
  await expect.poll(() => first.texts()).toEqual(['one', 'two'])
  await first.stop()
  const second = setup([{ ...run, live: false }])
  write('the beginning of all\n')
  second.name([{ ...run, live: false }, input()])
  await expect.poll(() => second.texts()).toEqual(['one', 'two', 'the beginning of all'])
})

test('what has the shape of a secret, and what we know to be one, is nowhere', async () => {
  const { texts, state } = setup()
  state.hidden = 'opensesame'
  write(
    'password=hunter2hunter2 for ana\n-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----\nsay opensesame now\n',
  )
  await expect
    .poll(() => texts())
    .toEqual(['password=[redacted] for ana', '[redacted]', '[redacted]', '[redacted]', 'say [redacted] now'])
})

test('files of a pattern are read as they come, under their names', async () => {
  mkdirSync(join(folder, 'logs'))
  const pattern: LogPattern = { app: 'shop', folder, file: join(folder, 'logs', '*.log'), kind: 'database' }
  const { call, texts } = setup([], [pattern])
  const rows = async () => (await call('logs.sources', {})).rows
  await expect.poll(rows).toMatchObject([{ source: 'logs/*.log', problem: 'no file is there yet' }])
  write('first\n', 'logs/a.log')
  await expect.poll(() => texts()).toEqual(['first'])
  write('second\n', 'logs/b.log')
  await expect.poll(() => texts('second')).toEqual(['second'])
  expect(await rows()).toMatchObject([
    { source: 'logs/a.log', kind: 'database', lines: 1 },
    { source: 'logs/b.log', kind: 'database', lines: 1 },
  ])
})

test('apps without logs have none, and those that nobody knows are named', async () => {
  const { call } = setup([])
  expect((await call('logs.search', { apps: ['idle'] })).lines).toEqual([])
  await expect(call('logs.search', { apps: ['idle', 'nobody'] })).rejects.toMatchObject({
    code: 'not-found',
    message: 'There is no app nobody, and no logs of one of that name',
  })
  await expect(call('logs.search', { query: 'level:loud' })).rejects.toMatchObject({
    code: 'log-query-invalid',
  })
})

test('errors of the last hour are counted by app, with the newest of them', async () => {
  const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
  const { call, texts, state } = setup()
  state.hidden = 'opensesame'
  write(`${minutesAgo(90)} ERROR too old\n${minutesAgo(1)} WARN no error\n`)
  await expect.poll(() => texts()).toHaveLength(2)
  expect((await call('logs.errors', {})).rows).toEqual([])
  write(`${minutesAgo(5)} ERROR said opensesame\n    at main (/app.js:1:1)\n${minutesAgo(9)} FATAL over\n`)
  await expect.poll(() => texts()).toHaveLength(4)
  const { rows } = await call('logs.errors', { apps: ['shop', 'idle'] })
  expect(rows).toMatchObject([{ app: 'shop', errors: 2, newest: { message: 'said [redacted]' } }])
  expect((await call('logs.errors', { since: minutesAgo(100) })).rows).toMatchObject([{ errors: 3 }])
  await expect(call('logs.errors', { apps: ['nobody'] })).rejects.toMatchObject({ code: 'not-found' })
})

test('sources say what is kept of them and why one is not read', async () => {
  writeFileSync(join(folder, 'access.log'), 'GET /\n')
  const access = input({ source: 'access.log', kind: 'access', file: join(folder, 'access.log') })
  const { call, texts } = setup([access, input(), input({ app: 'idle', live: false })])
  await expect.poll(() => texts()).toEqual(['GET /'])
  expect((await call('logs.sources', {})).rows).toMatchObject([
    { app: 'idle', source: 'output', problem: null, lines: 0, newest: null },
    { app: 'shop', source: 'access.log', kind: 'access', problem: null, lines: 1, bytes: 5 },
    { app: 'shop', source: 'output', problem: `${join(folder, 'output.log')} is not there yet` },
  ])
})

test('logs are forwarded with what a secret holds, and a secret that is missing is named', async () => {
  const target = await startTarget('loki')
  onTestFinished(() => target.close())
  const { call, name, state } = setup()
  const config = { kind: 'loki', url: `${target.url}/loki/api/v1/push`, labels: {}, headers: {} } as const
  const nobody = { token: null, user: null, password: null, tenant: null, level: null }
  state.forwards = { shop: { ...config, ...nobody, token: 'secret:loki' }, idle: null }
  name([input()])
  const row = async () => (await call('logs.forwarding', {}))[0]
  await expect.poll(row).toMatchObject({ app: 'shop', state: 'stopped' })
  expect((await row())?.error?.message).toContain('there is no secret loki')
  write('first\n')
  state.secrets = { loki: 'opensesame' }
  name([input()])
  await expect.poll(row, { timeout: 5000 }).toMatchObject({ state: 'current', sent: 1, behind: 0 })
  expect(target.taken.map(({ text }) => text)).toEqual(['first'])
  expect(target.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer opensesame'])
  expect(JSON.stringify(await row())).not.toContain('opensesame')
  state.forwards = { shop: { ...config, ...nobody, user: 'ana', password: 'secret:loki', tenant: 'shop' } }
  name([input()])
  write('second\n')
  await expect
    .poll(() => target.requests.at(-1)?.headers, { timeout: 5000 })
    .toMatchObject({
      authorization: `Basic ${Buffer.from('ana:opensesame').toString('base64')}`,
      'x-scope-orgid': 'shop',
    })
  expect(target.wrong).toEqual([])
})
