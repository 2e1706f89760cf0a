import { mkdirSync } from 'node:fs'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import type { AuditVerification } from '#contract/audit.ts'
import type { AuditRecord } from '../../daemon/capabilities/audit/audit-record.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { copyHome, replaceStore, rewriteRecords, tampers } from '../support/tamper.ts'
import { openTrail, verifyHome, withFolder } from '../support/trail.ts'

/** Older copies of one growing trail, each with how far it went. */
interface Grown {
  readonly home: string
  readonly older: readonly { readonly home: string; readonly records: number }[]
  readonly records: number
}

const work = (random: Random) => () => {
  if (random.next() < 0.2) throw new Error('It failed')
}

/** Some commands one after another, some at once, so that commits hold one record and many. */
async function grow(folder: string, random: Random): Promise<Grown> {
  const home = path.join(folder, 'grown')
  mkdirSync(home)
  const trail = await openTrail(home, work(random))
  const older: { home: string; records: number }[] = []
  let records = 0
  for (let round = 0; round < 6; round++) {
    for (let i = random.int(1, 6); i > 0; i--) await command(trail, random)
    await Promise.all(Array.from({ length: random.int(2, 8) }, () => command(trail, random)))
    if (random.next() < 0.4) await trail.call('audit.checkpoint', {})
    records = trail.audit.head().head?.sequence ?? 0
    const copy = path.join(folder, `older-${round}`)
    copyHome(home, copy)
    older.push({ home: copy, records })
  }
  await trail.close()
  return { home, older: older.slice(0, -1), records }
}

const command = (trail: Awaited<ReturnType<typeof openTrail>>, random: Random) =>
  trail.call('leases.release', { name: `lease-${random.int(1, 9)}` }).catch(() => null)

/** What a daemon does that is started on it: it must not make the finding go away. */
async function goOn(home: string): Promise<void> {
  const trail = await openTrail(home)
  await trail.call('leases.allocate', { name: 'later' })
  await trail.call('leases.allocate', { name: 'later-still' })
  await trail.close()
}

test(
  'every falsification of the database is found, and the first bad record named (A3)',
  async () => {
    const random = new Random(20_260_301)
    const kinds = [...Object.keys(tampers), 'rollback'] as const
    const rounds = scale(6, 200)
    const casesPerTrail = 50
    let done = 0
    const found = new Map<string, number>()
    for (let round = 0; round < rounds; round++) {
      await withFolder(async (folder) => {
        const grown = await grow(folder, random)
        expect(verifyHome(grown.home)).toMatchObject({ ok: true })
        for (let i = 0; i < casesPerTrail; i++, done++) {
          const kind = random.pick(kinds)
          const home = path.join(folder, 'tampered')
          copyHome(grown.home, home)
          const first =
            kind === 'rollback'
              ? rollBack(home, grown, random)
              : rewriteRecords(home, (records) => tamper(kind, records, random))
          const restarted = random.next() < 0.2
          if (restarted) await goOn(home)
          const result: AuditVerification = verifyHome(home)
          const name = `${kind}${restarted ? ' and then a restart' : ''}, case ${done}`
          expect(result, name).toMatchObject({ ok: false, firstBadSequence: first })
          found.set(kind, (found.get(kind) ?? 0) + 1)
        }
      })
    }
    figure(
      'A3',
      `${done} of ${done} falsifications found: ${[...found].map(([kind, n]) => `${kind} ${n}`).join(', ')}`,
    )
  },
  full ? 3_600_000 : 120_000,
)

function tamper(kind: string, records: AuditRecord[], random: Random): number {
  const falsify = tampers[kind]
  if (falsify === undefined) throw new Error(`There is no ${kind}`)
  return falsify(records, random)
}

function rollBack(home: string, grown: Grown, random: Random): number {
  const older = random.pick(grown.older)
  replaceStore(home, older.home)
  return older.records + 1
}
