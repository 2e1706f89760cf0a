import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { LeaseTable } from './database.ts'
import { openStore, type Store } from './open.ts'

const columns = ['name', 'kind', 'port', 'app', 'created_at'] as const
const opened: { readonly store: Store; readonly folder: string }[] = []

/** The table of leases stands for any: it has a column that may be null and one that may not be twice. */
async function setup(sync?: 'beside') {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-append-'))
  const store = await openStore({ file: path.join(folder, 'store.sqlite') })
  opened.push({ store, folder })
  return { store, append: store.appender('leases', columns, sync) }
}

const rowOf = (port: number) =>
  [`name-${port}`, 'web', port, port % 3 === 0 ? `app-${port}` : null, 'now'] as const
const leaseOf = ([name, kind, port, app, created_at]: ReturnType<typeof rowOf>): LeaseTable => ({
  name,
  kind,
  port,
  app,
  created_at,
})
const leases = (store: Store) => store.kysely.selectFrom('leases').selectAll().orderBy('port').execute()

afterEach(async () => {
  for (const { store, folder } of opened.splice(0)) {
    await store.dispose()
    rmSync(folder, { recursive: true })
  }
})

test('rows with nulls in different places come back as they were given', async () => {
  const { store, append } = await setup('beside')
  const rows = Array.from({ length: 10 }, (_, n) => rowOf(n))
  await append(rows)
  expect(await leases(store)).toEqual(rows.map(leaseOf))
})

test('a null where none may be is refused and leaves nothing of its rows', async () => {
  const { store, append } = await setup()
  await expect(append([rowOf(1), ['name-2', null, 2, null, 'now']])).rejects.toThrow('NOT NULL')
  expect(await leases(store)).toEqual([])
})

test('a row that is too short or too long is refused', async () => {
  const { store, append } = await setup()
  await expect(append([rowOf(1), rowOf(2).slice(0, 4)])).rejects.toThrow('4 values for 5 columns')
  await expect(append([[...rowOf(1), 'more']])).rejects.toThrow('6 values for 5 columns')
  expect(await leases(store)).toEqual([])
})

test('others get their turns between many rows, and see all of them or none', async () => {
  const { store, append } = await setup()
  let turns = 0
  const seen: Promise<readonly unknown[]>[] = []
  const look = () => {
    turns++
    seen.push(leases(store))
    timer = setImmediate(look)
  }
  let timer = setImmediate(look)
  await append(Array.from({ length: 5000 }, (_, n) => rowOf(n)))
  clearImmediate(timer)
  expect(turns).toBeGreaterThan(3)
  for (const rows of await Promise.all(seen)) expect([0, 5000]).toContain(rows.length)
})

test('the store is closed only when what is being appended is in', async () => {
  const { store, append } = await setup()
  const appended = append(Array.from({ length: 5000 }, (_, n) => rowOf(n)))
  await store.dispose()
  await appended
  const again = await openStore({ file: store.file })
  expect(await leases(again)).toHaveLength(5000)
  await again.dispose()
})

test('when a late row is refused none is left, and the next ones go in', async () => {
  const { store, append } = await setup('beside')
  const rows = Array.from({ length: 2500 }, (_, n) => rowOf(n))
  await expect(append([...rows, rowOf(7)])).rejects.toThrow('There is one of that name already')
  expect(await leases(store)).toEqual([])
  await append([rowOf(1)])
  expect(await leases(store)).toEqual([leaseOf(rowOf(1))])
})
