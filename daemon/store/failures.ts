import { Failure, systemCode } from '#base/failure.ts'

/** SQLite's primary result code of an error, such as `SQLITE_IOERR` for `SQLITE_IOERR_WRITE`; else undefined. */
export function sqliteCode(error: unknown): string | undefined {
  const code = systemCode(error)
  return code?.startsWith('SQLITE_') === true ? code.split('_', 2).join('_') : undefined
}

/** The codes of an error and of all that caused it. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const own = sqliteCode(error) ?? systemCode(error)
  return [...(own === undefined ? [] : [own]), ...codesOf(error.cause)]
}

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  codesOf(error).some((code) => codes.includes(code))

/** Whether somebody else holds the lock, so that the same work may succeed a moment later. */
export const isLocked = (error: unknown): boolean => hasCode(error, 'SQLITE_BUSY', 'SQLITE_LOCKED')

/** Whether the disk, or the quota on it, is full. */
export const isFull = (error: unknown): boolean => hasCode(error, 'SQLITE_FULL', 'ENOSPC', 'EDQUOT')

const unavailable: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'the disk is full',
  SQLITE_IOERR: 'reading or writing failed',
  SQLITE_READONLY: 'it may not be written',
  SQLITE_CANTOPEN: 'it cannot be opened',
  SQLITE_PERM: 'it may not be opened',
  SQLITE_BUSY: 'another program holds it locked',
  SQLITE_LOCKED: 'another program holds it locked',
  SQLITE_NOLFS: 'the file system cannot hold files of its size',
  SQLITE_NOMEM: 'there is not enough memory',
}

/**
 * What a person can be told about an error of the database.
 * @returns the error itself where it is none of the database's, or one that only a bug can cause.
 */
export function storeFailure(error: unknown, file: string): unknown {
  const code = sqliteCode(error)
  if (code === undefined) return error
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB') {
    return new Failure('store-damaged', `The store ${file} is damaged`, { cause: error })
  }
  if (code === 'SQLITE_CONSTRAINT') {
    const extended = systemCode(error)
    if (extended === 'SQLITE_CONSTRAINT_UNIQUE' || extended === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
      return new Failure('conflict', 'There is one of that name already', { cause: error })
    }
    return error
  }
  const reason = unavailable[code]
  if (reason === undefined) return error
  return new Failure('store-unavailable', `The store ${file} cannot be used: ${reason}`, { cause: error })
}
