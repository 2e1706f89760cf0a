import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import * as path from 'node:path'
import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { expect, test } from 'vitest'
import { migrations, schemaVersion } from '../../daemon/store/migrate.ts'
import { openStore, type Store } from '../../daemon/store/open.ts'
import { withFolder } from '../support/trail.ts'

/** A folder with the path of a store in it. */
const withFile = (use: (file: string, folder: string) => Promise<void>): Promise<void> =>
  withFolder((folder) => use(path.join(folder, 'store.sqlite'), folder))

async function openAndUse<T>(file: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ file })
  try {
    return await use(store)
  } finally {
    await store.dispose()
  }
}

const addLease = ({ kysely }: Store, name: string, port: number) =>
  kysely
    .insertInto('leases')
    .values({ name, kind: 'web', port, app: null, created_at: '2026-03-01T10:00:00.000Z' })
    .execute()

const leases = async ({ kysely }: Store): Promise<readonly string[]> =>
  (await kysely.selectFrom('leases').select('name').orderBy('name').execute()).map((row) => row.name)

/** The whole schema as text, without Kysely's own tables. */
const schema = (file: string): string => {
  const sqlite = new Sqlite(file, { readonly: true })
  const rows = sqlite
    .prepare<[], { sql: string }>(
      `select sql from sqlite_master where sql is not null and name not like 'kysely_%' order by name`,
    )
    .all()
  sqlite.close()
  return rows.map((row) => row.sql).join('\n')
}

test('rows are there again after the store was closed and opened', async () => {
  await withFile(async (file) => {
    await openAndUse(file, (store) => addLease(store, 'web', 3000))
    expect(await openAndUse(file, leases)).toEqual(['web'])
  })
})

test('every commit is durable, and files are for their owner alone whatever the umask', async () => {
  await withFile(async (file) => {
    const before = process.umask(0)
    try {
      await openAndUse(file, async (store) => {
        await addLease(store, 'web', 3000)
        const pragma = async (name: string) =>
          Object.values((await sql`pragma ${sql.raw(name)}`.execute(store.kysely)).rows[0] ?? {})[0]
        expect(await pragma('journal_mode')).toBe('wal')
        // 2 is FULL.
        expect(await pragma('synchronous')).toBe(2)
        expect(await pragma('foreign_keys')).toBe(1)
        expect(await pragma('trusted_schema')).toBe(0)
        expect(await pragma('recursive_triggers')).toBe(1)
        for (const suffix of ['', '-wal', '-shm']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600)
      })
    } finally {
      process.umask(before)
    }
  })
})

test('each migration can be undone and done again, with the same schema', async () => {
  await withFile(async (file) => {
    const whole = await openAndUse(file, async () => schema(file))
    const names = Object.keys(migrations)
    for (let step = 0; step < names.length; step++) {
      await openAndUse(file, async ({ kysely }) => {
        const migrator = new Migrator({
          db: kysely,
          provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
        })
        for (let down = 0; down <= step; down++) expect((await migrator.migrateDown()).error).toBeUndefined()
        const left = names.length - step - 1
        expect(
          (await migrator.getMigrations()).filter(({ executedAt }) => executedAt !== undefined),
        ).toHaveLength(left)
      })
      expect(await openAndUse(file, async () => schema(file))).toBe(whole)
    }
  })
})

test('a store from the future is refused with both versions and its file, and stays as it is', async () => {
  await withFile(async (file) => {
    await openAndUse(file, async ({ kysely }) => {
      await sql`insert into kysely_migration (name, timestamp) values ('999-flying-cars', '2036')`.execute(
        kysely,
      )
    })
    const before = readFileSync(file)
    const error = await openStore({ file }).catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code: 'store-newer' })
    for (const part of [file, '999-flying-cars', schemaVersion])
      expect((error as Error).message).toContain(part)
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})

