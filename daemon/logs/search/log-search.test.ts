import { describe, expect, test } from 'vitest'
import type { LogFilter, LogLine } from '#contract/logs.ts'
import { anyRecord, numbers, record, temporaryFolder } from '../logs.fixture.ts'
import type { KeptRecord } from '../segments/frame.ts'
import { LogStore } from '../segments/log-store.ts'
import { RecordBatch } from '../segments/record-batch.ts'
import { LogSearcher } from './log-search.ts'
import { fieldsOf, isWanted } from './plain-scan.fixture.ts'

const never = new AbortController().signal
/** Three apps whose records lie across one another in time, some of them in closed segments. */
function scene(folder: string, seed: number) {
  const store = new LogStore(folder)
  const next = numbers(seed)
  const kept: (KeptRecord & { app: string })[] = []
  for (let batch = 0; batch < 400; batch++) {
    const app = ['shop', 'api/v2', 'db'][next(3)] ?? ''
    const records = Array.from({ length: 1 + next(120) }, () => anyRecord(next, batch * 700))
    const from = store.next
    store.append(app, 'output', RecordBatch.of(records), {})
    records.forEach((one, index) => kept.push({ ...one, app, sequence: from + index }))
    if (batch === 200) store.keep({ perApp: { days: 1e6, bytes: 1e12 }, bytes: 1e12 }, Date.UTC(2026, 3, 1))
  }
  const searcher = new LogSearcher(store, fieldsOf, () => Date.UTC(2026, 0, 2))
  return { store, kept, searcher, next }
}

const queries = [
  '',
  'ledger',
  'MISMATCH',
  '"GET /cart"',
  'größe',
  'ärger',
  '日本',
  'k',
  'user:7',
  '-order',
  '/[0-9]{4}/',
  '/Ledger m.sm/',
  '-/\\d$/ ok',
  'level:error',
  '-level:info x',
  '42',
  'ok -timeout GET',
  '/(a|b)/',
  'absent',
]

function anyFilter(next: (below: number) => number): LogFilter {
  const maybe = <T>(value: T): T | undefined => (next(3) === 0 ? value : undefined)
  const begin = Date.UTC(2026, 0, 1) + next(280_000)
  return {
    apps: maybe([['shop', 'api/v2', 'db', 'none'][next(4)] ?? '']),
    sources: maybe([['output', 'db'][next(2)] ?? '']),
    levels: maybe([(['error', 'info', 'none'] as const)[next(3)] ?? 'none']),
    kinds: maybe([(['access', 'database'] as const)[next(2)] ?? 'access']),
    query: queries[next(queries.length)],
    since: maybe(new Date(begin).toISOString()),
    until: maybe(new Date(begin + next(100_000)).toISOString()),
  }
}

const idOf = ({ app, sequence }: { app: string; sequence: number }): string => `${app}/${sequence}`
const inTime = (a: KeptRecord, b: KeptRecord): number => a.time - b.time || a.sequence - b.sequence

