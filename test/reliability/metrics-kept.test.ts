import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Aggregate } from '#base/aggregate.ts'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { metricLevels } from '#base/metric-levels.ts'
import { MetricsStore } from '../../daemon/capabilities/metrics/metrics-store.ts'
import {
  aggregateIn,
  mergeInto,
  pack,
  unpack,
  type Packed,
} from '../../daemon/capabilities/metrics/packing.ts'
import { recorded } from '../../daemon/capabilities/metrics/recorded.ts'
import { forgetOldest } from '../../daemon/capabilities/metrics/retention.ts'
import { Rollups } from '../../daemon/capabilities/metrics/rollups.ts'
import { openStore, type Store } from '../../daemon/store/open.ts'
import { Random } from '../support/random.ts'
import { figure, scale } from '../support/scale.ts'

/** Whole figures take their time. */
const limit = scale(60_000, 600_000)

let folder = ''
let life = new Lifetime()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-kept-'))
  life = new Lifetime()
})
afterEach(async () => {
  await life.dispose()
  rmSync(folder, { recursive: true, force: true })
})
const opened = async (): Promise<Store> =>
  life.own(await openStore({ file: join(folder, 'store.sqlite'), clock: systemClock }))

const hour = 3_600_000
const now = Date.UTC(2026, 10, 23, 12)

/** Numbers of every kind, all of one moment. */
function numbers(random: Random): Packed {
  const packed: Packed = new Map()
  for (const { code, kind } of recorded)
    if (random.next() < 0.6)
      aggregateIn(packed, code)?.add(Math.floor(Math.exp(random.next() * 24)), kind === 'total' ? 15_000 : 1)
  return packed
}

const plain = (packed: Packed | undefined): unknown =>
  [...(packed ?? new Map<number, Aggregate>())]
    .sort(([a], [b]) => a - b)
    .map(([code, { weight, sum, buckets }]) => [
      code,
      weight,
      sum,
      [...(buckets ?? [])].sort(([a], [b]) => a - b),
    ])

test('what is packed comes out again, up to the greatest numbers', () => {
  const random = new Random(3)
  for (let round = 0; round < scale(200, 20_000); round++) {
    const packed = numbers(random)
    mergeInto(packed, numbers(random))
    expect(plain(unpack(pack(packed)))).toEqual(plain(packed))
  }
  const great = new Map([[2, new Aggregate(false)]])
  great.get(2)?.add(Number.MAX_SAFE_INTEGER)
  expect(unpack(pack(great)).get(2)).toMatchObject({ sum: Number.MAX_SAFE_INTEGER, weight: 1 })
})

test(
  'every level is exactly what all numbers make, whatever order they come in and whenever they are written',
  async () => {
    const random = new Random(4)
    const store = new MetricsStore(await opened())
    for (let round = 0; round < scale(4, 100); round++) {
      const rollups = new Rollups(store, () => now)
      const all: { readonly at: number; readonly packed: Packed }[] = []
      for (let count = 0; count < 120; count++) {
        const at = now - random.int(0, 5 * hour)
        const packed = numbers(random)
        all.push({ at, packed })
        const into = rollups.at(round, at)
        if (into === null) throw new Error('It is kept')
        mergeInto(into, packed)
        if (random.next() < 0.1) await rollups.write()
      }
      for (const [level, { stepMs }] of metricLevels.entries()) {
        const found = new Map<number, Packed>()
        await rollups.read(round, level, now - 6 * hour, now + hour, (at, packed) => {
          const into = found.get(at) ?? new Map<number, Aggregate>()
          mergeInto(into, packed)
          found.set(at, into)
        })
        const expected = new Map<number, Packed>()
        for (const { at, packed } of all) {
          const begin = Math.floor(at / stepMs) * stepMs
          const into = expected.get(begin) ?? new Map<number, Aggregate>()
          mergeInto(into, packed)
          expected.set(begin, into)
        }
        expect(new Set(found.keys())).toEqual(new Set(expected.keys()))
        for (const [at, packed] of expected) expect(plain(found.get(at))).toEqual(plain(packed))
      }
    }
  },
  limit,
)

test('what comes late goes into the levels that still keep that time, and into no other', async () => {
  const store = await opened()
  const rollups = new Rollups(new MetricsStore(store), () => now)
  for (const { keptMs } of metricLevels) {
    const into = rollups.at(1, now - keptMs + 1000)
    if (into !== null) aggregateIn(into, 3)?.add(1)
  }
  expect(rollups.at(1, now - 401 * 24 * hour)).toBeNull()
  await rollups.write()
  const { rows } = await sql<{ level: number; rows: number }>`
    select level, count(*) as rows from metric_rollups group by level order by level`.execute(store.kysely)
  expect(rows.map((row) => row.rows)).toEqual([1, 2, 3, 4])
})

/** Pages that SQLite really uses for them. */
async function pageBytes(store: Store): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`
    select sum(pgsize) as bytes from dbstat where name = 'metric_rollups' and aggregate = true`.execute(
    store.kysely,
  )
  return rows[0]?.bytes ?? 0
}

test(
  'what is kept stays within its bound on the disk, and each level keeps its newest',
  async () => {
    const store = await opened()
    const metricsStore = new MetricsStore(store)
    const mostBytes = scale(1, 16) * 1024 * 1024
    const subjects = scale(40, 60)
    let at = now
    const rollups = new Rollups(metricsStore, () => at)
    const random = new Random(5)
    let [most, written, writes] = [0, 0, 0]
    for (let minute = 0; minute < scale(150, 1500); minute++) {
      for (let quarter = 0; quarter < 4; quarter++, at += 15_000)
        for (let subject = 1; subject <= subjects; subject++) {
          const into = rollups.at(subject, at)
          if (into !== null) mergeInto(into, numbers(random))
        }
      const began = performance.now()
      await rollups.write()
      written += performance.now() - began
      writes++
      if (minute % 10 !== 0) continue
      await forgetOldest(metricsStore, at, mostBytes)
      most = Math.max(most, await pageBytes(store))
    }
    figure('metrics kept', `${mostBytes} bytes may be, ${most} bytes of pages were at most`)
    figure('metrics written', `${subjects} subjects: ${(written / writes).toFixed(1)} ms a minute`)
    // The bound was reached, so that it was it that held.
    expect(most).toBeGreaterThan(mostBytes / 3)
    expect(most).toBeLessThanOrEqual(mostBytes * 1.25)
    const newest = Math.floor((at - 15_000) / 15_000)
    expect((await metricsStore.at(0, [newest])).length).toBe(subjects)
  },
  limit,
)

test('a clock that is ten years ahead for an hour takes no more than some hours of the past away', async () => {
  const metricsStore = new MetricsStore(await opened())
  const rollups = new Rollups(metricsStore, () => now)
  for (let days = 0; days < 300; days++) {
    const into = rollups.at(1, now - days * 24 * hour)
    if (into !== null) aggregateIn(into, 3)?.add(1)
  }
  await rollups.write()
  // Once every ten minutes.
  for (let pass = 0; pass < 6; pass++) await forgetOldest(metricsStore, now + 10 * 365 * 24 * hour, 1e9)
  let left = 0
  await rollups.read(1, 3, now - 301 * 24 * hour, now + hour, () => void left++)
  expect(left).toBeGreaterThanOrEqual(294)
})
