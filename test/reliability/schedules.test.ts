import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isoTime, type Clock } from '#base/clock.ts'
import { JobsStore, type StoredRun } from '../../daemon/capabilities/jobs/jobs-store.ts'
import { lookAgainMs, Scheduler, type ScheduledJob } from '../../daemon/capabilities/jobs/scheduler.ts'
import * as cron from '../../daemon/config/cron.ts'
import { openStore, type Store } from '../../daemon/store/open.ts'
import { withChange } from '../support/change.ts'
import { dueWithin, lastDueWithin } from '../support/cron-oracle.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const years = 3653 * day

vi.setConfig({ testTimeout: scale(120_000, 3_600_000) })

/** Zones with the days on which their clocks are put forward and back. */
const zones = [
  { zone: 'America/New_York', changes: ['2026-03-08', '2026-11-01'] },
  { zone: 'Europe/Berlin', changes: ['2026-03-29', '2026-10-25'] },
  { zone: 'Australia/Lord_Howe', changes: ['2026-04-05', '2026-10-04'] },
] as const

const patterns = [
  '30 2 * * *',
  '0 3 * * *',
  '15,45 1,2 * * *',
  '0 1-3 * * *',
  '5 0 * * 0',
  '30 1 * * 0,6',
  '59 23 * * *',
  '0 0 1 * *',
  '0 12 1,15 * 1',
  '*/15 * * * *',
  '*/10 1-3 * * *',
  '7 * * * *',
  '*/7 2 * * *',
] as const

function randomPattern(random: Random): string {
  if (random.next() < 0.6) return random.pick(patterns)
  const minutes = random.pick([String(random.int(0, 59)), `*/${random.int(5, 40)}`, '0,30', '10-50/20'])
  const hours = random.pick([String(random.int(0, 23)), '*', `*/${random.int(2, 12)}`, '1-3', '0,2'])
  return `${minutes} ${hours} ${random.pick(['*', '*', '1-15', '*/2'])} * ${random.pick(['*', '*', '1-5', '0'])}`
}

let folder: string
let store: Store
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'qa-cron-'))
  store = await openStore({ file: path.join(folder, 'store.db') })
})
afterAll(async () => {
  await store.dispose()
  rmSync(folder, { recursive: true })
})

test('R6: what is due is what a walk through every minute finds, also where clocks are put forward and back', () => {
  const random = new Random(6)
  const walks = scale(60, 1500)
  let found = 0
  for (let walk = 0; walk < walks; walk++) {
    const { zone, changes } = random.pick(zones)
    const schedule = { pattern: randomPattern(random), zone }
    const from = Date.parse(`${random.pick(changes)}T00:00:00Z`) - random.int(0, 30 * 60) * minute
    const until = from + 3 * day
    const expected = dueWithin(schedule, from, until)
    const actual: number[] = []
    for (
      let at = cron.nextAfter(schedule, from);
      at !== null && at <= until;
      at = cron.nextAfter(schedule, at)
    )
      actual.push(at)
    expect({ ...schedule, due: actual.map(isoTime) }).toEqual({ ...schedule, due: expected.map(isoTime) })
    const last = cron.lastWithin(schedule, from, until)
    expect({ ...schedule, last }).toEqual({ ...schedule, last: expected.at(-1) ?? null })
    found += expected.length
  }
  figure(
    'R6',
    `${walks} schedules through changes of the clock in three zones: ${found} times, each once, 0 lost`,
  )
})

/** A machine whose clock jumps, that sleeps, and whose daemon is killed; and what ought to be run on it. */
class Simulation {
  readonly random: Random
  readonly job: ScheduledJob
  readonly jobs: JobsStore
  readonly ran: number[] = []
  readonly expected: number[] = []
  wall: number
  passed = 0
  killed: 'before' | 'after' | null = null
  scheduler: Scheduler
  lastLook = 0

  constructor(seed: number) {
    this.random = new Random(seed)
    const { zone, changes } = this.random.pick(zones)
    const pattern = randomPattern(this.random)
    this.job = { app: `app-${seed}`, job: 'tick', pattern, zone, missed: 'once' }
    this.jobs = new JobsStore(store)
    this.wall = Date.parse(`${this.random.pick(changes)}T00:00:00Z`) - this.random.int(0, 20 * hour)
    this.scheduler = this.start()
  }

