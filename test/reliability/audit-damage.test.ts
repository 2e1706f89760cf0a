import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { Failure, messageOf } from '#base/failure.ts'
import { statePaths } from '#base/state-paths.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { copyHome } from '../support/tamper.ts'
import { openTrail, verifyHome, withFolder, type TestTrail } from '../support/trail.ts'

/** Everything a person can be shown: the list, and each filter that has an index of its own. */
async function shown(trail: TestTrail): Promise<string> {
  const views = []
  for (const filter of [
    {},
    { actor: 'test' },
    { action: 'delete' },
    { resource: 'lease' },
    { resource: 'lease-3' },
    { outcome: 'failed' },
    { since: '2020-01-01T00:00:00.000Z' },
  ] as const) {
    views.push((await trail.audit.list({ limit: 1000, ...filter })).entries)
  }
  return JSON.stringify(views)
}

interface Healthy {
  readonly home: string
  readonly shown: string
  /** Write-ahead logs of other moments. */
  readonly logs: readonly Buffer[]
}

async function grow(folder: string): Promise<Healthy> {
  const home = path.join(folder, 'healthy')
  mkdirSync(home)
  const { store } = statePaths(home)
  const trail = await openTrail(home, (name) => {
    if (name === 'users.remove') throw new Failure('conflict', 'No')
  })
  const logs: Buffer[] = []
  for (let i = 0; i < 120; i++) {
    await trail.call('leases.release', { name: `lease-${i % 7}` })
    await trail.call('users.remove', { name: `user-${i % 5}` }).catch(() => null)
    if (i % 30 === 29) logs.push(readFileSync(`${store}-wal`))
  }
  const healthy = { home: path.join(folder, 'kept'), shown: await shown(trail), logs: logs.slice(0, -1) }
  // Copied while open, so that part of it is in the write-ahead log, as kill -9 leaves it.
  copyHome(home, healthy.home)
  await trail.close()
  return healthy
}

/** Flips bits, cuts, fills with zeros, or puts another moment's log in place. @returns what was done. */
function damage(home: string, random: Random, logs: readonly Buffer[]): string {
  const { store } = statePaths(home)
  const file = random.pick([store, `${store}-wal`])
  const bytes = readFileSync(file)
  const at = random.int(0, bytes.length - 1)
  const name = `${path.basename(file)} of ${bytes.length}`
  const kind = random.pick(['flip', 'flip', 'flip', 'cut', 'zeros', 'swap'] as const)
  switch (kind) {
    case 'flip':
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7))
      writeFileSync(file, bytes)
      return `flip at ${at} of ${name}`
    case 'cut':
      writeFileSync(file, bytes.subarray(0, at))
      return `cut at ${at} of ${name}`
    case 'zeros':
      bytes.fill(0, at, Math.min(bytes.length, at + random.int(1, 5000)))
      writeFileSync(file, bytes)
      return `zeros from ${at} of ${name}`
    case 'swap':
      writeFileSync(`${store}-wal`, random.pick(logs))
      return 'the log of another moment'
  }
}

test(
  'no damage to the database changes the trail in silence, and a damaged store is kept (R5)',
  async () => {
    const random = new Random(5)
    const wanted = scale(60, 1000)
    const ends = { harmless: 0, reported: 0, quarantined: 0 }
    await withFolder(async (folder) => {
      const healthy = await grow(folder)
      for (let i = 0; i < wanted; i++) {
        const home = path.join(folder, 'damaged')
        copyHome(healthy.home, home)
        const what = damage(home, random, healthy.logs)
        const result = verifyHome(home)
        const before = readFileSync(statePaths(home).store)
        let trail: TestTrail
        try {
          trail = await openTrail(home)
        } catch (error) {
          expect(error, what).toBeInstanceOf(Failure)
          expect((error as Failure).code, `${what}: ${messageOf(error)}`).toBe('store-damaged')
          const aside =
            readdirSync(home).find((name) => /\.damaged-[\dTZ-]+$/.test(name)) ?? 'nothing was set aside'
          expect(readFileSync(path.join(home, aside)).equals(before), what).toBe(true)
          // The trail itself may be whole: other tables share the file.
          ends.quarantined++
          continue
        }
        const now = await shown(trail).catch((error: unknown) => messageOf(error))
        await trail.close()
        if (result.ok) {
          expect(now, what).toBe(healthy.shown)
          ends.harmless++
        } else {
          expect(verifyHome(home).ok, `${what}: forgotten after a start`).toBe(false)
          ends.reported++
        }
      }
    })
    figure('R5', `${wanted} damages: ${JSON.stringify(ends)}, 0 silent changes`)
    expect(ends.reported + ends.quarantined).toBeGreaterThan(0)
  },
  full ? 1_800_000 : 120_000,
)
