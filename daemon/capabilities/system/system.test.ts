import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HookRow } from '#contract/health.ts'
import type { EngineStatus } from '#contract/resources.ts'
import type { DaemonStatus, DoctorCheck, Overview } from '#contract/system.ts'
import { systemClock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import { statePaths } from '#base/state-paths.ts'
import { Events } from '../../kernel/events.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers, type Outcome } from '../../kernel/execute.ts'
import { doctorChecks } from './doctor.ts'
import { systemHandlers } from './system-handlers.ts'
import { SystemService } from './system-service.ts'

const status: DaemonStatus = {
  pid: 4711,
  state: 'running',
  version: '1.2.3',
  protocol: 1,
  startedAt: '2026-06-01T00:00:00.000Z',
  socket: '/run/daemon.sock',
  url: null,
}

function setup(checks: readonly (() => Promise<DoctorCheck> | DoctorCheck)[] = []) {
  const stops: string[] = []
  const outcomes: Outcome[] = []
  const system = new SystemService({
    build: { version: '1.2.3', id: '1000.abc' },
    status: () => status,
    checks,
    stop: () => stops.push('stop'),
  })
  const events = new Events()
  events.source('ports', () => 'p7')
  events.connect({ id: 'c', sendEvent: () => true })
  const overview = () => Promise.resolve({ activity: [] } as unknown as Overview)
  const execute = createExecutor({
    handlers: systemHandlers({ system, overview, events }) as Handlers,
    trail: {
      intent: () => Promise.resolve(1),
      outcome: (_sequence, outcome) => {
        outcomes.push(outcome)
        return Promise.resolve()
      },
      record: () => Promise.resolve(),
    },
    clock: systemClock,
  })
  const call = callsAs(execute, 'admin', { connection: 'c' })
  return { call, stops, outcomes, events }
}

test('status is answered, and stop begins the end and is recorded', async () => {
  const { call, stops, outcomes } = setup()
  await expect(call('daemon.status', {})).resolves.toEqual(status)
  await expect(call('daemon.stop', {})).resolves.toBeNull()
  expect(stops).toEqual(['stop'])
  expect(outcomes).toMatchObject([{ outcome: 'ok' }])
})

test.each([
  ['1.2.4', '1.x', true],
  ['2.0.0', '1.x', true],
  ['1.2.3', '1001.x', true],
  ['1.2.3', '1000.abc', false],
  ['1.2.3', '999.x', false],
  ['1.2.2', '5000.x', false],
  ['', '', false],
])('build %s %s gets the place of 1.2.3 1000.abc: %s', async (version, build, granted) => {
  const { call, stops, outcomes } = setup()
  const asked = call('daemon.handover', { version, build })
  if (granted) await expect(asked).resolves.toBeNull()
  else await expect(asked).rejects.toMatchObject({ code: 'conflict' })
  expect(stops).toHaveLength(granted ? 1 : 0)
  expect(outcomes).toMatchObject([
    { outcome: granted ? 'ok' : 'failed', details: { old: { version: '1.2.3' }, new: { version } } },
  ])
})

test('a check that throws is a failed line of the report, and the others are still made', async () => {
  const good = { name: 'Disk', ok: true, message: 'fine', hint: null }
  const { call } = setup([
    () => {
      throw new Failure('store-unavailable', 'The store is gone', { hint: 'Look for it.' })
    },
    () => Promise.reject(new Error('odd')),
    () => good,
  ])
  const report = await call('daemon.doctor', {})
  expect(report.map(({ ok }) => ok)).toEqual([false, false, true])
  expect(report[0]).toMatchObject({
    message: expect.stringContaining('The store is gone'),
    hint: 'Look for it.',
  })
})

test('the doctor names what is wrong with store, trail, settings and engine, and how to mend it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'qa-doctor-'))
  const engine: EngineStatus = { state: 'denied', reason: 'permission denied', endpoint: '/s', version: null }
  const hook: HookRow = {
    app: 'shop',
    environment: null,
    hook: 'webhook',
    target: 'hooks.test',
    state: 'ready',
    waiting: 0,
    told: 1,
    error: null,
  }
  const well = {
    paths: statePaths(home),
    engine: (): EngineStatus => ({ ...engine, state: 'absent', reason: null }),
    settingsProblem: () => null,
    readStore: () => Promise.resolve(),
    auditProblem: () => null,
    heartbeats: () => [],
    forwarding: () => Promise.resolve([]),
    hooks: () => Promise.resolve([hook]),
  }
  const healthy = await setup(doctorChecks(well)).call('daemon.doctor', {})
  expect(healthy.filter(({ ok }) => !ok)).toEqual([])
  const ill = await setup(
    doctorChecks({
      ...well,
      engine: () => engine,
      settingsProblem: () => new Failure('settings-invalid', 'leases: expected object'),
      readStore: () => Promise.reject(new Failure('store-unavailable', 'the disk is full')),
      auditProblem: () => 'the disk is full',
      heartbeats: () => ['shop http: 127.0.0.1 answered 404: Monitor not found or not active.'],
      forwarding: () => Promise.reject(new Failure('store-unavailable', 'the disk is full')),
      hooks: () =>
        Promise.resolve([
          { ...hook, state: 'failing', waiting: 2, error: { at: '', message: 'it answered 500' } },
        ]),
    }),
  ).call('daemon.doctor', {})
  const failed = ill.filter(({ ok }) => !ok)
  expect(failed.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'Store',
      'Audit trail',
      'Settings',
      'Container engine',
      'Log forwarding',
      'Heartbeats',
      'Incident hooks',
    ]),
  )
  expect(failed.every(({ hint }) => hint !== null && hint.length > 0)).toBe(true)
  rmSync(home, { recursive: true })
})

test('a subscription answers where each topic stands', async () => {
  const { call, events } = setup()
  await expect(call('events.subscribe', { topics: ['ports'] })).resolves.toEqual({ ports: 'p7' })
  expect(events.watched('ports')).toBe(true)
  await expect(call('events.subscribe', { topics: ['secrets' as 'ports'] })).rejects.toMatchObject({
    code: 'invalid-params',
  })
})