test('a broken store is set aside byte for byte, and no empty one takes its place unless a person says so', async () => {
  await withFile(async (file, folder) => {
    await openAndUse(file, (store) => addLease(store, 'web', 3000))
    const broken = Buffer.concat([Buffer.from('not a database'), readFileSync(file)])
    writeFileSync(file, broken)
    const error = await openStore({ file }).catch((problem: unknown) => problem)
    expect(error).toMatchObject({ code: 'store-damaged' })
    const [aside = ''] = readdirSync(folder).filter((name) => name.includes('.damaged-'))
    expect((error as Error).message).toContain(path.join(folder, aside))
    expect(readFileSync(path.join(folder, aside)).equals(broken)).toBe(true)
    await expect(openStore({ file })).rejects.toMatchObject({ code: 'store-damaged' })
    renameSync(path.join(folder, aside), path.join(folder, 'elsewhere'))
    expect(await openAndUse(file, leases)).toEqual([])
  })
})

test('a log without its database is set aside, not replayed into an empty one or deleted', async () => {
  await withFile(async (file, folder) => {
    const store = await openStore({ file })
    await addLease(store, 'web', 3000)
    const log = readFileSync(`${file}-wal`)
    await store.dispose()
    rmSync(file)
    writeFileSync(`${file}-wal`, log)
    expect(await openAndUse(file, leases)).toEqual([])
    const [aside = ''] = readdirSync(folder).filter(
      (name) => name.endsWith('-wal') && name.includes('.damaged-'),
    )
    expect(readFileSync(path.join(folder, aside)).equals(log)).toBe(true)
  })
})

test('a link, a folder or a second name in the place of a store file is refused and not touched', async () => {
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    for (const plant of ['symlink', 'hardlink', 'folder'] as const) {
      await withFile(async (file, folder) => {
        const target = path.join(folder, 'precious')
        writeFileSync(target, 'precious')
        if (plant === 'symlink') symlinkSync(target, file + suffix)
        else if (plant === 'hardlink') linkSync(target, file + suffix)
        else mkdirSync(file + suffix)
        const where = `${plant} at ${suffix}`
        await expect(openStore({ file }), where).rejects.toMatchObject({ code: 'unsafe-state-folder' })
        expect(readFileSync(target, 'utf8'), where).toBe('precious')
      })
    }
  }
})

test('a name given twice is a conflict, and a transaction that fails leaves nothing', async () => {
  await withFile(async (file) => {
    await openAndUse(file, async (store) => {
      await addLease(store, 'web', 3000)
      await expect(addLease(store, 'web', 3001)).rejects.toMatchObject({ code: 'conflict' })
      const both = store.kysely.transaction().execute(async (transaction) => {
        await addLease({ ...store, kysely: transaction }, 'api', 3002)
        await addLease({ ...store, kysely: transaction }, 'other', 3000)
      })
      await expect(both).rejects.toMatchObject({ code: 'conflict' })
      expect(await leases(store)).toEqual(['web'])
    })
  })
})

test('the fast way to append waits for open transactions and adds all rows or none', async () => {
  await withFile(async (file) => {
    await openAndUse(file, async (store) => {
      const append = store.appender('leases', ['name', 'kind', 'port', 'created_at'])
      const row = (name: string, port: number) => [name, 'web', port, '2026-03-01T10:00:00.000Z']
      const gate = Promise.withResolvers<void>()
      const slow = store.kysely.transaction().execute(async (transaction) => {
        await addLease({ ...store, kysely: transaction }, 'slow', 4000)
        await gate.promise
      })
      const appended = append([row('a', 3000), row('b', 3001)])
      gate.resolve()
      await Promise.all([slow, appended])
      await expect(append([row('c', 3002), row('d', 3000)])).rejects.toMatchObject({ code: 'conflict' })
      expect(await leases(store)).toEqual(['a', 'b', 'slow'])
    })
  })
})

test('a second program that holds the store locked is an explained error, and goes away with the lock', async () => {
  await withFile(async (file) => {
    await openAndUse(file, async (store) => {
      const other = new Sqlite(file)
      other.exec('begin exclusive')
      await expect(addLease(store, 'web', 3000)).rejects.toMatchObject({ code: 'store-unavailable' })
      expect(await leases(store)).toEqual([])
      other.exec('rollback')
      other.close()
      await addLease(store, 'web', 3000)
    })
  })
})
