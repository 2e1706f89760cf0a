import { expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { syncFile } from '../../daemon/store/sync-file.ts'
import { openTrail, verifyHome, withFolder } from '../support/trail.ts'

const eio = (): Promise<void> => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))

test('a log that cannot be synced is written anew; an outcome in it counts once, and an intent in it as refused', () =>
  withFolder(async (home) => {
    let failing = false
    const sync = (descriptor: number): Promise<void> => (failing ? eio() : syncFile(descriptor))
    const trail = await openTrail(home, () => (failing = true), systemClock, sync)
    // SQLite moves the log into its file and syncs that itself, so this is durable after all.
    await trail.call('leases.allocate', { name: 'one' })
    await expect(trail.call('leases.allocate', { name: 'two' })).rejects.toMatchObject({
      code: 'audit-unavailable',
    })
    failing = false
    await expect
      .poll(() =>
        trail.audit.list({ limit: 10 }).then(({ entries }) => entries.map(({ outcome }) => outcome)),
      )
      .toEqual(['refused', 'ok'])
    await trail.close()
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 2 })
    const again = await openTrail(home)
    const { entries } = await again.audit.list({ limit: 10 })
    expect(entries.map(({ resource, outcome }) => [resource.name, outcome])).toEqual([
      ['two', 'refused'],
      ['one', 'ok'],
    ])
    await again.close()
  }))