describe('a search', () => {
  test('finds what reading everything finds, in order, page by page, and counts it', async () => {
    using temporary = temporaryFolder()
    const { store, kept, searcher, next } = scene(temporary.folder, 5)
    for (let round = 0; round < 40; round++) {
      const filter = anyFilter(next)
      const expected = kept
        .filter((one) => isWanted(filter, one))
        .toSorted(inTime)
        .map(idOf)
      const limit = 1 + next(1000)
      const found: LogLine[] = []
      let before: string | undefined
      do {
        const page = await searcher.search({ ...filter, before, limit }, never)
        expect(page.lines.length).toBeLessThanOrEqual(limit)
        found.unshift(...page.lines)
        before = page.older ?? undefined
      } while (before !== undefined)
      expect(found.map(({ id }) => id)).toEqual(expected)
      const counted = await searcher.histogram(filter, 1 + next(100), never)
      expect(counted.total).toBe(expected.length)
    }
    store.dispose()
  })

  test('goes on with what has arrived since, whatever time it says', async () => {
    using temporary = temporaryFolder()
    const { store, searcher } = scene(temporary.folder, 6)
    const { newer } = await searcher.search({ limit: 10 }, never)
    expect((await searcher.search({ after: newer, limit: 10 }, never)).lines).toEqual([])
    store.append(
      'shop',
      'output',
      RecordBatch.of([record('late', { time: 5 }), record('on time', { time: 6 })]),
      {},
    )
    store.append('db', 'output', RecordBatch.of([record('else', { time: 4 })]), {})
    const page = await searcher.search({ after: newer, limit: 2 }, never)
    expect(page.lines.map(({ text }) => text)).toEqual(['late', 'on time'])
    const rest = await searcher.search({ after: page.newer, limit: 2 }, never)
    expect(rest.lines.map(({ text }) => text)).toEqual(['else'])
    expect((await searcher.search({ after: rest.newer, limit: 2 }, never)).lines).toEqual([])
    store.dispose()
  })

  test('comes back from an old page to the newest, without a gap', async () => {
    using temporary = temporaryFolder()
    const { store, searcher, kept } = scene(temporary.folder, 7)
    let page = await searcher.search({ limit: 1000 }, never)
    for (let back = 0; back < 6; back++)
      page = await searcher.search({ before: page.older ?? '', limit: 1000 }, never)
    const seen = page.lines.map(({ id }) => id)
    for (let after = page.newer; ;) {
      const on = await searcher.search({ after, limit: 700 }, never)
      if (on.lines.length === 0) break
      seen.push(...on.lines.map(({ id }) => id))
      after = on.newer
    }
    const all = kept.toSorted(inTime).map(idOf)
    expect(seen).toEqual(all.slice(all.indexOf(seen[0] ?? '')))
    store.dispose()
  })

  test('answers no more at once than one message carries, and goes on from there', async () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const searcher = new LogSearcher(store, fieldsOf, Date.now)
    const long = '\u0001'.repeat(250 * 1024)
    const records = Array.from({ length: 40 }, (_, index) => record(`${index} ${long}`, { time: index }))
    store.append('shop', 'output', RecordBatch.of(records), {})
    const pages: (readonly LogLine[])[] = []
    let [before, after]: [string | undefined, string] = [undefined, 'n0.0']
    do {
      const page = await searcher.search({ before, limit: 1000 }, never)
      pages.unshift(page.lines)
      before = page.older ?? undefined
    } while (before !== undefined)
    const numbersOf = (lines: readonly LogLine[]) => lines.map(({ text }) => Number.parseInt(text, 10))
    expect(pages.flatMap(numbersOf)).toEqual(records.map((_, index) => index))
    for (let seen = 0; seen < 40;) {
      const page = await searcher.search({ after, limit: 1000 }, never)
      expect(numbersOf(page.lines)[0]).toBe(seen)
      seen += page.lines.length
      after = page.newer
      pages.push(page.lines)
    }
    // The largest answer that a connection carries is a third of 64 MiB.
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(21 * 1024 * 1024)
    store.dispose()
  })

  test('shows what stands around a record, and everything of one', async () => {
    using temporary = temporaryFolder()
    const { store, searcher } = scene(temporary.folder, 8)
    const from = store.next
    for (let line = 0; line < 30; line++)
      store.append('shop', 'output', RecordBatch.of([record(`line ${line} user=${line}`)]), {})
    const around = await searcher.around(`shop/${from + 10}`, 3, 2)
    expect(around.map(({ text }) => text)).toEqual(
      [7, 8, 9, 10, 11, 12].map((line) => `line ${line} user=${line}`),
    )
    expect(await searcher.around(`shop/${from + 29}`, 0, 0)).toHaveLength(1)
    expect(await searcher.show(`shop/${from + 10}`)).toMatchObject({
      format: 'plain',
      fields: { user: '10' },
    })
    await expect(searcher.show('shop/99999999')).rejects.toMatchObject({ code: 'not-found' })
    await expect(searcher.show(`db/${from + 10}`)).rejects.toMatchObject({ code: 'not-found' })
    await expect(searcher.show('nothing')).rejects.toMatchObject({ code: 'invalid-params' })
    store.dispose()
  })

  test.each([
    ['"open', /expected a " that ends the phrase, at character 1/],
    ['/a(/', /missing closing \)/],
    ['level:loud', /expected one of trace, debug/],
    ['status>=many', /expected a number after status>=/],
    ['kind:odd', /expected kind: and one of application/],
  ])('of %s is refused, with what is wrong', async (query, message) => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const searcher = new LogSearcher(store, fieldsOf, Date.now)
    await expect(searcher.search({ query, limit: 1 }, never)).rejects.toMatchObject({
      code: 'log-query-invalid',
      message: expect.stringMatching(message),
    })
    store.dispose()
  })

  test('with a cursor of the wrong kind is refused', async () => {
    using temporary = temporaryFolder()
    const store = new LogStore(temporary.folder)
    const searcher = new LogSearcher(store, fieldsOf, Date.now)
    const { newer } = await searcher.search({ limit: 1 }, never)
    for (const search of [{ before: newer }, { after: 'b1.2' }, { after: '' }, { before: 'b1.2; drop' }])
      await expect(searcher.search({ ...search, limit: 1 }, never)).rejects.toMatchObject({
        code: 'invalid-params',
      })
    store.dispose()
  })

  test('that is cancelled ends', async () => {
    using temporary = temporaryFolder()
    const { store, searcher } = scene(temporary.folder, 9)
    const abort = new AbortController()
    abort.abort()
    await expect(
      Promise.all(
        Array.from({ length: 50 }, () =>
          searcher.search({ query: '/(x+x+)+y$/', limit: 1000 }, abort.signal),
        ),
      ),
    ).rejects.toMatchObject({ code: 'cancelled' })
    store.dispose()
  })
})
