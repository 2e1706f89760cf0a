import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { dataOf, errorOf, openTerminal } from '../support/cli.ts'
import { cliScript, startDaemon, type CliResult, type TestDaemon } from '../support/daemon.ts'
import { known, startRedis } from '../support/databases.ts'
import type { TestServer } from '../support/test-server.ts'
import { withPeers } from '../support/peers.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const row = z.strictObject({
  name: z.string(),
  type: z.enum(['sqlite', 'postgresql', 'mysql', 'redis', 'http', 'rabbitmq']),
  scope: z.enum(['app', 'user']),
  app: z.string().nullable(),
  file: z.string().nullable(),
  line: z.int().nullable(),
  address: z.string(),
  status: z.enum(['connected', 'disconnected', 'error', 'unknown']),
  testedAt: time.nullable(),
  latencyMs: z.number().nullable(),
  fault: z.string().nullable(),
  reason: z.string().nullable(),
  advice: z.string().nullable(),
  version: z.string().nullable(),
})
const detail = row.extend({
  host: z.string().nullable(),
  port: z.int().nullable(),
  database: z.string().nullable(),
  user: z.string().nullable(),
  password: z.string().nullable(),
  tls: z.enum(['off', 'on', 'unverified']),
})
const secretList = z.strictObject({
  rows: z.array(z.strictObject({ name: z.string(), changedAt: time })),
  key: z.enum(['file', 'keychain']).nullable(),
})

let daemon: TestDaemon
let folder: string

beforeAll(async () => {
  daemon = await startDaemon({
    env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' },
  })
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-apps-')))
  for (const app of ['shop', 'blog']) {
    mkdirSync(path.join(folder, app))
    const text =
      'datasources: { main: { driver: sqlite, database: data.db } }\nadmin: { run: { command: sleep 1 } }\n'
    writeFileSync(path.join(folder, app, 'quantum.config.yaml'), text)
  }
  writeFileSync(path.join(folder, 'shop', 'data.db'), '')
  dataOf(await daemon.cli('apps', 'add', folder, '--json'))
})
afterAll(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

const shaped = <T extends z.ZodType>(shape: T, result: CliResult): z.output<T> => {
  const data = dataOf(result)
  expect(shape.safeParse(data).error?.issues ?? []).toEqual([])
  return shape.parse(data)
}
const cli = (...words: readonly string[]) => daemon.cli(...words, '--json')

/** Runs the command line with something on its standard input. */
async function fed(input: string | Buffer, ...words: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, [cliScript, ...words], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: daemon.home, NO_COLOR: '1' },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (part) => (stdout += String(part)))
  child.stderr.on('data', (part) => (stderr += String(part)))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

test('datasources of apps are listed, shown and tested in the promised shapes', async () => {
  const rows = shaped(z.array(row), await cli('connectors', 'list'))
  expect(rows.map(({ app, name, status }) => [app, name, status])).toEqual([
    ['blog', 'main', 'unknown'],
    ['shop', 'main', 'unknown'],
  ])
  const [tested] = shaped(z.array(row), await cli('connectors', 'test', 'main', '--app', 'shop'))
  expect(tested).toMatchObject({ status: 'connected', version: expect.stringMatching(/^SQLite/) as string })
  const shown = shaped(detail, await cli('connectors', 'show', 'main', '--app', 'shop'))
  expect(shown).toMatchObject({ ...tested, file: path.join(folder, 'shop/quantum.config.yaml'), line: 1 })
  const of = shaped(z.array(row), await cli('connectors', 'list', '--app', 'blog'))
  expect(of.map(({ app }) => app)).toEqual(['blog'])
})

test('a test that fails is told with what to do, and ends with exit code 6', async () => {
  const result = await daemon.cli('connectors', 'test', 'main', '--app', 'blog')
  expect([result.code, result.stdout]).toEqual([
    6,
    `main of blog: disconnected\n  There is no file ${folder}/blog/data.db\n  Create the database, or correct the path.\n`,
  ])
  expect(result.stderr).toContain('1 connector does not work: main of blog\ncode: connector-failed')
  const all = await cli('connectors', 'test', '--all')
  expect([all.code, errorOf(all).code]).toEqual([6, 'connector-failed'])
  expect((JSON.parse(all.stdout) as { status: string }[]).map(({ status }) => status)).toEqual([
    'disconnected',
    'connected',
  ])
  expect((await daemon.cli('connectors', 'test', '--all', '--app', 'shop')).code).toBe(0)
})

