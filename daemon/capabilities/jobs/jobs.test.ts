import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Result } from '#contract/index.ts'
import type { RunRow } from '#contract/jobs.ts'
import { Lifetime } from '#base/lifetime.ts'
import { job, startJobs, withOwnChange, type Shop } from '../../jobs-wiring.fixture.ts'
import type { JobsStore } from './jobs-store.ts'
import { longestOutput } from './live-runs.ts'
import { keptRuns } from './run-rows.ts'

let life = new Lifetime()
let folder = ''
beforeEach(() => {
  life = new Lifetime()
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-jobs-')))
  mkdirSync(join(folder, 'shop'))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

const setup = (shop: Shop = {}) => startJobs(life, folder, shop)

type Daemon = Awaited<ReturnType<typeof setup>>

const runJob = ({ call }: Daemon, name: string): Promise<RunRow> =>
  call('jobs.run', { app: 'shop', job: name, wait: true })

async function ended({ call }: Daemon, run: string): Promise<Result<'jobs.show'>> {
  for (;;) {
    const detail = await call('jobs.show', { run })
    if (detail.endedAt !== null) return detail
    await wait(20)
  }
}

test('a job is run in the folder of its app with its variables, and its end is on the trail', async () => {
  const daemonOf = await setup({ jobs: [job('greet', 'echo "$GREETING from $(pwd)"')] })
  const row = await runJob(daemonOf, 'greet')
  expect(row).toMatchObject({ state: 'passed', exitCode: 0, trigger: 'person', by: 'ana', job: 'greet' })
  const shown = await daemonOf.call('jobs.show', { run: row.run })
  expect(shown.lastLines).toEqual([`hello from ${join(folder, 'shop')}`])
  expect(daemonOf.trail).toEqual(['ana: start greet', 'daemon: update run'])
  expect(await daemonOf.call('jobs.history', { app: 'shop' })).toEqual([row])
})

test.each([
  ['exit 3', { state: 'failed', exitCode: 3, reason: 'it ended with exit code 3' }],
  ['no-such-command', { state: 'failed', exitCode: 127, reason: expect.stringContaining('not found') }],
  ['kill -9 $$', { state: 'failed', signal: 'SIGKILL', exitCode: null }],
  ['rm -rf "$(pwd)"; exit 0', { state: 'passed' }],
  ['sleep 600 & exit 0', { state: 'passed' }],
])('%s ends as what it is', async (command, expected) => {
  const daemonOf = await setup({ jobs: [job('it', command)] })
  expect(await runJob(daemonOf, 'it')).toMatchObject(expected)
  for (const one of (await daemonOf.host.processes()).processes)
    if (one.argv?.join(' ') === 'sleep 600' && one.cwd?.startsWith(folder) === true) process.kill(one.pid)
})

test('what was not there to be run in is told, and recorded', async () => {
  const daemonOf = await setup({ jobs: [job('it', 'true')] })
  rmSync(join(folder, 'shop'), { recursive: true })
  await expect(runJob(daemonOf, 'it')).rejects.toMatchObject({ code: 'job-failed' })
  expect(await daemonOf.call('jobs.history', {})).toMatchObject([
    { state: 'failed', endedAt: expect.any(String) },
  ])
})

test('a job does not run twice at a time, unless that is allowed, however quickly it is asked for', async () => {
  const daemonOf = await setup({
    jobs: [job('once', 'sleep 0.5'), job('often', 'sleep 0.5', { overlap: 'allow' })],
  })
  const ask = (name: string) =>
    Promise.allSettled([1, 2, 3].map(() => daemonOf.call('jobs.run', { app: 'shop', job: name })))
  const once = await ask('once')
  expect(once.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected'])
  expect(once.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } })
  expect((await ask('often')).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  for (const { run } of await daemonOf.call('jobs.history', {})) await ended(daemonOf, run)
})

test('a time of a schedule is run once, also when asked for again, and is recorded when another run goes on', async () => {
  const daemonOf = await setup({ jobs: [job('nightly', 'sleep 0.3', { schedule: '0 3 1 1 *' })] })
  const [first, second] = ['2026-01-01T03:00:00.000Z', '2027-01-01T03:00:00.000Z']
  const fire = (time: string) => daemonOf.call('jobs.fire', { app: 'shop', job: 'nightly', time })
  const both = await Promise.allSettled([fire(first), fire(first)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(await fire(second)).toMatchObject({ state: 'skipped', scheduledFor: second })
  const [, begun] = await daemonOf.call('jobs.history', {})
  await ended(daemonOf, begun?.run ?? '')
  for (const time of [first, second]) await expect(fire(time)).rejects.toMatchObject({ code: 'conflict' })
  expect(await daemonOf.call('jobs.history', {})).toMatchObject([{ state: 'skipped' }, { state: 'passed' }])
})

test('cancelling ends all of a run, and what took too long is ended', async () => {
  const deaf = `trap '' TERM; sleep 600 & wait; wait`
  const daemonOf = await setup({ jobs: [job('long', deaf), job('slow', deaf, { timeoutMs: 300 })] })
  const { run } = await daemonOf.call('jobs.run', { app: 'shop', job: 'long' })
  expect(await daemonOf.call('jobs.cancel', { run })).toMatchObject({ state: 'cancelled', run })
  await expect(daemonOf.call('jobs.cancel', { run })).rejects.toMatchObject({ code: 'conflict' })
  expect(await runJob(daemonOf, 'slow')).toMatchObject({ state: 'timeout' })
  const { processes } = await daemonOf.host.processes()
  expect(processes.filter(({ argv, cwd }) => argv?.[0] === 'sleep' && cwd === join(folder, 'shop'))).toEqual(
    [],
  )
})

test('what a job writes can be read while it runs, and of a flood the middle is cut', async () => {
  const daemonOf = await setup({
    jobs: [job('flood', 'echo first; head -c 20000000 /dev/zero | tr "\\0" "a\\n"; echo; echo last')],
  })
  const { run } = await runJob(daemonOf, 'flood')
  const { output } = daemonOf.filesOf('shop', run)
  expect(statSync(output).size).toBeLessThan(longestOutput + 1000)
  const text = readFileSync(output, 'utf8')
  expect(text.startsWith('first\n')).toBe(true)
  expect(text.endsWith('last\n')).toBe(true)
  expect(text).toMatch(/bytes that were written before this are gone/)
  const piece = await daemonOf.call('jobs.output', { run, from: 0 })
  expect(piece.text.startsWith('first\n[quantum-admin: ')).toBe(true)
  expect(await daemonOf.call('jobs.output', { run, from: 2 ** 40 })).toMatchObject({ text: '', ended: true })
})

test('a flood that does not end stays bounded while it goes on', async () => {
  const daemonOf = await setup({ jobs: [job('flood', 'exec yes')] })
  const { run } = await daemonOf.call('jobs.run', { app: 'shop', job: 'flood' })
  const { output } = daemonOf.filesOf('shop', run)
  const sizes = [0]
  // It grows until it is cut, which gives the disk some of it back.
  while ((sizes.at(-1) ?? 0) >= (sizes.at(-2) ?? 0)) {
    await wait(5)
    sizes.push(existsSync(output) ? statSync(output).blocks : 0)
  }
  await daemonOf.call('jobs.cancel', { run })
  expect(statSync(output).size).toBeLessThan(longestOutput + 1000)
})

test('a run outlives its daemon, and the next one records how it ended, once', async () => {
  const first = await setup({ jobs: [job('long', 'sleep 0.6; exit 4'), job('longer', 'sleep 1.5')] })
  const one = await first.call('jobs.run', { app: 'shop', job: 'long' })
  const two = await first.call('jobs.run', { app: 'shop', job: 'longer' })
  await first.end()
  await wait(800)
  const second = await setup({ jobs: [] })
  expect(await ended(second, one.run)).toMatchObject({ state: 'failed', exitCode: 4 })
  expect(await ended(second, two.run)).toMatchObject({ state: 'passed', durationMs: expect.any(Number) })
  expect(second.trail).toEqual(['daemon: update run', 'daemon: update run'])
})

test('a run that was written for a time and never begun is begun by the next daemon, another one is told as lost', async () => {
  const time = '2026-01-01T03:00:00.000Z'
  const nightly = job('nightly', 'echo begun >> ../begun', { schedule: '0 3 1 1 *' })
  const first = await setup({ jobs: [nightly] })
  const { run } = await first.call('jobs.fire', { app: 'shop', job: 'nightly', time })
  const detail = await ended(first, run)
  const byHand = { ...detail, run: '1'.repeat(32), trigger: 'person' as const, scheduledFor: null }
  const unbegun = { ...detail, run: '2'.repeat(32), scheduledFor: '2027-01-01T03:00:00.000Z' }
  for (const one of [byHand, unbegun]) {
    const stored = {
      ...one,
      pid: null,
      startKey: null,
      timeoutMs: null,
      report: null,
      state: 'running' as const,
    }
    // As a daemon leaves it that is killed between the two writes.
    const write = (change: Parameters<JobsStore['begin']>[0]) =>
      first.store.begin(change, { ...stored, endedAt: null, exitCode: null }, null)
    await withOwnChange(write)
  }
  await first.end()
  const second = await setup({ jobs: [nightly] })
  expect(await ended(second, unbegun.run)).toMatchObject({ state: 'passed' })
  expect(await ended(second, byHand.run)).toMatchObject({
    state: 'lost',
    reason: expect.stringContaining('never began'),
  })
  expect(readFileSync(join(folder, 'begun'), 'utf8')).toBe('begun\nbegun\n')
})

test('a run goes on when its app is removed, and can be cancelled', async () => {
  const shop: Shop = { jobs: [job('long', 'sleep 600')] }
  const daemonOf = await setup(shop)
  const { run } = await daemonOf.call('jobs.run', { app: 'shop', job: 'long' })
  shop.gone = true
  expect(await daemonOf.call('jobs.list', {})).toMatchObject({ rows: [] })
  await expect(runJob(daemonOf, 'long')).rejects.toMatchObject({ code: 'not-found' })
  expect(await daemonOf.call('jobs.cancel', { run })).toMatchObject({ state: 'cancelled' })
})

test('a broken configuration keeps the last good jobs', async () => {
  const shop: Shop = { jobs: [job('nightly', 'true', { schedule: '0 3 * * *' })] }
  const daemonOf = await setup(shop)
  const before = await daemonOf.call('jobs.list', {})
  expect(before.rows).toMatchObject([{ job: 'nightly', timezone: 'UTC', schedule: '0 3 * * *' }])
  shop.jobs = null
  expect((await daemonOf.call('jobs.list', {})).rows).toHaveLength(1)
})

test('the oldest runs of a job are forgotten with what they wrote', async () => {
  const daemonOf = await setup({ jobs: [job('quick', 'true'), job('other', 'true')] })
  await runJob(daemonOf, 'other')
  const { run: oldest } = await runJob(daemonOf, 'quick')
  for (let more = 0; more < keptRuns; more++) await runJob(daemonOf, 'quick')
  expect(await daemonOf.call('jobs.history', { job: 'quick', limit: 1000 })).toHaveLength(keptRuns)
  expect(await daemonOf.call('jobs.history', { job: 'other' })).toHaveLength(1)
  expect(existsSync(join(folder, 'runs', oldest))).toBe(false)
  await expect(daemonOf.call('jobs.show', { run: oldest })).rejects.toMatchObject({ code: 'not-found' })
})

const runTests = ({ call }: Daemon): Promise<RunRow> => call('tests.run', { app: 'shop', wait: true })

test('tests are counted by their closing line, and judged by their exit code', async () => {
  const passed = await setup({ tests: 'echo "3 passed, 0 failed"' })
  expect(await runTests(passed)).toMatchObject({
    state: 'passed',
    job: null,
    tests: { passed: 3, failed: 0, skipped: 0, source: 'output' },
  })
  await passed.end()
  const failed = await setup({ tests: 'echo "3 passed, 0 failed"; exit 1' })
  expect(await runTests(failed)).toMatchObject({ state: 'failed', tests: { passed: 3 } })
})

test('tests of TAP and of a JUnit XML file are told one by one', async () => {
  const tap = await setup({ tests: `printf '1..2\\nok 1 - adds\\nnot ok 2 - takes away\\n'; exit 1` })
  const { run } = await runTests(tap)
  const detail = await tap.call('tests.show', { run })
  expect(detail.tests).toEqual({ passed: 1, failed: 1, skipped: 0, source: 'tap' })
  expect(detail.cases.map(({ name, state }) => [name, state])).toEqual([
    ['adds', 'passed'],
    ['takes away', 'failed'],
  ])
  await tap.end()
  const xml = `<testsuite name="s"><testcase name="a"/><testcase name="b"><failure message="no">no</failure></testcase></testsuite>`
  writeFileSync(join(folder, 'shop', 'old.xml'), xml)
  const junit = await setup({ tests: `mkdir -p out; echo '${xml}' > out/j.xml; exit 1`, report: 'out/j.xml' })
  const second = await runTests(junit)
  expect(second.tests).toEqual({ passed: 1, failed: 1, skipped: 0, source: 'junit' })
  const { cases } = await junit.call('tests.show', { run: second.run })
  expect(cases).toMatchObject([
    { suite: ['s'], name: 'a' },
    { name: 'b', state: 'failed', message: 'no' },
  ])
})

test('an app without tests says how to name them', async () => {
  const daemonOf = await setup()
  await expect(runTests(daemonOf)).rejects.toMatchObject({
    code: 'not-found',
    hint: expect.stringContaining('admin.tests.command') as string,
  })
})