  start(): Scheduler {
    const clock: Clock = { now: () => this.wall, monotonic: () => this.passed }
    const { app, job, pattern, zone } = this.job
    const scheduler = new Scheduler({
      clock,
      cron: () => Promise.resolve(cron),
      stored: () => this.jobs.schedules(),
      fired: (firing) => this.jobs.fired(firing),
      fire: (_job, time) => this.fire(time),
      take: () =>
        withChange((change) => this.jobs.saveSchedule(change, { app, job, pattern, zone, until: this.wall })),
      report: (error) => {
        if (this.killed === null) throw error
      },
    })
    scheduler.set([this.job], (app) => app === this.job.app)
    return scheduler
  }

  async fire(time: string): Promise<void> {
    if (this.killed === 'before') throw new Error('The daemon was killed before the run was written')
    const { app, job } = this.job
    const at = Date.parse(time)
    await withChange((change) => this.jobs.begin(change, runAt(app, job, time), { app, job, time: at }))
    this.ran.push(at)
    if (this.killed === 'after') throw new Error('The daemon was killed after the run was written')
  }

  /** Time goes by without a jump, and the daemon looks at the clock as often as it says. */
  async live(ms: number): Promise<void> {
    const end = this.wall + ms
    const begin = this.lastLook
    while (this.wall < end) {
      const pause = await this.scheduler.look()
      expect(pause).toBeLessThanOrEqual(lookAgainMs)
      this.lastLook = this.wall
      this.pass(Math.min(pause, Math.max(1, end - this.wall)))
    }
    await this.look()
    for (const time of dueWithin(this.job, begin, this.lastLook)) this.expect(time)
  }

  /** What went by unseen: only the last of what was due then is run. */
  async leap(ms: number): Promise<void> {
    const before = this.lastLook
    this.wall += ms
    await this.look()
    const last = lastDueWithin(this.job, before, this.wall)
    if (last !== null) this.expect(last)
  }

  async back(ms: number): Promise<void> {
    this.wall -= ms
    await this.look()
  }

  async kill(): Promise<void> {
    const before = this.lastLook
    this.killed = this.random.pick(['before', 'after'] as const)
    this.pass(this.random.int(0, 3 * minute))
    const runs = this.ran.length
    await this.scheduler.look()
    this.wall += this.random.int(0, 3 * hour)
    // What an earlier daemon has written is run; the next one begins where that left off.
    const written = this.ran.slice(runs).at(-1)
    if (written !== undefined) this.expect(written)
    this.killed = null
    this.scheduler = this.start()
    await this.look()
    const last = lastDueWithin(this.job, Math.max(before, written ?? 0), this.wall)
    if (last !== null) this.expect(last)
  }

  async look(): Promise<void> {
    await this.scheduler.look()
    this.lastLook = this.wall
  }

  pass(ms: number): void {
    this.wall += ms
    this.passed += ms
  }

  /** A time is run once, whatever the clock shows later. */
  expect(time: number): void {
    if (!this.expected.includes(time)) this.expected.push(time)
  }
}

const runAt = (app: string, job: string, time: string): StoredRun => ({
  run: `${app}-${time}`,
  app,
  job,
  command: 'true',
  folder: '/',
  trigger: 'schedule',
  by: 'daemon',
  scheduledFor: time,
  pid: null,
  startKey: null,
  timeoutMs: null,
  report: null,
  startedAt: time,
  endedAt: time,
  state: 'passed',
  reason: null,
  exitCode: 0,
  signal: null,
  tests: null,
})

test('R6: clocks that jump, sleep, kills: every time of a schedule is run once, and what was missed once', async () => {
  const machines = scale(24, 600)
  const counts = { jumps: 0, sleeps: 0, kills: 0, ran: 0 }
  for (let seed = 1; seed <= machines; seed++) {
    const machine = new Simulation(seed)
    await machine.look()
    const { random } = machine
    for (let step = 0; step < 12; step++) {
      await machine.live(random.int(0, 8 * hour))
      const jump = random.pick([1000, hour, years])
      const event = random.pick(['forward', 'back', 'sleep', 'kill', 'none'] as const)
      if (event === 'forward' || event === 'back') counts.jumps += 1
      if (event === 'forward') await machine.leap(jump)
      if (event === 'back') await machine.back(jump)
      if (event === 'sleep') {
        counts.sleeps += 1
        await machine.leap(hour)
      }
      if (event === 'kill') {
        counts.kills += 1
        await machine.kill()
      }
    }
    const { job, ran, expected } = machine
    expect({ seed, job, ran: ran.map(isoTime) }).toEqual({ seed, job, ran: expected.map(isoTime) })
    counts.ran += ran.length
  }
  figure(
    'R6',
    `${machines} machines, ${counts.jumps} jumps of the clock, ${counts.sleeps} sleeps, ${counts.kills} kills: ${counts.ran} runs, 0 double, 0 lost`,
  )
})
