import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { LogFilter } from '#contract/logs.ts'
import { record, temporaryFolder } from './logs.fixture.ts'
import { ScanThreads } from './scan-threads.ts'
import { LogSearcher } from './search/log-search.ts'
import { LogStore } from './segments/log-store.ts'
import type { SegmentOutcome, SegmentTask } from './segments/segment-work.ts'
import { TaskThread } from './task-thread.ts'
import { RecordBatch } from './segments/record-batch.ts'

const program = path.resolve(import.meta.dirname, '../main.ts')
const never = new AbortController().signal
const lines = 24_000
const sizes = { segmentBytes: 6_000_000, hotSegments: 1 }
/** So late that nothing is closed or removed for its age. */
const begin = Date.UTC(2100, 0, 1)
const filling = 'x.y-z '.repeat(120)

/** Numbered lines of which each has a code, as many as make several segments. */
function fill(store: LogStore): void {
  for (let from = 0; from < lines; from += 150) {
    const records = Array.from({ length: 150 }, (_, index) =>
      record(`line ${from + index} code${(from + index) * 7919} ${filling}`, { time: begin + from + index }),
    )
    store.append('shop', 'output', RecordBatch.of(records), { from: from + 150 })
  }
}

async function settled(folder: string): Promise<void> {
  while (globSync('shop/*.{open,new}', { cwd: folder }).length > 1) await wait(10)
}

async function found(searcher: LogSearcher, filter: LogFilter): Promise<readonly string[]> {
  const ids: string[] = []
  let before: string | undefined
  do {
    const page = await searcher.search({ ...filter, before, limit: 500 }, never)
    ids.push(...page.lines.toReversed().map(({ id }) => id))
    before = page.older ?? undefined
  } while (before !== undefined)
  return ids
}

describe('segments that are closed in a thread of its own', () => {
  test('are searched meanwhile as they were, and by who began before as they are then', async () => {
    using temporary = temporaryFolder()
    const { folder } = temporary
    await using work = disposing(new TaskThread<SegmentTask, SegmentOutcome>(program))
    const store = new LogStore(folder, { work: work.value, sizes })
    fill(store)
    // Nothing has waited for the thread.
    expect(globSync('shop/*.seg', { cwd: folder })).toEqual([])
    const searcher = new LogSearcher(store, () => ({}), Date.now)
    const before = [...store.blocks(['shop'])]
    expect((await searcher.histogram({ query: 'line' }, 1, never)).total).toBe(lines)
    await settled(folder)
    expect(globSync('shop/*.seg', { cwd: folder }).length).toBeGreaterThan(2)
    const numbers = before.flatMap(({ segment, facts }) => {
      const bytes = segment.read(facts, (length) => Buffer.allocUnsafeSlow(length))
      return [...(bytes?.toString('latin1').matchAll(/line (\d+) /g) ?? [])].map(([, number]) =>
        Number(number),
      )
    })
    expect(numbers).toEqual(Array.from({ length: lines }, (_, number) => number))
    expect(await found(searcher, { query: `code${7919 * 4321}` })).toEqual(['shop/4322'])
    store.dispose()
  })

  test('are closed later when the thread has ended, which is said', async () => {
    using temporary = temporaryFolder()
    const { folder } = temporary
    const nothing = path.join(folder, 'nothing.mjs')
    writeFileSync(nothing, 'process.exit(3)')
    await using broken = disposing(new TaskThread<SegmentTask, SegmentOutcome>(nothing))
    const store = new LogStore(folder, { work: broken.value, sizes })
    fill(store)
    while (store.problemOf('shop') === null) await wait(10)
    expect(store.problemOf('shop')).toMatch(/cannot be written anew: the thread .* has ended/)
    writeFileSync(nothing, `process.argv[2] = 'log-work'; await import(${JSON.stringify(program)})`)
    for (let second = 0; second < 10; second++) store.sync()
    await settled(folder)
    expect(store.problemOf('shop')).toBeNull()
    store.dispose()
  })
})

describe('a search in several threads', () => {
  test('finds and counts what one thread does, of segments of every kind, damaged ones too', async () => {
    using temporary = temporaryFolder()
    const { folder } = temporary
    const made = new LogStore(folder, { sizes })
    fill(made)
    made.keep({ perApp: { days: 1e6, bytes: 1e12 }, bytes: 1e12 }, Date.now() + 1e8)
    made.dispose()
    const [closed = ''] = globSync('shop/*.seg', { cwd: folder }).map((name) => path.join(folder, name))
    const bytes = readFileSync(closed)
    bytes.fill(0, 300_000, 300_100)
    writeFileSync(closed, bytes)
    await using scans = disposing(new ScanThreads(program))
    const [one, other] = [new LogStore(folder, { sizes }), new LogStore(folder, { sizes })]
    const alone = new LogSearcher(
      one,
      () => ({}),
      () => begin,
    )
    const together = new LogSearcher(
      other,
      () => ({}),
      () => begin,
      scans.value,
    )
    for (const query of ['code', '1 code', '/e[ ]1\\d*7 /', '77', 'x.y-z line', 'nowhere', '-7']) {
      const counted = await alone.histogram({ query }, 20, never)
      expect(await together.histogram({ query }, 20, never)).toEqual(counted)
      expect(await found(together, { query })).toEqual(await found(alone, { query }))
    }
    expect(other.damagedOf('shop')).toBe(one.damagedOf('shop'))
    expect(one.damagedOf('shop')).toBeGreaterThan(0)
    one.dispose()
    other.dispose()
  })
})

const disposing = <T extends { dispose(): Promise<void> }>(value: T) => ({
  value,
  [Symbol.asyncDispose]: () => value.dispose(),
})
