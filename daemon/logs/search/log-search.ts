import { Failure } from '#base/failure.ts'
import type { LogDetail, LogFilter, LogHistogram, LogLine, LogPage } from '#contract/logs.ts'
import type { LogSearch } from '../log-engine.ts'
import type { LogStore } from '../segments/log-store.ts'
import { collect, type Collected, type Hit } from './collect.ts'
import { histogram } from './histogram.ts'
import { Matcher, type FieldsOf } from './matcher.ts'
import {
  arrivedFirst,
  arrivedLast,
  following,
  newestFirst,
  oldestFirst,
  type Order,
  type Rank,
} from './order.ts'
import type { Scans } from './scan-work.ts'

/** After about so long a page is answered, whatever was found. */
const budgetMs = 400

/** Finds what a store holds. */
export class LogSearcher {
  readonly #store: LogStore
  readonly #fieldsOf: FieldsOf
  readonly #now: () => number
  readonly #scans: Scans | null

  /** @param scans - who helps where there is much to look through; null: nobody. */
  constructor(store: LogStore, fieldsOf: FieldsOf, now: () => number, scans: Scans | null = null) {
    this.#scans = scans
    this.#store = store
    this.#fieldsOf = fieldsOf
    this.#now = now
  }

  /** @throws Failure `log-query-invalid`, `invalid-params` for a cursor that is none, `cancelled`. */
  async search(search: LogSearch, signal: AbortSignal): Promise<LogPage> {
    // What arrives while we look is found by whoever goes on from here.
    const end: Cursor = { order: 'arrived', rank: [this.#store.next, 0] }
    const after = search.after === undefined ? null : cursorOf(search.after, 'after', ['arrived', 'oldest'])
    if (after !== null) return this.#forward(search, after, end, signal)
    const before = search.before === undefined ? null : cursorOf(search.before, 'before', ['newest'])
    const { hits, next } = await this.#collect(
      search,
      newestFirst,
      before?.rank ?? null,
      search.limit,
      signal,
    )
    const newest = hits[0]
    return {
      lines: hits.map(lineOf).reverse(),
      older: next === null ? null : textOf({ order: 'newest', rank: next }),
      newer: textOf(before === null ? end : afterTime(newest, before.rank)),
      searchedTo: next === null ? null : isoOf(-next[0]),
    }
  }

  async #forward(search: LogSearch, after: Cursor, end: Cursor, signal: AbortSignal): Promise<LogPage> {
    const order = after.order === 'arrived' ? arrivedFirst : oldestFirst
    const { hits, next } = await this.#collect(search, order, after.rank, search.limit, signal)
    const lines = hits.toSorted(
      (a, b) => a.record.time - b.record.time || a.record.sequence - b.record.sequence,
    )
    const first = lines[0]?.record
    return {
      lines: lines.map(lineOf),
      older:
        first === undefined ? null : textOf({ order: 'newest', rank: [-first.time, -first.sequence + 1] }),
      newer: textOf(next === null ? end : { order: after.order, rank: next }),
      searchedTo: null,
    }
  }

  /** @throws Failure `not-found`, `invalid-params`. */
  async around(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    const { app, sequence } = placeOf(id)
    const everything = new AbortController().signal
    const filter = { apps: [app] }
    const [back, on] = await Promise.all([
      this.#collect(filter, arrivedLast, [-sequence, 0], before + 1, everything),
      this.#collect(filter, arrivedFirst, [sequence + 1, 0], Math.max(1, after), everything),
    ])
    if (back.hits[0]?.record.sequence !== sequence) throw notKept(id)
    return [...back.hits.toReversed(), ...on.hits.slice(0, after)].map(lineOf)
  }

  /** @throws Failure `not-found`, `invalid-params`. */
  async show(id: string): Promise<LogDetail> {
    const { app, sequence } = placeOf(id)
    const { hits } = await this.#collect(
      { apps: [app] },
      arrivedFirst,
      [sequence, 0],
      1,
      new AbortController().signal,
    )
    const [hit] = hits
    if (hit?.record.sequence !== sequence) throw notKept(id)
    const line = lineOf(hit)
    const { format } = hit.record
    return { ...line, format, fields: this.#fieldsOf(line.text, format) }
  }

  /** @throws Failure `log-query-invalid`, `cancelled`. */
  histogram(filter: LogFilter, buckets: number, signal: AbortSignal): Promise<LogHistogram> {
    const matcher = new Matcher(filter, this.#fieldsOf)
    return histogram(this.#store.segments(filter.apps), matcher, this.#store.scanner, {
      filter,
      buckets,
      now: this.#now(),
      signal,
      scans: this.#scans,
    })
  }

  async #collect(
    filter: LogFilter,
    order: Order,
    from: Rank | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<Collected> {
    const matcher = new Matcher(filter, this.#fieldsOf)
    const collected = await collect(this.#store.segments(filter.apps), matcher, this.#store.scanner, order, {
      from,
      limit,
      budgetMs,
      signal,
      scans: this.#scans,
    })
    return carried(collected)
  }
}

/** Text on either side of a place: as JSON it may be six times as much. */
const mostPageBytes = 1.5 * 1024 * 1024

/** What of it one message can carry, at least one record. */
function carried(collected: Collected): Collected {
  let bytes = 0
  const over = collected.hits.findIndex(({ record }) => (bytes += record.bytes.length) > mostPageBytes)
  const hits = over === -1 ? collected.hits : collected.hits.slice(0, Math.max(1, over))
  const last = hits.at(-1)
  return over === -1 || last === undefined ? collected : { hits, next: following(last.rank) }
}

const isoOf = (time: number): string => new Date(time).toISOString()

function lineOf({ app, record }: Hit): LogLine {
  const { sequence, source, time, timeFrom, level, kind, messageAt, bytes } = record
  const text = bytes.toString('utf8')
  return { id: `${app}/${sequence}`, app, source, time: isoOf(time), timeFrom, level, kind, text, messageAt }
}

/** Where somebody goes on who has seen a page. */
interface Cursor {
  readonly order: keyof typeof letters
  readonly rank: Rank
}

const letters = { newest: 'b', oldest: 'a', arrived: 'n' } as const

const textOf = ({ order, rank }: Cursor): string => `${letters[order]}${rank[0]}.${rank[1]}`

function cursorOf(text: string, name: string, orders: readonly Cursor['order'][]): Cursor {
  const [, letter, first, second] = /^([abn])(-?\d{1,16})\.(-?\d{1,16})$/.exec(text) ?? []
  const order = orders.find((one) => letters[one] === letter)
  if (order === undefined)
    throw new Failure('invalid-params', `${name} must be a cursor that an earlier page of lines has named`)
  return { order, rank: [Number(first), Number(second)] }
}

/** On in time from the newest of a page, or from where it was to begin when it is empty. */
const afterTime = (newest: Hit | undefined, [time, sequence]: Rank): Cursor => ({
  order: 'oldest',
  rank: newest === undefined ? [-time, -sequence] : following([newest.record.time, newest.record.sequence]),
})

const notKept = (id: string): Failure =>
  new Failure('not-found', `There is no record ${id} among the logs that are kept`)

function placeOf(id: string): { readonly app: string; readonly sequence: number } {
  const at = id.lastIndexOf('/')
  const sequence = Number(id.slice(at + 1))
  if (at < 1 || !/^\d{1,16}$/.test(id.slice(at + 1)))
    throw new Failure(
      'invalid-params',
      'id must be that of a record: the name of an app, a slash and a number',
    )
  return { app: id.slice(0, at), sequence }
}
