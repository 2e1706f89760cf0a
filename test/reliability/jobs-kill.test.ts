import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import type { RunRow } from '#contract/jobs.ts'
import { statePaths } from '#base/state-paths.ts'
import type { Client } from '#client/client.ts'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const kills = scale(12, 200)
const atOnce = 4

vi.setConfig({ testTimeout: scale(120_000, 3_600_000) })

/** Each run writes its own name when it begins and when it ends, so that the files tell what really ran. */
const config = `admin:
  name: shop
  jobs:
    short: { command: 'echo $QUANTUM_ADMIN_RUN >> begun; sleep 0.1; echo $QUANTUM_ADMIN_RUN >> ended; exit 7', overlap: allow }
    timed: { command: 'echo $QUANTUM_ADMIN_RUN >> begun; sleep 0.05; echo $QUANTUM_ADMIN_RUN >> ended', overlap: allow, schedule: '0 0 1 1 *' }
`

/** A day that no other run of the timed job is for. */
const timeOf = (number: number): string => new Date(Date.UTC(2000, 0, 1 + number)).toISOString()

async function settled(client: Client): Promise<readonly RunRow[]> {
  for (;;) {
    const rows = await client.call('jobs.history', { limit: 1000 })
    if (rows.every(({ endedAt }) => endedAt !== null)) return rows
    await sleep(50)
  }
}

const linesOf = (file: string): readonly string[] => readFileSync(file, 'utf8').trim().split('\n')

test('whenever the daemon is killed, each run is recorded once with how it ended, none is lost and none runs twice', async () => {
  const home = temporaryHome()
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-jobs-')))
  const shop = path.join(folder, 'shop')
  mkdirSync(shop)
  writeFileSync(path.join(shop, 'quantum.config.yaml'), config)
  const random = new Random(14)
  const recorded = new Map<string, RunRow>()
  const acknowledged = new Set<string>()
  let fired = 0
  try {
    for (let kill = 0; kill <= kills; kill++) {
      const daemon = await startDaemon({ home })
      const client = daemon.client()
      if (kill === 0) await client.call('apps.add', { folder: shop })
      for (const row of await settled(client)) recorded.set(row.run, row)
      const begin = (call: Promise<RunRow>): void =>
        void call.then(
          ({ run }) => acknowledged.add(run),
          // The daemon dies with some of these under way.
          () => undefined,
        )
      for (let call = 0; call < atOnce; call++) {
        begin(client.call('jobs.run', { app: 'shop', job: 'short' }))
        begin(client.call('jobs.fire', { app: 'shop', job: 'timed', time: timeOf(fired++) }))
      }
      await sleep(kill === kills ? 1000 : random.int(0, 150))
      await daemon.kill()
      await client.dispose()
    }
    const daemon = await startDaemon({ home })
    const client = daemon.client()
    for (const row of await settled(client)) recorded.set(row.run, row)
    await client.dispose()
    await daemon.kill()

    const [begun, ended] = [linesOf(path.join(shop, 'begun')), linesOf(path.join(shop, 'ended'))]
    expect(new Set(begun).size).toBe(begun.length)
    expect(ended.toSorted()).toEqual(begun.toSorted())
    expect(begun.filter((run) => !recorded.has(run))).toEqual([])
    expect([...acknowledged].filter((run) => !recorded.has(run))).toEqual([])
    const wrong = begun.filter((run) => {
      const row = recorded.get(run)
      return row?.exitCode !== (row?.job === 'short' ? 7 : 0)
    })
    expect(wrong).toEqual([])
    // What never ran is told as that, and only a run that a person asked for is left so.
    const never = [...recorded.values()].filter(({ run }) => !begun.includes(run))
    expect(never.filter(({ state, trigger }) => state !== 'lost' || trigger !== 'person')).toEqual([])
    const times = [...recorded.values()].flatMap(({ scheduledFor }) => scheduledFor ?? [])
    expect(new Set(times).size).toBe(times.length)
    figure(
      'jobs',
      `${kills} kills: ${begun.length} runs begun, each once, each recorded once with its exit code; ${never.length} told as never begun; 0 lost`,
    )
  } finally {
    for (const { pid } of appProcesses(folder)) process.kill(pid, 'SIGKILL')
    for (const one of [home, folder]) rmSync(one, { recursive: true, force: true })
  }
})

