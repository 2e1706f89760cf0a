import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { RunRow } from '#contract/jobs.ts'
import { appProcesses } from '../support/app-processes.ts'
import { dataOf, errorOf, openTerminal } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const counts = z.strictObject({
  passed: z.int(),
  failed: z.int(),
  skipped: z.int(),
  source: z.enum(['junit', 'tap', 'output']),
})
const row = z.strictObject({
  run: z.string().regex(/^[0-9a-f]{32}$/),
  app: z.string(),
  job: z.string().nullable(),
  state: z.enum(['running', 'passed', 'failed', 'cancelled', 'timeout', 'skipped', 'lost']),
  reason: z.string().nullable(),
  trigger: z.enum(['person', 'schedule']),
  by: z.string(),
  scheduledFor: time.nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  durationMs: z.int().nullable(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  tests: counts.nullable(),
})
const detail = row.extend({
  command: z.string(),
  folder: z.string(),
  pid: z.int().nullable(),
  output: z.string().nullable(),
  lastLines: z.array(z.string()),
})
const testsDetail = detail.extend({
  cases: z.array(
    z.strictObject({
      suite: z.array(z.string()),
      name: z.string(),
      state: z.enum(['passed', 'failed', 'skipped']),
      durationMs: z.number().nullable(),
      message: z.string().nullable(),
      file: z.string().nullable(),
      line: z.int().nullable(),
    }),
  ),
})
const jobRow = z.strictObject({
  app: z.string(),
  job: z.string(),
  command: z.string(),
  schedule: z.string().nullable(),
  timezone: z.string().nullable(),
  timeoutMs: z.int().nullable(),
  overlap: z.enum(['skip', 'allow']),
  missed: z.enum(['once', 'skip']),
  nextRun: time.nullable(),
  running: z.array(row),
  lastRun: row.nullable(),
})
const testsRow = z.strictObject({
  app: z.string(),
  command: z
    .strictObject({ value: z.string(), source: z.enum(['config', 'found', 'default']), where: z.string() })
    .nullable(),
  running: row.nullable(),
  lastRun: row.nullable(),
})

const config = `admin:
  name: shop
  jobs:
    greet: { command: 'echo hello from $QUANTUM_ADMIN_APP; sleep 0.5; echo bye' }
    fails: { command: 'echo trouble >&2; exit 3' }
    long: { command: 'trap "" TERM; sleep 600 & wait; wait' }
    nightly: { command: 'true', schedule: '0 3 * * *', timezone: Europe/Berlin }
  tests: { command: 'printf "1..2\\nok 1 - adds\\nnot ok 2 - takes away\\n"; exit 1' }
`

let daemon: TestDaemon
let folder: string

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-jobs-')))
  write('shop/quantum.config.yaml', config)
  write('quiet/package.json', '{"scripts":{"start":"true","test":"echo 2 passed, 0 failed"}}')
  write(
    'wrong/quantum.config.yaml',
    'admin:\n  jobs:\n    j:\n      command: x\n      schedule: 99 * * * *\n',
  )
  dataOf(await daemon.cli('apps', 'add', folder, '--json'))
})
afterAll(async () => {
  await daemon.stop()
  for (const { pid } of appProcesses(folder)) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), text)
}

const shaped = async <T extends z.ZodType>(shape: T, ...words: readonly string[]): Promise<z.output<T>> => {
  const data = dataOf(await daemon.cli(...words, '--json'))
  expect(shape.safeParse(data).error?.issues ?? []).toEqual([])
  // It has just been held to the shape.
  return data as z.output<T>
}