test('bad input is told: no name, an unknown one, one of several, a password where it does not belong', async () => {
  const cases = [
    [['connectors', 'test'], 2, 'wrong-use'],
    [['connectors', 'test', 'main', '--all'], 2, 'wrong-use'],
    [['connectors', 'test', 'main'], 2, 'wrong-use'],
    [['connectors', 'test', 'nothing'], 3, 'not-found'],
    [['connectors', 'test', 'main', '--app', 'shop', '--timeout', '1'], 2, 'wrong-use'],
    [['connectors', 'add', 'x', 'redis://:pw@localhost'], 2, 'invalid-params'],
    [['connectors', 'add', 'x', 'redis://localhost', '--password-from', 'pw'], 2, 'invalid-params'],
    [['connectors', 'add', 'x', 'redis://localhost', '--authority', '/no/such/file'], 3, 'not-found'],
    [['connectors', 'add', 'x', 'redis://localhost', '--tls', 'maybe'], 2, 'wrong-use'],
    [['connectors', 'remove', 'main'], 2, 'wrong-use'],
    [['secrets', 'remove', 'nothing'], 3, 'not-found'],
  ] as const
  for (const [words, code, name] of cases) {
    const result = await cli(...words)
    expect([words, result.code, errorOf(result).code]).toEqual([words, code, name])
  }
})

test('a secret comes from standard input, and nothing of it comes back', async () => {
  const value = 'canary-of-the-terminal'
  const set = await fed(`${value}\n`, 'secrets', 'set', 'db', '--json')
  expect(shaped(z.strictObject({ name: z.string(), changedAt: time }), set).name).toBe('db')
  const list = await cli('secrets', 'list')
  expect(shaped(secretList, list)).toMatchObject({ rows: [{ name: 'db' }], key: 'file' })
  expect(shaped(z.strictObject({ key: z.string() }), await cli('secrets', 'rotate'))).toEqual({ key: 'file' })
  const unasked = await cli('secrets', 'remove', 'db')
  expect([unasked.code, errorOf(unasked).code]).toEqual([4, 'confirmation-required'])
  expect(dataOf(await cli('secrets', 'remove', 'db', '--yes'))).toEqual({ name: 'db' })
  for (const { stdout, stderr } of [set, list, unasked]) expect(stdout + stderr).not.toContain('canary')
  for (const [input, words] of [
    ['', ['secrets', 'set', 'db']],
    ['\n', ['secrets', 'set', 'db']],
    ['x'.repeat(70_000), ['secrets', 'set', 'db']],
  ] as const)
    expect((await fed(input, ...words)).code).toBe(2)
})

test.runIf(process.platform === 'linux')('at a terminal a secret is asked for and not shown', async () => {
  const terminal = openTerminal(daemon.home, ['secrets', 'set', 'typed'])
  await terminal.shows('What typed holds (not shown): ')
  terminal.type('canary-typed\r')
  await terminal.shows('The secret typed is kept.')
  expect(await terminal.ended).toBe(0)
  expect(terminal.screen).not.toContain('canary')
  const left = openTerminal(daemon.home, ['secrets', 'set', 'left'])
  await left.shows('What left holds (not shown): ')
  left.type('canary\x03')
  expect(await left.ended).toBe(130)
  expect(left.screen).not.toContain('canary')
  const { rows } = shaped(secretList, await cli('secrets', 'list'))
  expect(rows.map(({ name }) => name)).toEqual(['typed'])
  expect(dataOf(await cli('secrets', 'remove', 'typed', '--yes'))).toEqual({ name: 'typed' })
})

describe.runIf(withPeers('redis'))('with a real Redis', () => {
  let redis: TestServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())

  test('a connector of a person is added, tested with its secret, and removed', async () => {
    expect((await fed(known.password, 'secrets', 'set', 'cache')).code).toBe(0)
    const added = await cli(
      'connectors',
      'add',
      'cache',
      `redis://127.0.0.1:${redis.port}`,
      '--password-from',
      'secret:cache',
    )
    expect(shaped(row, added)).toMatchObject({ scope: 'user', status: 'unknown' })
    const [tested] = shaped(z.array(row), await cli('connectors', 'test', 'cache', '--timeout', '5s'))
    expect(tested).toMatchObject({
      status: 'connected',
      version: expect.stringMatching(/^Redis \d/) as string,
    })
    expect((await fed('another', 'secrets', 'set', 'cache')).code).toBe(0)
    expect(shaped(detail, await cli('connectors', 'show', 'cache'))).toMatchObject({
      status: 'unknown',
      password: 'secret:cache',
    })
    const refused = await cli('connectors', 'test', 'cache')
    expect(refused.code).toBe(6)
    expect(JSON.parse(refused.stdout)).toMatchObject([
      {
        fault: 'login-refused',
        reason: expect.stringMatching(/redis-server \(pid \d+\) listens there$/) as string,
      },
    ])
    expect(dataOf(await cli('connectors', 'remove', 'cache', '--yes'))).toEqual({ name: 'cache' })
    expect(shaped(z.array(row), await cli('connectors', 'list')).map(({ name }) => name)).toEqual([
      'main',
      'main',
    ])
  })
})
