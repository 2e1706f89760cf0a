import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { AppRow } from '#contract/apps.ts'
import { appProcesses } from '../support/app-processes.ts'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const problem = z.strictObject({
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  file: z.string().nullable(),
  line: z.int().nullable(),
  column: z.int().nullable(),
})
const row = z.strictObject({
  name: z.string(),
  kind: z.enum(['quantum', 'compose', 'procfile', 'node', 'python', 'go', 'static', 'configured']),
  folder: z.string(),
  branch: z.string().nullable(),
  state: z.enum(['stopped', 'starting', 'running', 'stopping', 'waiting', 'failed', 'external']),
  reason: z.string().nullable(),
  pid: z.int().nullable(),
  port: z.int().nullable(),
  url: z.string().nullable(),
  startedAt: time.nullable(),
  restarts: z.int(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.int().nullable(),
  problems: z.array(problem),
  containers: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      service: z.string().nullable(),
      state: z.string(),
      health: z.string().nullable(),
      stopsWithApp: z.boolean(),
    }),
  ),
  restartToApply: z.array(z.string()),
  environments: z.array(
    z.strictObject({
      name: z.string(),
      target: z.string().nullable(),
      tier: z.enum(['development', 'staging', 'production']).nullable(),
    }),
  ),
})
const sourced = <T extends z.ZodType>(value: T) =>
  z.strictObject({ value, source: z.enum(['config', 'found', 'default']), where: z.string() }).nullable()
const detail = row.extend({
  command: sourced(z.string()),
  askedPort: sourced(z.int()),
  health: sourced(z.string()),
  variables: z.array(z.string()),
  output: z.string().nullable(),
  lastExit: z
    .strictObject({ code: z.int().nullable(), signal: z.string().nullable(), at: time, reason: z.string() })
    .nullable(),
  lastLines: z.array(z.string()),
})

let daemon: TestDaemon
let folder: string

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-apps-')))
  write('shop/Procfile', 'web: exec node server.cjs\n')
  write('shop/server.cjs', `require('http').createServer((_, a) => a.end('shop')).listen(process.env.PORT)`)
  write('fails/Procfile', 'web: echo tried once; exit 3\n')
  write('fails/quantum.config.yaml', 'admin: { run: { restart: { policy: never } } }\n')
  write('typo/quantum.config.yaml', 'admin:\n  run:\n    comand: sleep 1\n')
})
afterAll(async () => {
  await daemon.cli('apps', 'stop', '--all', '--yes')
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

const rowsOf = async (...words: readonly string[]): Promise<readonly AppRow[]> => {
  const data = dataOf(await daemon.cli(...words, '--json'))
  const shape = words[1] === 'list' ? row.extend({ errors: z.int().nullable() }) : row
  expect(z.array(shape).safeParse(data).error?.issues ?? []).toEqual([])
  // It has just been held to the shape.
  return data as readonly AppRow[]
}

test('apps are added, started, restarted and stopped in the promised shapes', async () => {
  expect((await rowsOf('apps', 'add', folder)).map(({ name }) => name)).toEqual(['fails', 'shop', 'typo'])
  const [started] = await rowsOf('apps', 'start', 'shop')
  expect(started).toMatchObject({ name: 'shop', state: 'running' })
  expect(await (await fetch(started?.url ?? '')).text()).toBe('shop')
  expect(dataOf(await daemon.cli('apps', 'open', 'shop', '--json'))).toEqual({ url: started?.url })
  const [restarted] = await rowsOf('apps', 'restart', 'shop', '--yes')
  expect(restarted).toMatchObject({ state: 'running', port: started?.port })
  expect(restarted?.pid).not.toBe(started?.pid)
  expect(await rowsOf('apps', 'stop', 'shop', '--yes')).toMatchObject([{ state: 'stopped', pid: null }])
  expect(appProcesses(folder)).toEqual([])
})

test('show tells where each value comes from, how the last run ended and what it wrote', async () => {
  await rowsOf('apps', 'add', folder)
  const failed = await daemon.cli('apps', 'start', 'fails', '--json')
  expect(failed.code).toBe(1)
  expect(errorOf(failed)).toMatchObject({ code: 'app-failed' })
  const shown = dataOf(await daemon.cli('apps', 'show', 'fails', '--json'))
  expect(detail.safeParse(shown).error?.issues ?? []).toEqual([])
  expect(shown).toMatchObject({
    state: 'failed',
    command: { source: 'found', where: expect.stringContaining('Procfile') as string },
    lastExit: { code: 3 },
    lastLines: ['tried once'],
  })
})

test('output tells the last lines of what an app wrote, and nothing of one that never ran', async () => {
  expect(await dataOf(await daemon.cli('apps', 'output', 'typo', '--json'))).toEqual({
    file: null,
    lines: [],
  })
  const { code, stdout } = await daemon.cli('apps', 'output', 'fails', '--lines', '1')
  expect([code, stdout]).toEqual([0, 'tried once\n'])
  const { lines } = dataOf(await daemon.cli('apps', 'output', 'fails', '--json')) as {
    lines: readonly string[]
  }
  expect(new Set(lines)).toEqual(new Set(['tried once']))
  expect(errorOf(await daemon.cli('apps', 'output', 'nobody', '--json'))).toMatchObject({ code: 'not-found' })
})

test('what is wrong with a folder is told beside the apps that are in the others', async () => {
  write('mono/quantum.config.yaml', 'admin: { include: [./web, ./gone] }\n')
  write('mono/web/Procfile', 'web: sleep 600\n')
  const { code, stdout, stderr } = await daemon.cli('apps', 'add', path.join(folder, 'mono'))
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/error: .*quantum\.config\.yaml: include names .*gone/),
  ])
  expect(stdout).toContain('web')
  await daemon.cli('apps', 'remove', 'web', '--yes')
  rmSync(path.join(folder, 'mono'), { recursive: true })
})