test('jobs are listed, run, shown and remembered in the promised shapes', async () => {
  const jobs = await shaped(z.array(jobRow), 'jobs', 'list')
  expect(jobs.map(({ job }) => job)).toEqual(['greet', 'fails', 'long', 'nightly'])
  expect(jobs.at(-1)).toMatchObject({ timezone: 'Europe/Berlin', schedule: '0 3 * * *' })
  expect(Date.parse(jobs.at(-1)?.nextRun ?? '')).toBeGreaterThan(Date.now())
  const begun = await shaped(row, 'jobs', 'run', 'shop', 'greet')
  expect(begun).toMatchObject({ state: 'running', trigger: 'person' })
  while ((await shaped(detail, 'jobs', 'show', begun.run)).endedAt === null);
  expect(await shaped(detail, 'jobs', 'show', begun.run.slice(0, 8))).toMatchObject({
    state: 'passed',
    lastLines: ['hello from shop', 'bye'],
  })
  expect(await shaped(row, 'jobs', 'run', 'shop', 'greet', '--wait')).toMatchObject({ state: 'passed' })
  expect(await shaped(z.array(row), 'jobs', 'history', '--job', 'greet', '--limit', '1')).toHaveLength(1)
})

test('--follow shows what a job writes as it comes, and its exit code tells how it went', async () => {
  const terminal = openTerminal(daemon.home, ['jobs', 'run', 'shop', 'greet', '--follow'])
  await terminal.shows('hello from shop')
  expect(terminal.screen).not.toContain('bye')
  await terminal.shows(/bye[^]*greet of shop passed after/)
  expect(await terminal.ended).toBe(0)
  const failed = await daemon.cli('jobs', 'run', 'shop', 'fails', '--follow')
  expect(failed).toMatchObject({ code: 1, stdout: 'trouble\n' })
  expect(failed.stderr).toContain('exit code 3')
  expect(failed.stderr).toContain('code: job-failed')
})

test('Ctrl-C leaves a run that is followed to itself, and says so', async () => {
  const terminal = openTerminal(daemon.home, ['jobs', 'run', 'shop', 'greet', '--follow'])
  await terminal.shows('hello from shop')
  terminal.type('\u0003')
  await terminal.shows(/The run goes on; `quantum-admin jobs cancel [0-9a-f]{8}` ends it\./)
  expect(await terminal.ended).toBe(130)
  const [run] = await shaped(z.array(row), 'jobs', 'history', '--limit', '1')
  while ((await shaped(detail, 'jobs', 'show', run?.run ?? '')).state === 'running');
  expect(await shaped(detail, 'jobs', 'show', run?.run ?? '')).toMatchObject({ state: 'passed' })
})

test('a run is cancelled with all its processes, after a question', async () => {
  const { run } = await shaped(row, 'jobs', 'run', 'shop', 'long')
  expect((await daemon.cli('jobs', 'cancel', run)).code).toBe(4)
  expect(errorOf(await daemon.cli('jobs', 'run', 'shop', 'long', '--json'))).toMatchObject({
    code: 'conflict',
  })
  expect(await shaped(row, 'jobs', 'cancel', run, '--yes')).toMatchObject({ state: 'cancelled', run })
  expect(appProcesses(folder)).toEqual([])
})

test('tests are run, counted and told one by one', async () => {
  expect(await shaped(z.array(testsRow), 'tests', 'list')).toMatchObject([
    { app: 'quiet', command: { value: 'npm test', where: 'package.json, scripts.test' } },
    { app: 'shop', command: { source: 'config' } },
    { app: 'wrong', command: null },
  ])
  const failed = await daemon.cli('tests', 'run', 'shop', '--wait', '--json')
  expect(failed.code).toBe(6)
  expect(errorOf(failed)).toMatchObject({ code: 'tests-failed' })
  const { run, tests } = JSON.parse(failed.stdout) as RunRow
  expect(tests).toEqual({ passed: 1, failed: 1, skipped: 0, source: 'tap' })
  expect((await shaped(testsDetail, 'tests', 'show', run)).cases.map(({ name }) => name)).toEqual([
    'adds',
    'takes away',
  ])
  expect((await daemon.cli('tests', 'show', run)).stdout).toContain('Failed: takes away')
  const passed = await shaped(row, 'tests', 'run', 'quiet', '--wait')
  expect(passed).toMatchObject({ state: 'passed', job: null, tests: { passed: 2, source: 'output' } })
  expect(await shaped(z.array(row), 'tests', 'history')).toHaveLength(2)
})

