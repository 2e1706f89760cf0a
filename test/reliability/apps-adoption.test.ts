import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { expect, test, vi } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import type { Client } from '#client/client.ts'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

const kills = scale(6, 200)
const count = scale(12, 50)
const forgeries = scale(10, 200)
/** So soon after a start the daemon must know what became of every app. */
const settledMs = 5000

vi.setConfig({ testTimeout: scale(120_000, 3_600_000) })

/** A workspace of apps that live until they are ended, and the state folder of their daemon. */
class Lane {
  readonly home = temporaryHome()
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-apps-')))
  readonly names = Array.from({ length: count }, (_, number) => `app-${number}`)

  constructor() {
    for (const name of this.names) {
      mkdirSync(path.join(this.folder, name))
      const config = 'admin: { run: { command: exec sleep 100000, restart: { policy: never } } }\n'
      writeFileSync(path.join(this.folder, name, 'quantum.config.yaml'), config)
    }
  }

  /** The runs that live, by app; an app with two of them is a duplicate. */
  runs(): ReadonlyMap<string, ReadonlySet<string>> {
    const runs = new Map<string, Set<string>>()
    for (const { app, run } of appProcesses(this.folder)) runs.set(app, (runs.get(app) ?? new Set()).add(run))
    return runs
  }

  /** The leader of each app as the daemon tells. */
  async leaders(client: Client): Promise<ReadonlyMap<string, number>> {
    const { rows } = await client.call('apps.list', {})
    return new Map(rows.flatMap(({ name, pid }) => (pid === null ? [] : [[name, pid] as const])))
  }

  /** Waits until the daemon shows exactly what lives. @returns what differs when the time is up. */
  async differences(client: Client): Promise<readonly string[]> {
    const deadline = Date.now() + settledMs
    for (;;) {
      const leaders = await this.leaders(client)
      const runs = this.runs()
      const doubled = this.names.filter((name) => (runs.get(name)?.size ?? 0) > 1)
      const differing = this.names.filter((name) => leaders.has(name) !== runs.has(name))
      if (doubled.length + differing.length === 0) return []
      if (Date.now() > deadline)
        return [...doubled.map((name) => `${name} runs twice`), ...differing.map((name) => `${name} differs`)]
      await sleep(50)
    }
  }

  end(): void {
    for (const { pid } of appProcesses(this.folder)) process.kill(pid, 'SIGKILL')
    for (const folder of [this.home, this.folder]) rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends commands to some apps and does not wait for them. */
function disturb(client: Client, names: readonly string[], random: Random): readonly string[] {
  const touched = names.filter(() => random.next() < 0.3)
  for (const app of touched) {
    const verb = random.pick(['apps.start', 'apps.stop', 'apps.restart'] as const)
    // The daemon dies with most of these under way.
    client.call(verb, { app }).catch(() => undefined)
  }
  return touched
}

test('R9: whenever the daemon is killed, the next one finds every app that lives, once, and none is left over', async () => {
  const lane = new Lane()
  const random = new Random(9)
  try {
    let before: ReadonlyMap<string, number> = new Map()
    let quiet: readonly string[] = []
    let adopted = 0
    for (let kill = 0; kill <= kills; kill++) {
      const daemon = await startDaemon({ home: lane.home })
      const client = daemon.client()
      if (kill === 0) await client.call('apps.add', { folder: lane.folder })
      const leaders = await lane.leaders(client)
      for (const name of quiet) expect([name, leaders.get(name)]).toEqual([name, before.get(name)])
      adopted += quiet.filter((name) => before.has(name)).length
      expect(await lane.differences(client)).toEqual([])
      await Promise.all(lane.names.map((app) => client.call('apps.start', { app })))
      before = await lane.leaders(client)
      expect(before.size).toBe(count)
      const touched = disturb(client, lane.names, random)
      quiet = lane.names.filter((name) => !touched.includes(name))
      await sleep(random.int(0, 300))
      await daemon.kill()
      await client.dispose()
    }
    figure(
      'R9',
      `${kills} kills x ${count} apps: ${adopted} adopted with their pid, 0 lost, 0 duplicates, 0 orphans`,
    )
  } finally {
    lane.end()
  }
})

test('R9: a run that is recorded with the pid of a stranger is no reason to signal the stranger', async () => {
  const lane = new Lane()
  const strangers = Array.from({ length: count }, () => spawn('/bin/sleep', ['100000'], { stdio: 'ignore' }))
  try {
    let forged = 0
    while (forged < forgeries) {
      const daemon = await startDaemon({ home: lane.home })
      const client = daemon.client()
      if (forged === 0) await client.call('apps.add', { folder: lane.folder })
      await Promise.all(lane.names.map((app) => client.call('apps.start', { app })))
      await daemon.kill()
      await client.dispose()
      forged += forge(
        lane,
        strangers.map(({ pid }) => pid ?? 0),
      )
      const next = await startDaemon({ home: lane.home })
      const second = next.client()
      expect(await lane.differences(second)).toEqual([])
      await Promise.all(lane.names.map((app) => second.call('apps.stop', { app })))
      expect(lane.runs().size).toBe(0)
      await second.dispose()
      await next.kill()
    }
    expect(strangers.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null)).toEqual(
      [],
    )
    figure('R9', `${forged} forged pid records: 0 wrong signals, every app found and stopped all the same`)
  } finally {
    for (const stranger of strangers) {
      const ended = once(stranger, 'exit')
      stranger.kill('SIGKILL')
      await ended
    }
    lane.end()
  }
})

/** Writes a stranger's pid and true start into each run's record. */
function forge({ home, names }: Lane, strangers: readonly number[]): number {
  const sqlite = new Sqlite(statePaths(home).store)
  const write = sqlite.prepare('update app_runs set pid = ?, start_key = ? where app = ?')
  for (const [number, app] of names.entries()) {
    const pid = strangers[number] ?? 0
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22, the start; `sleep` has no space in its name.
    write.run(pid, stat.split(' ')[21], app)
  }
  sqlite.close()
  return names.length
}
