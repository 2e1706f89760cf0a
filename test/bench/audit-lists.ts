import Sqlite from 'better-sqlite3'
import type { AuditFilter } from '#contract/audit.ts'
import type { AuditService } from '../../daemon/capabilities/audit/audit-service.ts'
import { Random } from '../support/random.ts'
import { percentile, type BenchRow } from './bench.ts'

const pageSize = 50
const warmPages = 200
const pages = 1000
/** Both read the same rows; ours also looks for what a name may mean, parses, and checks who may see what. */
const overDriver = 4

/** A list as a person filters it, and the same rows as the driver alone finds them. */
interface List {
  readonly which: string
  readonly filter: AuditFilter
  readonly where: string
  /** Where the driver finds the intents' sequences in order. */
  readonly by: 'i.sequence' | 'o.intent'
}

const list = (which: string, filter: AuditFilter, where: string, by: List['by'] = 'i.sequence'): List => ({
  which,
  filter,
  where,
  by,
})

const everything = list('', {}, "i.kind = 'intent'")
const all: readonly List[] = [
  everything,
  list(' of one actor', { actor: 'u-3' }, "i.actor_id = 'u-3'"),
  list(' of one project', { project: 'app-3' }, "i.project = 'app-3'"),
  list(' of one outcome', { outcome: 'refused' }, "o.outcome = 'refused'", 'o.intent'),
  list(' of one resource', { resource: 'name-7' }, "i.resource_name = 'name-7'"),
]

/** All there are, but found by time: the driver is told the sequence that the halving finds. */
const hour = () => new Date(Date.now() - 3_600_000).toISOString()

/** Reads a page below a sequence, by the driver alone. @returns the last sequence in it. */
function driverPage(sqlite: Sqlite.Database, { where, by }: List): (below: number) => number | undefined {
  const from =
    by === 'i.sequence'
      ? 'audit_records i left join audit_records o on o.intent = i.sequence'
      : 'audit_records o join audit_records i on i.sequence = o.intent'
  const statement = sqlite.prepare<[number], { sequence: number }>(
    `select i.*, o.outcome, o.error_code, o.duration_ms, o.details as after from ${from}
      where ${where} and ${by} < ? order by ${by} desc limit ${pageSize}`,
  )
  return (below) => statement.all(below).at(-1)?.sequence
}

/** Two readers in turn, each at places of its own, so that neither finds what the other has just brought into memory. */
async function inTurn(ours: () => Promise<unknown>, driver: () => unknown) {
  const times = { ours: [] as number[], driver: [] as number[] }
  for (let page = 0; page < warmPages + pages; page++) {
    const started = performance.now()
    await ours()
    const between = performance.now()
    driver()
    if (page < warmPages) continue
    times.ours.push(between - started)
    times.driver.push(performance.now() - between)
  }
  return { ours: percentile(times.ours, 99), driver: percentile(times.driver, 99) }
}

/** How long a page of the trail takes, against a fixed limit and against the driver alone on the same file. */
export async function lists(audit: AuditService, file: string, rows: number): Promise<readonly BenchRow[]> {
  const sqlite = new Sqlite(file, { readonly: true })
  sqlite.pragma('cache_size = -8000')
  const random = new Random(1)
  const somewhere = () => random.int(rows / 10, rows)
  const rowsOf = (what: string, took: { readonly ours: number; readonly driver: number }): BenchRow[] => {
    const row = {
      what: `${what} of ${rows} records, p99`,
      unit: 'ms',
      ours: took.ours,
      ratio: 'ours-over-peer',
    } as const
    return [
      { ...row, peer: { name: 'limit', value: 1 }, goal: 1 },
      { ...row, peer: { name: 'the driver alone', value: took.driver }, goal: overDriver },
    ]
  }
  const results: BenchRow[] = []
  const unfiltered = driverPage(sqlite, everything)
  const since = () => audit.list({ limit: pageSize, since: hour() })
  results.push(...rowsOf('50 since an hour ago', await inTurn(since, () => unfiltered(rows + 1))))
  for (const one of all) {
    const { which, filter } = one
    const read = driverPage(sqlite, one)
    const newest = rows + 1
    const ourPage = (below: number) =>
      audit.list({ ...filter, limit: pageSize, ...(below === newest ? {} : { cursor: String(below) }) })
    results.push(
      ...rowsOf(
        `the last 50${which}`,
        await inTurn(
          () => ourPage(newest),
          () => read(newest),
        ),
      ),
    )
    let below = newest
    const back = await inTurn(
      async () => (below = Number((await ourPage(below)).next)),
      () => (below = read(below) ?? newest),
    )
    results.push(...rowsOf(`50${which}, page after page back from the newest,`, back))
    results.push(
      ...rowsOf(
        `50${which} from anywhere`,
        await inTurn(
          () => ourPage(somewhere()),
          () => read(somewhere()),
        ),
      ),
    )
  }
  sqlite.close()
  return results
}