test('a report of many thousand tests is counted, and nobody waits for it', async () => {
  const program = `let x = '<testsuite name="s">'; for (let n = 0; n < 30000; n++)
    x += '<testcase name="number ' + n + '"' + (n % 100 === 7 ? '><failure/></testcase>' : '/>')
  require('fs').writeFileSync('junit.xml', x + '</testsuite>')`
  write('many/quantum.config.yaml', 'admin: { name: many, tests: { command: node write.cjs } }\n')
  write('many/write.cjs', program)
  dataOf(await daemon.cli('apps', 'add', path.join(folder, 'many'), '--json'))
  const { run, tests } = await shaped(row, 'tests', 'run', 'many', '--wait')
  expect(tests).toEqual({ passed: 29_700, failed: 300, skipped: 0, source: 'junit' })
  const { cases } = await shaped(testsDetail, 'tests', 'show', run)
  expect(cases).toHaveLength(10_000)
  expect(cases.filter(({ state }) => state === 'failed')).toHaveLength(300)
})

test('bad input is told: no such job, app or run, a schedule that cannot be right with its place', async () => {
  const cases = [
    [['jobs', 'run', 'shop', 'nothing'], 3, 'not-found'],
    [['jobs', 'run', 'nobody', 'greet'], 3, 'not-found'],
    [['jobs', 'run', 'shop', '../x'], 2, 'invalid-params'],
    [['jobs', 'show', 'ffffffff'], 3, 'not-found'],
    [['jobs', 'cancel', 'x'], 3, 'not-found'],
    [['tests', 'run', 'wrong'], 3, 'not-found'],
    [['jobs', 'history', '--limit', '0'], 2, 'wrong-use'],
  ] as const
  for (const [words, code, name] of cases) {
    const result = await daemon.cli(...words, '--json')
    expect([words, result.code, errorOf(result).code]).toEqual([words, code, name])
  }
  const { stdout } = await daemon.cli('apps', 'show', 'wrong')
  expect(stdout).toMatch(/quantum\.config\.yaml:5:17: admin\.jobs\.j\.schedule: .*99 \* \* \* \*.*minute/)
})

test('the queue that a Quantum app keeps itself is read', async () => {
  const queue = z.strictObject({
    file: z.string().nullable(),
    problem: z.string().nullable(),
    counts: z.record(z.string(), z.int()),
    rows: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string().nullable(),
        queue: z.string().nullable(),
        status: z.string(),
        attempts: z.int().nullable(),
        mostAttempts: z.int().nullable(),
        createdAt: z.string().nullable(),
        error: z.string().nullable(),
      }),
    ),
  })
  expect((await shaped(queue, 'jobs', 'queue', 'shop')).file).toBeNull()
  const file = path.join(folder, 'shop', 'quantum_jobs.db')
  const sqlite = new Sqlite(file)
  sqlite.exec(`create table quantum_jobs (id integer primary key, name text, queue text, status text, attempts integer,
    max_attempts integer, created_at text, error text);
    insert into quantum_jobs (name, status, attempts, max_attempts) values ('send-mail', 'pending', 0, 3)`)
  sqlite.close()
  expect(await shaped(queue, 'jobs', 'queue', 'shop')).toMatchObject({
    file,
    problem: null,
    counts: { pending: 1 },
  })
  expect((await daemon.cli('jobs', 'queue', 'shop')).stdout).toMatch(/1 +send-mail +pending +0 of 3/)
})

test('each start and each end is on the trail, those of the daemon by its name', async () => {
  const { entries } = (await shaped(z.object({ entries: z.array(z.unknown()) }), 'audit', 'list')) as {
    entries: { actor: { name: string }; action: string; resource: { type: string } }[]
  }
  const told = new Set(
    entries.map(({ actor, action, resource }) => `${actor.name} ${action} ${resource.type}`),
  )
  expect([...told].filter((line) => line.startsWith('daemon'))).toEqual(
    expect.arrayContaining(['daemon update run', 'daemon update job']),
  )
})
