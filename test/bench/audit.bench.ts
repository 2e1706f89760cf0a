import { hash } from 'node:crypto'
import * as path from 'node:path'
import Sqlite from 'better-sqlite3'
import { systemClock } from '#base/clock.ts'
import { randomId } from '#base/ids.ts'
import { statePaths } from '#base/state-paths.ts'
import { intentDraft } from '../../daemon/capabilities/audit/audit-draft.ts'
import { start } from '../../daemon/capabilities/audit/audit-examine.ts'
import { auditPaths } from '../../daemon/capabilities/audit/audit-files.ts'
import { loadSigner } from '../../daemon/capabilities/audit/audit-key.ts'
import { MerkleTree } from '../../daemon/capabilities/audit/audit-merkle.ts'
import {
  actionColumns,
  canonical,
  recordColumns,
  type AuditRecord,
} from '../../daemon/capabilities/audit/audit-record.ts'
import { AuditService } from '../../daemon/capabilities/audit/audit-service.ts'
import { AuditStore } from '../../daemon/capabilities/audit/audit-store.ts'
import { AuditTail } from '../../daemon/capabilities/audit/audit-tail.ts'
import { openStore } from '../../daemon/store/open.ts'
import { testActor } from '../support/change.ts'
import { verifyHome, withFolder } from '../support/trail.ts'
import { lists } from './audit-lists.ts'
import { median, percentile, type Bench, type BenchRow } from './bench.ts'

/** 1 million unless asked: `QUANTUM_ADMIN_BENCH_ROWS=10000000` takes 6 GB of disk and some minutes. */
const rows = Number(process.env['QUANTUM_ADMIN_BENCH_ROWS'] ?? 1_000_000)
const batch = 1000

const target = (i: number) => ({
  action: i % 3 === 0 ? ('delete' as const) : ('create' as const),
  resource: { type: i % 2 === 0 ? 'lease' : 'container', id: `r-${i % 97}`, name: `name-${i % 47}` },
  project: `app-${i % 11}`,
  details: { kind: 'web', port: 3000 + (i % 100), new: { state: 'free' } },
})
const actor = (i: number) => ({ ...testActor, id: `u-${i % 7}`, name: `user-${i % 7}` })

const timed = async (run: () => unknown): Promise<number> => {
  const started = performance.now()
  await run()
  return performance.now() - started
}

const openAudit = async (home: string) => {
  const paths = statePaths(home)
  const store = await openStore({ file: paths.store })
  const audit = await AuditService.open({
    store,
    folder: paths.audit,
    clock: systemClock,
    newId: randomId,
    log: console.error,
    verifyCommand: [],
  })
  return {
    audit,
    store,
    close: async () => {
      await audit.dispose()
      await store.dispose()
    },
  }
}

const withAudit = async <T>(home: string, use: (audit: AuditService) => Promise<T>): Promise<T> => {
  const { audit, close } = await openAudit(home)
  try {
    return await use(audit)
  } finally {
    await close()
  }
}

/** An equal database that nothing but the driver writes to. */
async function openRaw(folder: string) {
  const file = path.join(folder, 'raw.sqlite')
  await (await openStore({ file })).dispose()
  const sqlite = new Sqlite(file)
  sqlite.pragma('journal_mode = WAL')
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('cache_size = -8000')
  const into = { intent: insertInto(sqlite, intentColumns), outcome: insertInto(sqlite, outcomeColumns) }
  const run = ({ kind, values }: RawRow) => into[kind].run(...values)
  const all = sqlite.transaction((records: readonly RawRow[]) => records.forEach(run))
  return {
    run,
    all: (records: readonly RawRow[]) => all.immediate(records),
    close: () => sqlite.close(),
  }
}

// As ours does, they name only what such a record holds: each of the others would be one more value to bind.
const notOfIntents = new Set<string>(['intent', 'outcome', 'error_code', 'duration_ms'])
const intentColumns = recordColumns.filter((column) => !notOfIntents.has(column))
const notOfOutcomes = new Set<string>(['id', ...actionColumns.filter((column) => column !== 'details')])
const outcomeColumns = recordColumns.filter((column) => !notOfOutcomes.has(column))

const insertInto = (sqlite: Sqlite.Database, columns: readonly string[]): Sqlite.Statement =>
  sqlite.prepare(`insert into audit_records (${columns.join()}) values (${columns.map(() => '?').join()})`)

interface RawRow {
  readonly kind: AuditRecord['kind']
  readonly values: readonly unknown[]
}

const rawRow = (record: AuditRecord): RawRow => ({
  kind: record.kind,
  values: (record.kind === 'intent' ? intentColumns : outcomeColumns).map((column) => record[column]),
})

/** One command after another: intent and outcome are a commit and a head each. */
const singleWrites = (): Promise<readonly BenchRow[]> =>
  withFolder(async (folder) => {
    const { audit, close } = await openAudit(folder)
    const raw = await openRaw(folder)
    const tail = new AuditTail(loadSigner(auditPaths(folder)), { ...start }, MerkleTree.empty())
    const ours: number[] = []
    const peer: number[] = []
    for (let i = 0; i < 1500; i++) {
      ours.push(await timed(() => audit.record(actor(i), target(i), 'forbidden')))
      const [record] = tail.build([[intentDraft(randomId(), actor(i), target(i))]], new Date().toISOString())
      if (record === undefined) throw new Error('Nothing was built')
      tail.advance([record])
      const row = rawRow(record)
      peer.push(await timed(() => raw.run(row)))
    }
    await close()
    raw.close()
    const raws = { name: 'one raw insert at FULL', value: median(peer) }
    return [
      {
        what: 'audit write p50 (with its signed head)',
        unit: 'ms',
        ours: median(ours),
        peer: raws,
        ratio: 'ours-over-peer',
        goal: 4,
      },
      {
        what: 'audit write p99',
        unit: 'ms',
        ours: percentile(ours, 99),
        peer: { name: 'limit', value: 5 },
        ratio: 'ours-over-peer',
        goal: 1,
      },
    ]
  })

