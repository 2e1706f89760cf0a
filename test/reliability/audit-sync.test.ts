import { cpSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { statePaths } from '#base/state-paths.ts'
import { syncFile } from '../../daemon/store/sync-file.ts'
import { openTrail, verifyHome, withFolder } from '../support/trail.ts'

const eio = (): Promise<void> => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))

test('a disk that does not sync acknowledges nothing; once it does, the outcome in the log counts, and once', () =>
  withFolder(async (home) => {
    let failing = false
    const sync = (descriptor: number): Promise<void> => (failing ? eio() : syncFile(descriptor))
    const breakIt = (_name: string, params: unknown) =>
      (failing = (params as { name: string }).name === 'one')
    const trail = await openTrail(home, breakIt, systemClock, sync)
    for (const name of ['one', 'two'])
      await expect(trail.call('leases.allocate', { name })).rejects.toMatchObject({
        code: 'audit-unavailable',
      })
    expect(trail.entered.filter((entered) => entered === 'leases.allocate')).toHaveLength(1)
    failing = false
    await expect.poll(() => trail.audit.problem).toBeNull()
    await trail.call('leases.allocate', { name: 'three' })
    await trail.close()
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 2 })
    const again = await openTrail(home)
    const { entries } = await again.audit.list({ limit: 10 })
    expect(entries.map(({ resource, outcome }) => [resource.name, outcome])).toEqual([
      ['three', 'ok'],
      ['one', 'ok'],
    ])
    await again.close()
  }))

test('a log that another daemon left is written anew before anything counts, however long somebody reads it', () =>
  withFolder(async (home) => {
    mkdirSync(path.join(home, 'left'))
    const left = await openTrail(path.join(home, 'left'))
    await left.call('leases.allocate', { name: 'one' })
    cpSync(path.join(home, 'left'), path.join(home, 'found'), { recursive: true })
    await left.close()
    const { store } = statePaths(path.join(home, 'found'))
    expect(statSync(`${store}-wal`).size).toBeGreaterThan(0)
    const reader = new Sqlite(store, { readonly: true })
    const held = reader.prepare('select * from audit_records').iterate()
    held.next()
    const trail = await openTrail(path.join(home, 'found'))
    const refused = trail.call('leases.allocate', { name: 'two' })
    await expect(refused).rejects.toThrow('while another program reads it')
    held.return?.()
    reader.close()
    await expect.poll(() => trail.audit.problem).toBeNull()
    await trail.call('leases.allocate', { name: 'three' })
    await trail.close()
    expect(verifyHome(path.join(home, 'found'))).toMatchObject({ ok: true, entries: 2 })
  }))
