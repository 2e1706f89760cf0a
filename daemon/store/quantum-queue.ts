import { copyFile, lstat, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { QueuedJob, QuantumQueue } from '#contract/jobs.ts'
import { messageOf, systemCode } from '#base/failure.ts'

/** Of a larger file nothing is read: it is copied first. */
const mostBytes = 32 * 1024 * 1024
/** So many of the newest are counted. */
const mostCounted = 10_000
/** The file by which the Quantum framework remembers its `q:job` queue, in the folder of its app. */
const fileName = 'quantum_jobs.db'
const columns = ['id', 'name', 'queue', 'status', 'attempts', 'max_attempts', 'created_at', 'error']

/**
 * The queue of a Quantum app, newest first. A copy is read, with what its owner has not yet moved out of its log, so that
 * not even a lock is left in the app's folder. It never throws: what keeps it from being read is told.
 */
export async function readQuantumQueue(folder: string, limit: number): Promise<QuantumQueue> {
  const file = join(folder, fileName)
  const sizes = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`)])
  if (sizes[0] === null) return { file: null, problem: null, counts: {}, rows: [] }
  const read = (problem: string | null, found: Found = nothing): QuantumQueue => ({ file, problem, ...found })
  if (sizes.some((size) => (size ?? 0) > mostBytes))
    return read('it is larger than 32 MB, and so it is not read')
  const copies = await mkdtemp(join(tmpdir(), 'quantum-admin-queue-'))
  try {
    const copy = join(copies, fileName)
    await copyFile(file, copy)
    if (sizes[1] !== null) await copyFile(`${file}-wal`, `${copy}-wal`)
    return read(...queueIn(copy, limit))
  } catch (error) {
    return read(`it cannot be read: ${messageOf(error)}`)
  } finally {
    await rm(copies, { recursive: true, force: true })
  }
}

type Found = Pick<QuantumQueue, 'counts' | 'rows'>
const nothing: Found = { counts: {}, rows: [] }

/** Of a regular file; null for anything else, and where there is none. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    const found = await lstat(path)
    return found.isFile() ? found.size : null
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return null
    throw error
  }
}

function queueIn(file: string, limit: number): [problem: string | null, found?: Found] {
  const sqlite = new Sqlite(file, { timeout: 0 })
  try {
    // Somebody else made the file: what is in it is data, and nothing in it is run.
    sqlite.pragma('trusted_schema = off')
    if (!isKnown(sqlite)) return ['its tables are not those that we know']
    const newest = `select * from quantum_jobs order by id desc limit ?`
    const counts = sqlite
      .prepare<[number], { readonly status: unknown; readonly count: number }>(
        `select substr(status, 1, 40) as status, count(*) as count from (${newest}) group by 1 limit 20`,
      )
      .all(mostCounted)
    const rows = sqlite
      .prepare<[number], Readonly<Record<string, unknown>>>(
        `select id, substr(name, 1, 200) as name, substr(queue, 1, 200) as queue, substr(status, 1, 40) as status,
          attempts, max_attempts, substr(created_at, 1, 40) as created_at, substr(error, 1, 2000) as error
          from (${newest})`,
      )
      .all(limit)
    const entries = counts.map(({ status, count }) => [text(status) ?? 'unknown', count] as const)
    return [null, { counts: Object.fromEntries(entries), rows: rows.map(jobOf) }]
  } finally {
    sqlite.close()
  }
}

/** Whether it is a plain table with the columns that we read: a view or a computed column could take for ever. */
function isKnown(sqlite: Sqlite.Database): boolean {
  const table = sqlite
    .prepare(`select 1 from sqlite_master where type = 'table' and name = 'quantum_jobs'`)
    .get()
  if (table === undefined) return false
  const found = sqlite.pragma('table_xinfo(quantum_jobs)') as readonly {
    readonly name: string
    readonly hidden: number
    readonly pk: number
  }[]
  if (found.some(({ hidden }) => hidden !== 0) || !found.some(({ name, pk }) => name === 'id' && pk === 1))
    return false
  return columns.every((column) => found.some(({ name }) => name === column))
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)

const jobOf = (row: Readonly<Record<string, unknown>>): QueuedJob => ({
  id: String(row['id']).slice(0, 100),
  name: text(row['name']),
  queue: text(row['queue']),
  status: text(row['status']) ?? 'unknown',
  attempts: number(row['attempts']),
  mostAttempts: number(row['max_attempts']),
  createdAt: text(row['created_at']),
  error: text(row['error']),
})
