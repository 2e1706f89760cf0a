import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { messageOf, systemCode } from '#base/failure.ts'
import { LogSearcher } from '../../daemon/logs/search/log-search.ts'
import type { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { faultsOf, keepAll, lineOf, linesAtOnce, openNumbered } from '../support/log-store.ts'
import { figure, full, scale } from '../support/scale.ts'
import { withFolder } from '../support/trail.ts'
import { RecordBatch } from '../../daemon/logs/segments/record-batch.ts'

/** Only root can mount a small file system. */
const asRoot = process.getuid?.() === 0 || process.env['CI'] === 'true'
const none = { missing: 0, double: 0, reordered: 0, other: 0 }
const never = new AbortController().signal

/** Runs with a file system of so many bytes. */
async function withDisk(bytes: number, use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (home) => {
    const disk = join(home, 'disk')
    mkdirSync(disk)
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk]).status).toBe(0)
    try {
      await use(disk)
    } finally {
      spawnSync('umount', [disk])
    }
  })
}

/** Takes all room of a file system but so much. */
function leave(disk: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
}

/** Writes the next lines, or says why it cannot. */
function write(store: LogStore): string | null {
  const from = store.next
  const records = Array.from({ length: linesAtOnce }, (_, index) => lineOf(from + index))
  try {
    store.append('shop', 'output', RecordBatch.of(records), { from: from + linesAtOnce })
    return null
  } catch (error) {
    return systemCode(error) ?? messageOf(error)
  }
}

/** What is not as it is when there is room, as far as it can be seen. */
function stagesOf(store: LogStore, folder: string, refused: string | null): readonly string[] {
  const names = readdirSync(join(folder, 'shop'))
  const of = (ending: string): readonly string[] =>
    names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, 16))
  const stages = refused === null ? [] : ['append']
  if (store.problemOf('shop')?.includes('begun') === true) stages.push('begin')
  if (store.problemOf('shop')?.includes('anew') === true)
    stages.push(of('.open').length > 1 ? 'close' : 'compress')
  if ([...of('.seg'), ...of('.packed')].some((name) => !of('.idx').includes(name))) stages.push('index')
  return stages
}

test.runIf(asRoot)(
  'a disk that is full while logs are kept, closed, indexed or compressed loses and doubles nothing, and is said (R4)',
  async () => {
    const seen = new Map<string, number>()
    const rounds = scale(14, 140)
    await withDisk(24_000_000, async (disk) => {
      for (let round = 0; round < rounds; round++) {
        const folder = join(disk, 'logs')
        const store = openNumbered(folder)
        // Up to shortly before the second segment is full.
        while (store.next <= 4500) expect(write(store)).toBeNull()
        leave(disk, (round * 6_000_000) / rounds)
        let refused: string | null = null
        for (let batch = 0; batch < 14 && refused === null; batch++) refused = write(store)
        // What is compressed takes so little that there may be room for it.
        rmSync(join(disk, 'ballast'))
        leave(disk, (round % 5) * 16_384)
        if (round % 5 === 0) keepAll(store, Date.UTC(2101, 0, 1))
        else keepAll(store)
        if (refused !== null) expect(refused).toBe('ENOSPC')
        const stages = stagesOf(store, folder, refused)
        for (const stage of stages) seen.set(stage, (seen.get(stage) ?? 0) + 1)
        // What cannot be done is said, but of an index, without which nothing is wrong.
        const said = stages.some((stage) => ['begin', 'close', 'compress'].includes(stage))
        expect(store.problemOf('shop') !== null).toBe(said)
        if (said) expect(store.problemOf('shop')).toMatch(/ENOSPC|no space left/)
        const kept = store.next - 1
        expect(faultsOf(store, kept)).toEqual(none)
        const searcher = new LogSearcher(store, () => ({}), Date.now)
        const counted = await searcher.histogram({ query: 'line' }, 1, never)
        expect(counted.total).toBe(kept)
        // There is room again: it goes on by itself.
        rmSync(join(disk, 'ballast'))
        for (let second = 0; second < 30; second++) store.sync()
        while (store.next <= 9000) expect(write(store)).toBeNull()
        keepAll(store)
        expect(store.problemOf('shop')).toBeNull()
        expect(faultsOf(store, 9000)).toEqual(none)
        store.dispose()
        const again = openNumbered(folder)
        expect(faultsOf(again, 9000)).toEqual(none)
        expect(again.damagedOf('shop')).toBe(0)
        again.dispose()
        rmSync(folder, { recursive: true })
      }
    })
    figure(
      'R4',
      `logs: ${rounds} full disks: ${[...seen].map(([stage, times]) => `${times} at ${stage}`).join(', ')}: 0 lines lost or double`,
    )
    const stages = full
      ? ['append', 'begin', 'close', 'compress', 'index']
      : ['append', 'close', 'compress', 'index']
    expect([...seen.keys()]).toEqual(expect.arrayContaining(stages))
  },
  full ? 1_200_000 : 60_000,
)
