import { cpSync, rmSync } from 'node:fs'
import * as path from 'node:path'
import Sqlite from 'better-sqlite3'
import { statePaths } from '#base/state-paths.ts'
import {
  chainHash,
  contentColumns,
  genesis,
  recordColumns,
  type AuditRecord,
} from '../../daemon/capabilities/audit/audit-record.ts'
import type { Random } from './random.ts'

/** One way to falsify a trail. Returns the first sequence that is then not as it was written. */
export type Tamper = (records: AuditRecord[], random: Random) => number

const renumber = (records: AuditRecord[]): void => {
  let previous = genesis
  for (const [index, record] of records.entries()) {
    const content = { ...record, sequence: index + 1 }
    previous = chainHash(previous, content)
    records[index] = { ...content, hash: previous }
  }
}

const spoil = (record: AuditRecord, random: Random): AuditRecord => {
  const column = random.pick(contentColumns.filter((name) => name !== 'sequence' && name !== 'kind'))
  const value = record[column]
  if (typeof value === 'number') return { ...record, [column]: value + 1 + random.int(0, 5) }
  if (value === null) return { ...record, [column]: numeric.has(column) ? 7 : 'forged' }
  if (column === 'details') return { ...record, details: JSON.stringify({ forged: random.next() }) }
  const at = random.int(0, value.length)
  return {
    ...record,
    [column]: random.next() < 0.5 ? value.slice(0, at) + 'x' + value.slice(at) : `${value} `,
  }
}

const numeric = new Set<string>(['clock_run', 'intent', 'duration_ms'])

const anyIndex = (records: readonly AuditRecord[], random: Random): number =>
  random.int(0, records.length - 1)

const at = (records: readonly AuditRecord[], index: number): AuditRecord => {
  const record = records[index]
  if (record === undefined) throw new Error(`There is no record at ${index}`)
  return record
}

function edit(records: AuditRecord[], random: Random): number {
  const index = anyIndex(records, random)
  records[index] = spoil(at(records, index), random)
  return index + 1
}

/** An attacker who knows the format, but not the key, makes the chain fit again. */
function editAndRechain(records: AuditRecord[], random: Random): number {
  const first = edit(records, random)
  renumber(records)
  return first
}

function editProof(records: AuditRecord[], random: Random): number {
  const index = anyIndex(records, random)
  const record = at(records, index)
  const change = random.pick([
    { hash: record.hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    { seal: record.seal.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    { signature: record.signature === null ? 'AAAA' : null },
  ])
  records[index] = { ...record, ...change }
  return index + 1
}

function remove(records: AuditRecord[], random: Random): number {
  const index = anyIndex(records, random)
  records.splice(index, random.int(1, 3))
  return index + 1
}

function removeAndRechain(records: AuditRecord[], random: Random): number {
  const first = remove(records, random)
  renumber(records)
  return first
}

function insertAndRechain(records: AuditRecord[], random: Random): number {
  const index = random.int(0, records.length)
  const like = at(records, anyIndex(records, random))
  // A copy beside its original would be what was written there after all.
  records.splice(index, 0, { ...like, details: JSON.stringify({ forged: random.next() }) })
  renumber(records)
  return index + 1
}

function swap(records: AuditRecord[], random: Random): number {
  const low = random.int(0, records.length - 2)
  const high = random.int(low + 1, records.length - 1)
  const [first, second] = [at(records, low), at(records, high)]
  records[low] = { ...second, sequence: first.sequence }
  records[high] = { ...first, sequence: second.sequence }
  return low + 1
}

function swapAndRechain(records: AuditRecord[], random: Random): number {
  const first = swap(records, random)
  renumber(records)
  return first
}

function cutTail(records: AuditRecord[], random: Random): number {
  const index = anyIndex(records, random)
  records.splice(index)
  return index + 1
}

export const tampers: Readonly<Record<string, Tamper>> = {
  edit,
  editAndRechain,
  editProof,
  remove,
  removeAndRechain,
  insertAndRechain,
  swap,
  swapAndRechain,
  cutTail,
}

/** Rewrites the audit table of a closed store, as somebody with SQLite and all rights would. */
export function rewriteRecords(home: string, change: (records: AuditRecord[]) => number): number {
  const sqlite = new Sqlite(statePaths(home).store)
  try {
    const triggers = sqlite
      .prepare<[], { name: string; sql: string }>(
        `select name, sql from sqlite_master where type = 'trigger'`,
      )
      .all()
    for (const { name } of triggers) sqlite.exec(`drop trigger "${name}"`)
    const records = sqlite.prepare<[], AuditRecord>('select * from audit_records order by sequence').all()
    const first = change(records)
    sqlite.exec('delete from audit_records')
    const insert = sqlite.prepare(
      `insert into audit_records (${recordColumns.join()}) values (${recordColumns.map(() => '?').join()})`,
    )
    for (const record of records) insert.run(...recordColumns.map((column) => record[column]))
    for (const { sql } of triggers) sqlite.exec(sql)
    return first
  } finally {
    sqlite.close()
  }
}

const storeFiles = (home: string): readonly string[] =>
  ['', '-wal'].map((suffix) => statePaths(home).store + suffix)

/**
 * Copies a state folder without the space set aside in it, and without a file that is about to replace another: that
 * one may do so, beside the event loop, while it is copied.
 */
export function copyHome(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true, filter: (file) => !/ballast$|-shm$|\.new$/.test(file) })
}

/** Puts another folder's database and write-ahead log in the place of this one's. */
export function replaceStore(home: string, by: string): void {
  for (const file of storeFiles(home)) {
    rmSync(file, { force: true })
    cpSync(path.join(by, path.basename(file)), file, { force: true })
  }
}
