import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readQuantumQueue } from './quantum-queue.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-queue-'))
  file = join(folder, 'quantum_jobs.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const table = `create table quantum_jobs (id integer primary key autoincrement, name text, queue text, params text,
  status text, attempts integer, max_attempts integer, created_at text, error text)`

function make(sql: string): Sqlite.Database {
  const sqlite = new Sqlite(file)
  sqlite.exec(sql)
  return sqlite
}

const insert = `insert into quantum_jobs (name, queue, status, attempts, max_attempts, created_at, error) values
  ('mail', 'out', 'failed', 3, 3, '2026-01-01 10:00:00', 'refused'), ('report', null, 'pending', 0, 3, null, null)`

test('without a file there is no queue', async () => {
  expect(await readQuantumQueue(folder, 10)).toEqual({ file: null, problem: null, counts: {}, rows: [] })
})

test('it is told newest first, and the folder is left as it was', async () => {
  make(`${table}; ${insert}`).close()
  const before = readFileSync(file)
  const { rows, ...queue } = await readQuantumQueue(folder, 10)
  expect(queue).toEqual({ file, problem: null, counts: { failed: 1, pending: 1 } })
  expect(rows).toMatchObject([
    { id: '2', name: 'report', queue: null, status: 'pending', createdAt: null },
    { id: '1', name: 'mail', attempts: 3, mostAttempts: 3, error: 'refused' },
  ])
  expect((await readQuantumQueue(folder, 1)).rows).toHaveLength(1)
  expect(readdirSync(folder)).toEqual(['quantum_jobs.db'])
  expect(readFileSync(file)).toEqual(before)
})

test('what its owner has written to its log only is told as well', async () => {
  const owner = make(`pragma journal_mode = wal; ${table}; pragma wal_checkpoint(truncate); ${insert}`)
  expect((await readQuantumQueue(folder, 10)).rows).toHaveLength(2)
  owner.close()
})

test.each([
  ['another table', () => make('create table jobs (id integer)').close()],
  ['a view', () => make('create view quantum_jobs as select 1 as id').close()],
  ['missing columns', () => make('create table quantum_jobs (id integer primary key, name text)').close()],
  [
    'computed columns',
    () => make(table.replace('error text', `error text as (zeroblob(900000000))`)).close(),
  ],
  ['no database', () => writeFileSync(file, 'x'.repeat(5000))],
  ['nothing in it', () => writeFileSync(file, '')],
])('%s is told as a problem', async (_what, prepare) => {
  prepare()
  const queue = await readQuantumQueue(folder, 10)
  expect(queue).toMatchObject({ file, counts: {}, rows: [] })
  expect(queue.problem).not.toBeNull()
})

test('a link or a folder of that name is not followed', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'qa-elsewhere-'))
  symlinkSync(join(elsewhere, 'x.db'), file)
  expect((await readQuantumQueue(folder, 10)).file).toBeNull()
  rmSync(file)
  mkdirSync(file)
  expect((await readQuantumQueue(folder, 10)).file).toBeNull()
  rmSync(elsewhere, { recursive: true })
})