test('a mistake in the configuration is told with its place, and nothing is run', async () => {
  await rowsOf('apps', 'add', folder)
  const result = await daemon.cli('apps', 'start', 'typo', '--json')
  expect(result.code).toBe(1)
  expect(errorOf(result)).toMatchObject({
    code: 'app-invalid',
    message: expect.stringMatching(/did you mean command.*quantum\.config\.yaml:3/s) as string,
  })
  expect(appProcesses(folder)).toEqual([])
})

test('bad input is told: no name, an unknown one, a folder without apps, one that is not there, no answer', async () => {
  const cases = [
    [['apps', 'start'], 2, 'wrong-use'],
    [['apps', 'start', 'shop', '--all'], 2, 'wrong-use'],
    [['apps', 'start', 'nobody'], 3, 'not-found'],
    [['apps', 'open', 'shop'], 3, 'not-found'],
    [['apps', 'show', '../shop'], 2, 'invalid-params'],
    [['apps', 'add', tmpdir() + '/no-such-folder'], 3, 'not-found'],
    [['apps', 'stop', 'shop'], 4, 'confirmation-required'],
  ] as const
  await rowsOf('apps', 'add', folder)
  for (const [words, code, name] of cases) {
    const result = await daemon.cli(...words, '--json')
    expect([words, result.code, errorOf(result).code]).toEqual([words, code, name])
  }
})

test('what becomes of several apps is told of each, and one that fails does not keep the others', async () => {
  await rowsOf('apps', 'add', folder)
  const result = await daemon.cli('apps', 'start', 'fails', 'shop')
  expect(result.code).toBe(1)
  expect(result.stdout).toMatch(/^shop is running at http:\/\/localhost:\d+\/\.$/m)
  expect(result.stderr).toContain('exit code 3')
  await rowsOf('apps', 'stop', 'shop', '--yes')
})

test('an app that is removed is gone from the list, and its folder stays', async () => {
  await rowsOf('apps', 'add', folder)
  expect(dataOf(await daemon.cli('apps', 'remove', 'typo', '--yes', '--json'))).toEqual({ name: 'typo' })
  expect((await rowsOf('apps', 'list')).map(({ name }) => name)).toEqual(['fails', 'shop'])
  expect((await rowsOf('apps', 'add', folder)).map(({ name }) => name)).toEqual(['fails', 'shop', 'typo'])
})
