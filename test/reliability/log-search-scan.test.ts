import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogFilter, LogPage } from '#contract/logs.ts'
import { logKinds, logLevels } from '#contract/log-words.ts'
import { LogSearcher } from '../../daemon/logs/search/log-search.ts'
import { fieldsOf, isWanted } from '../../daemon/logs/search/plain-scan.fixture.ts'
import type { KeptRecord } from '../../daemon/logs/segments/frame.ts'
import { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { RecordBatch, type NewRecord } from '../../daemon/logs/segments/record-batch.ts'
import { keepAll } from '../support/log-store.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { withFolder } from '../support/trail.ts'

type Kept = KeptRecord & { app: string }

const never = new AbortController().signal
const apps = ['shop', 'shop', 'shop', 'api/v2', 'db']
const words = [
  'order',
  'Ledger',
  'MISMATCH',
  'cart',
  'größe',
  'ÄRGER',
  '日本',
  'timeout',
  'kelvin',
  '\u212aelvin',
  'ok',
  'x',
]
const begin = Date.UTC(2026, 0, 1)
const hex = (random: Random, digits: number): string =>
  random.int(0, 0xfffffff).toString(16).padStart(8, '0').slice(0, digits)

/** Mostly pairs, some of them JSON with escapes, several lines, or no text at all. */
function textOf(random: Random): Buffer {
  const said = Array.from({ length: random.int(1, 9) }, () => random.pick(words)).join(' ')
  const [user, status] = [random.int(1, 400), 200 + random.int(0, 4) * 100]
  const kind = random.int(0, 19)
  if (kind === 0)
    return Buffer.concat([
      Buffer.from(said),
      random.bytes(12).map((byte) => (byte === 10 || byte === 13 ? 0 : byte)),
    ])
  if (kind === 1) return Buffer.from(`${said} status=${status}\n  at ${hex(random, 8)}\n  at ${said}`)
  if (kind > 8)
    return Buffer.from(
      `${said} user=${user} status=${status} id=${hex(random, 8)}-${hex(random, 4)}-${'-'.repeat(random.int(0, 200))}`,
    )
  const json = JSON.stringify({
    user,
    status,
    id: hex(random, 8),
    msg: said,
    pad: '.'.repeat(random.int(0, 300)),
  })
  // A digit may be written as an escape.
  const escaped = json.replace(/"status":(\d)(\d\d)/, String.raw`"status":"\u003$1$2"`)
  return Buffer.from(kind === 2 ? escaped : json)
}

function anyRecord(random: Random, batch: number): NewRecord {
  const bytes = textOf(random)
  return {
    time: begin + batch * 700 + random.int(0, 5000),
    timeFrom: 'line',
    level: random.pick([...logLevels, null]),
    kind: random.pick(logKinds),
    source: random.pick(['output', 'logs/a.log', 'db']),
    format: /^[^{].* id=\S+$/.test(bytes.toString()) ? 'logfmt' : 'plain',
    messageAt: 0,
    bytes,
  }
}

/** Apps of which one has segments of every kind: compressed, closed and growing. */
function written(
  folder: string,
  random: Random,
): { readonly store: LogStore; readonly kept: readonly Kept[] } {
  const store = new LogStore(folder, { sizes: { segmentBytes: 3_000_000, hotSegments: 1 } })
  const kept: Kept[] = []
  for (let batch = 0; batch < 800; batch++) {
    const app = random.pick(apps)
    const records = Array.from({ length: random.int(1, 120) }, () => anyRecord(random, batch))
    const from = store.next
    store.append(app, 'output', RecordBatch.of(records), {})
    records.forEach((one, index) => kept.push({ ...one, app, sequence: from + index }))
    if (batch === 700) keepAll(store)
  }
  return { store, kept }
}

const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
const anyCase = (random: Random, text: string): string =>
  random.int(0, 1) === 0 ? text : random.int(0, 1) === 0 ? text.toUpperCase() : text.toLowerCase()

/** A piece of a line that is there, so that something is found. */
function pieceOf(random: Random, kept: readonly Kept[], most: number): string {
  for (;;) {
    const text = random.pick(kept).bytes.toString()
    const at = random.int(0, text.length)
    const piece = text.slice(at, at + random.int(1, most))
    if (/^[ -~äöüßÄ日本]+$/.test(piece) && piece.trim() !== '') return piece
  }
}

function anyTerm(random: Random, kept: readonly Kept[]): string {
  const not = random.int(0, 4) === 0 ? '-' : ''
  const kind = random.int(0, 9)
  if (kind <= 2) return `${not}${quoted(anyCase(random, pieceOf(random, kept, 24)))}`
  if (kind === 3) return `${not}${anyCase(random, random.pick(words))}`
  if (kind === 4)
    return `${not}/${pieceOf(random, kept, 12)
      .replaceAll(/[^\w ]/g, '.')
      .replaceAll(/\d/g, '[0-9]')}/`
  if (kind === 5)
    return `${not}/(?i)${random.pick(['l.dger', 'order (cart|ok)', '[a-f]{4}-', 'status=[45]', 'x$'])}/`
  if (kind === 6)
    return `${not}${random.pick(['user', 'status'])}:${random.pick([200, 404, 300, random.int(1, 400)])}`
  if (kind === 7) return `${not}status>=${random.pick([300, 400, 500])}`
  if (kind === 8) return `${not}level${random.pick([':', '>='])}${random.pick(logLevels)}`
  return random.pick([`${not}source:db`, `${not}kind:access`, `${not}app:shop`, `${not}id~${hex(random, 3)}`])
}

function anyFilter(random: Random, kept: readonly Kept[]): LogFilter {
  const maybe = <T>(value: T): T | undefined => (random.int(0, 3) === 0 ? value : undefined)
  const since = begin + random.int(0, 560_000)
  return {
    apps: maybe([random.pick(['shop', 'api/v2', 'db', 'none'])]),
    sources: maybe([random.pick(['output', 'db'])]),
    levels: maybe([random.pick(['error', 'info', 'none'] as const)]),
    kinds: maybe([random.pick(logKinds)]),
    query: Array.from({ length: random.int(0, 3) }, () => anyTerm(random, kept)).join(' '),
    since: maybe(new Date(since).toISOString()),
    until: maybe(new Date(since + random.int(0, 200_000)).toISOString()),
  }
}

const idOf = ({ app, sequence }: { readonly app: string; readonly sequence: number }): string =>
  `${app}/${sequence}`
const idsOf = (page: LogPage): readonly string[] => page.lines.map(({ id }) => id)

/** All pages from the newest back, then some of them on again. */
async function paged(searcher: LogSearcher, filter: LogFilter, limit: number) {
  const back: string[] = []
  let page = await searcher.search({ ...filter, limit }, never)
  back.unshift(...idsOf(page))
  while (page.older !== null) {
    page = await searcher.search({ ...filter, before: page.older, limit }, never)
    back.unshift(...idsOf(page))
  }
  const on = [...idsOf(page)]
  for (let after = page.newer; ;) {
    const next = await searcher.search({ ...filter, after, limit }, never)
    if (next.lines.length === 0 && next.newer === after) break
    on.push(...idsOf(next))
    if (next.newer.startsWith('n')) break
    after = next.newer
  }
  return { back, on }
}

test(
  'whatever is asked for, a search finds what reading everything finds, back and on',
  () =>
    withFolder(async (folder) => {
      const random = new Random(41)
      const { store, kept } = written(folder, random)
      const endings = new Set(readdirSync(join(folder, 'shop')).map((name) => name.slice(16)))
      expect([...endings].toSorted()).toEqual(['.open', '.packed', '.seg', '.seg.idx'])
      const sorted = kept.toSorted((a, b) => a.time - b.time || a.sequence - b.sequence)
      const searcher = new LogSearcher(store, fieldsOf, () => begin + 1e7)
      const queries = scale(25, 1000)
      const different: unknown[] = []
      let found = 0
      for (let query = 0; query < queries; query++) {
        const filter = anyFilter(random, kept)
        const expected = sorted.filter((one) => isWanted(filter, one)).map(idOf)
        found += expected.length
        const limit = random.int(Math.ceil(expected.length / 20) + 1, 1000)
        const { back, on } = await paged(searcher, filter, limit)
        const { total } = await searcher.histogram(filter, random.int(1, 100), never)
        const isSame = JSON.stringify(back) === JSON.stringify(expected) && total === expected.length
        const isOn = JSON.stringify(on) === JSON.stringify(expected.slice(expected.length - on.length))
        if (!isSame || !isOn)
          different.push({
            filter,
            limit,
            expected: expected.length,
            back: back.length,
            on: on.length,
            total,
            isSame,
            isOn,
          })
      }
      store.dispose()
      figure(
        'logs',
        `${queries} random queries over ${kept.length} records, ${found} found: ${different.length} other than a plain scan`,
      )
      expect(different).toEqual([])
      expect(found).toBeGreaterThan(queries)
    }),
  full ? 3_600_000 : 120_000,
)