test('what was missed while no daemon ran is run once, and a schedule that was gone meanwhile has missed nothing', async () => {
  const home = temporaryHome()
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-jobs-')))
  const write = (jobs: string): void =>
    writeFileSync(path.join(folder, 'quantum.config.yaml'), `admin: { name: shop, jobs: { ${jobs} } }\n`)
  const hourly = `hourly: { command: 'true', schedule: '0 * * * *' }`
  const isAhead = (at: string | null): boolean => at !== null && Date.parse(at) > Date.now()
  /** As if this daemon had ended a day ago. */
  const aDayAgo = (): void => {
    const sqlite = new Sqlite(statePaths(home).store)
    sqlite.prepare('update job_schedules set until = ?').run(Date.now() - 24 * 3_600_000)
    sqlite.close()
  }
  const next = async (
    changes: number,
  ): Promise<{ readonly runs: readonly RunRow[]; readonly scheduled: number }> => {
    const daemon = await startDaemon({ home })
    const client = daemon.client()
    const scheduled = () => client.call('jobs.list', {})
    // It was looked at once what is due is in the future, or was let go.
    while ((await scheduled()).rows.some(({ schedule, nextRun }) => schedule !== null && !isAhead(nextRun)))
      await sleep(20)
    const taken = { resource: 'job:hourly', action: 'update', outcome: 'ok' } as const
    while ((await client.call('audit.list', taken)).entries.length < changes) await sleep(20)
    const runs = await settled(client)
    const { rows } = await scheduled()
    await client.dispose()
    await daemon.kill()
    return { runs, scheduled: rows.length }
  }
  try {
    write(hourly)
    const first = await startDaemon({ home })
    await first.cli('apps', 'add', folder)
    await first.kill()
    expect(await next(1)).toEqual({ runs: [], scheduled: 1 })
    aDayAgo()
    const { runs } = await next(1)
    expect(runs).toMatchObject([{ trigger: 'schedule', by: 'daemon', state: 'passed' }])
    expect(Date.now() - Date.parse(runs[0]?.scheduledFor ?? '')).toBeLessThan(2 * 3_600_000)
    expect(await next(1)).toMatchObject({ runs })
    write(`other: { command: 'true' }`)
    expect(await next(2)).toMatchObject({ runs, scheduled: 1 })
    write(hourly)
    aDayAgo()
    expect(await next(3)).toMatchObject({ runs, scheduled: 1 })
  } finally {
    for (const one of [home, folder]) rmSync(one, { recursive: true, force: true })
  }
})

test('a schedule keeps a daemon that nobody is connected to, and one without a schedule ends', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-jobs-')))
  const write = (schedule: string): void =>
    writeFileSync(
      path.join(folder, 'quantum.config.yaml'),
      `admin: { jobs: { j: { command: 'true'${schedule} } } }\n`,
    )
  write(`, schedule: '0 0 1 1 *'`)
  const daemon = await startDaemon({ env: { QUANTUM_ADMIN_IDLE_SECONDS: '0.4' } })
  const client = daemon.client()
  await client.call('apps.add', { folder })
  await client.call('jobs.list', {})
  await client.dispose()
  await sleep(1500)
  expect(daemon.process.exitCode).toBeNull()
  // It is read again by itself.
  write('')
  while (daemon.process.exitCode === null) await sleep(50)
  expect(daemon.process.exitCode).toBe(0)
  await daemon.stop()
  rmSync(folder, { recursive: true })
})