/** Batches of 1,000: made, chained, sealed and signed by us, against the same rows merely inserted. */
const chained = (): Promise<readonly BenchRow[]> =>
  withFolder(async (folder) => {
    const store = await openStore({ file: path.join(folder, 'ours.sqlite') })
    const records = new AuditStore(store)
    const raw = await openRaw(folder)
    const tail = new AuditTail(loadSigner(auditPaths(folder)), { ...start }, MerkleTree.empty())
    const ours: number[] = []
    const peer: number[] = []
    for (let round = 0; round < 120; round++) {
      const drafts = Array.from({ length: batch }, (_, i) => [
        intentDraft(randomId(), actor(i), target(i * round)),
      ])
      let built: readonly AuditRecord[] = []
      const took = await timed(async () => {
        built = tail.build(drafts, new Date().toISOString())
        await records.append(built)
        tail.advance(built)
      })
      const plain = built.map(rawRow)
      const peerTook = await timed(() => raw.all(plain))
      if (round < 20) continue
      ours.push((took / batch) * 1000)
      peer.push((peerTook / batch) * 1000)
    }
    await store.dispose()
    raw.close()
    const name = 'the same rows unchained'
    const rate = 1e6 / median(ours)
    console.log(
      `audit: chained and batched ${rate.toFixed(0)} records/s, ${name} ${(1e6 / median(peer)).toFixed(0)} records/s`,
    )
    // At least 0.6 x the speed is at most 1 / 0.6 x the time.
    return [
      {
        what: 'chained and batched, per record',
        unit: 'us',
        ours: median(ours),
        peer: { name, value: median(peer) },
        ratio: 'ours-over-peer',
        goal: 1 / 0.6,
      },
    ]
  })

/** So many groups are merely inserted too, each after the service had it, since the machine changes its pace. */
const comparedGroups = 12
/** Records/s: the goal, and what merely inserting made on the machine that the goal was set on. */
const burstGoal = 60_000
const insertedAt = 129_000
/** As many as the service takes into one commit. */
const committed = 4000

/** The whole service: many callers at once, each told only when commit and head are durable. Leaves the rows. */
const burst = (home: string): Promise<readonly BenchRow[]> =>
  withFolder(async (folder) => {
    const { audit, store, close } = await openAudit(home)
    const raw = await openRaw(folder)
    const group = 20_000
    const perRecord: number[] = []
    const peer: number[] = []
    for (let done = 0; done < rows; done += group * 2) {
      const took = await timed(() =>
        Promise.all(
          Array.from({ length: group }, (_, i) =>
            audit.record(actor(i + done), target(i * 31 + done), 'forbidden'),
          ),
        ),
      )
      perRecord.push((took / (group * 2)) * 1000)
      if (peer.length === comparedGroups) continue
      const plain = (await new AuditStore(store).after(done, group * 2)).map(rawRow)
      const peerTook = await timed(() => {
        for (let at = 0; at < plain.length; at += committed) raw.all(plain.slice(at, at + committed))
      })
      peer.push((peerTook / plain.length) * 1000)
    }
    await close()
    raw.close()
    const what = 'group commit of a burst, per record'
    const unit = 'us'
    return [
      {
        what,
        unit,
        ours: median(perRecord),
        peer: { name: `limit (${burstGoal} records/s)`, value: 1e6 / burstGoal },
        ratio: 'ours-over-peer',
        goal: 1,
      },
      {
        what,
        unit,
        ours: median(perRecord.slice(0, comparedGroups)),
        peer: { name: 'the same rows merely inserted, as many in a commit', value: median(peer) },
        ratio: 'ours-over-peer',
        goal: insertedAt / burstGoal,
      },
    ]
  })

async function verification(home: string): Promise<readonly BenchRow[]> {
  const verified = await timed(() => {
    const result = verifyHome(home)
    if (!result.ok) throw new Error(JSON.stringify(result))
  })
  const sqlite = new Sqlite(statePaths(home).store, { readonly: true })
  const first = sqlite.prepare<[], AuditRecord>('select * from audit_records where sequence = 1').get()
  sqlite.close()
  if (first === undefined) throw new Error('There are no rows')
  let previous = first.hash
  const hashed = await timed(() => {
    for (let i = 0; i < rows; i++)
      previous = hash('sha256', previous + canonical({ ...first, sequence: i }), 'hex')
  })
  const scaled = 10_000 * (rows / 1_000_000)
  const unit = 'ms'
  return [
    {
      what: `verifying ${rows} records`,
      unit,
      ours: verified,
      peer: { name: 'limit', value: scaled },
      ratio: 'ours-over-peer',
      goal: 1,
    },
    {
      what: `verifying ${rows} records`,
      unit,
      ours: verified,
      peer: { name: 'only chaining them', value: hashed },
      ratio: 'ours-over-peer',
      goal: 8,
    },
  ]
}

export const bench: Bench = async () => [
  ...(await singleWrites()),
  ...(await chained()),
  ...(await withFolder(async (home) => [
    ...(await burst(home)),
    ...(await verification(home)),
    ...(await withAudit(home, (audit) => lists(audit, statePaths(home).store, rows))),
  ])),
]
