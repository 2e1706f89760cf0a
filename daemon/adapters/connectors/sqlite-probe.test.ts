import Sqlite from 'better-sqlite3'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ProbeTarget } from './prober.ts'
import { probeSqlite } from './sqlite-probe.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-sqlite-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const target = (database: string): ProbeTarget => ({
  type: 'sqlite',
  host: null,
  port: null,
  database,
  user: null,
  password: null,
  tls: 'off',
  ca: null,
  limitMs: 400,
  guarded: true,
})

/** What is in the folder, with its content. */
const content = () =>
  readdirSync(folder, { withFileTypes: true }).map((entry) => [
    entry.name,
    entry.isFile() ? readFileSync(join(folder, entry.name)).toString('base64') : null,
  ])

function makeDatabase(file: string, mode: 'delete' | 'wal'): Sqlite.Database {
  const sqlite = new Sqlite(file)
  sqlite.pragma(`journal_mode = ${mode}`)
  sqlite.exec('create table t (x)')
  return sqlite
}

const states: readonly (readonly [string, (file: string) => unknown, string | null])[] = [
  ['nothing', () => undefined, 'file-missing'],
  [
    'text',
    (file) => writeFileSync(file, 'long enough to be a database, and none at all. '.repeat(9)),
    'not-a-database',
  ],
  ['a header cut short', (file) => writeFileSync(file, 'SQLite format 3\0'), 'not-a-database'],
  [
    'a header and nonsense',
    (file) => writeFileSync(file, `SQLite format 3\0${'x'.repeat(4096)}`),
    'not-a-database',
  ],
  ['a folder', (file) => mkdirSync(file), 'not-a-database'],
  ['an empty file', (file) => writeFileSync(file, ''), null],
  ['a database', (file) => makeDatabase(file, 'delete').close(), null],
  ['a database with a log', (file) => makeDatabase(file, 'wal').close(), null],
]

test.each(states)('%s is judged, and nothing is made or changed', async (_what, make, fault) => {
  const file = join(folder, 'shop.db')
  make(file)
  const before = content()
  const judged = await probeSqlite(target(file)).then(
    () => null,
    (error: { readonly fault: string }) => error.fault,
  )
  expect(judged).toBe(fault)
  expect(content()).toEqual(before)
})

test('a database that somebody else locks is waited for, and then said to be locked', async () => {
  const file = join(folder, 'shop.db')
  const other = makeDatabase(file, 'delete')
  other.exec('begin exclusive')
  await expect(probeSqlite(target(file))).rejects.toMatchObject({ fault: 'file-busy' })
  other.close()
  await expect(probeSqlite(target(file))).resolves.toMatch(/^SQLite 3\.\d/)
})

test('a database with a log that is written to meanwhile is well', async () => {
  const file = join(folder, 'shop.db')
  const other = makeDatabase(file, 'wal')
  other.exec('begin immediate; insert into t values (1)')
  await expect(probeSqlite(target(file))).resolves.toMatch(/^SQLite 3\.\d/)
  other.close()
})
