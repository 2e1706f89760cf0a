import Sqlite from 'better-sqlite3'
import { open } from 'node:fs/promises'
import { constants } from 'node:fs'
import type { ConnectorFault } from '#contract/connectors.ts'
import { systemCode } from '#base/failure.ts'
import { ProbeFault } from './probe-fault.ts'
import type { ProbeTarget } from './prober.ts'

const faults: Readonly<Record<string, ConnectorFault>> = {
  ENOENT: 'file-missing',
  ENOTDIR: 'file-missing',
  EACCES: 'file-unreadable',
  EPERM: 'file-unreadable',
  EISDIR: 'not-a-database',
  ELOOP: 'file-missing',
  ENXIO: 'not-a-database',
  SQLITE_NOTADB: 'not-a-database',
  SQLITE_CORRUPT: 'not-a-database',
  SQLITE_BUSY: 'file-busy',
  SQLITE_LOCKED: 'file-busy',
}

const magic = Buffer.from('SQLite format 3\0')
const headerBytes = 100
/** Place of the byte that is 2 where the database keeps a log beside it (SQLite's file format, 1.3). */
const readVersion = 19

/** Reads and changes nothing: neither the file nor what SQLite may put beside it. @throws ProbeFault. */
export async function probeSqlite({ database, limitMs }: ProbeTarget): Promise<string | null> {
  if (database === null) throw new ProbeFault('misconfigured')
  if (database !== ':memory:') await readable(database, limitMs)
  const { version } =
    new Sqlite(':memory:').prepare<[], { version: string }>('select sqlite_version() as version').get() ?? {}
  return version === undefined ? null : `SQLite ${version}`
}

async function readable(database: string, limitMs: number): Promise<void> {
  const header = await read(database)
  // SQLite takes an empty file for a database without tables.
  if (header.length > 0 && !header.subarray(0, magic.length).equals(magic))
    throw new ProbeFault('not-a-database')
  if (header.length > 0 && header.length < headerBytes) throw new ProbeFault('not-a-database')
  // To read one with a log, SQLite makes files beside it, and in a folder that somebody else owns these would stay ours.
  const hasLog = header[readVersion] === 2
  if (!hasLog) look(database, limitMs)
}

async function read(file: string): Promise<Buffer> {
  try {
    // A pipe in its place must not keep us waiting.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      if (!(await handle.stat()).isFile()) throw new ProbeFault('not-a-database')
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw toFault(error)
  }
}

function look(file: string, limitMs: number): void {
  try {
    const sqlite = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: Math.floor(limitMs / 2) })
    try {
      sqlite.pragma('trusted_schema = off')
      sqlite.prepare('select count(*) from sqlite_schema').get()
    } finally {
      sqlite.close()
    }
  } catch (error) {
    throw toFault(error)
  }
}

function toFault(error: unknown): ProbeFault {
  if (error instanceof ProbeFault) return error
  const code = systemCode(error) ?? null
  return new ProbeFault((code === null ? undefined : faults[code]) ?? 'file-unreadable', code)
}
