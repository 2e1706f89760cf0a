import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditEntry } from '#contract/audit.ts'
import { dataOf, errorOf, openTerminal } from '../support/cli.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let folder: string

beforeAll(async () => {
  daemon = await startDaemon()
  folder = temporaryHome()
  for (let i = 0; i < 6; i++) await daemon.cli('ports', 'lease', `shop-${i}`)
  await daemon.cli('ports', 'lease', 'shop-0', '--kind', 'web')
  await daemon.cli('ports', 'release', 'shop-1', '--yes')
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await daemon.stop()
})

interface Page {
  readonly entries: readonly AuditEntry[]
  readonly next: string | null
}
const list = async (...flags: readonly string[]): Promise<Page> =>
  dataOf(await daemon.cli('audit', 'list', ...flags, '--json')) as Page

test('pages follow one another without a gap, and --all is the same in one', async () => {
  const sequences: number[] = []
  let cursor: string | null = null
  do {
    const page: Page = await list('--limit', '3', ...(cursor === null ? [] : ['--cursor', cursor]))
    expect(page.entries.length).toBeLessThanOrEqual(3)
    sequences.push(...page.entries.map(({ sequence }) => sequence))
    cursor = page.next
  } while (cursor !== null)
  const all = await list('--all')
  expect(all.next).toBeNull()
  expect(sequences).toEqual(all.entries.map(({ sequence }) => sequence))
  expect(sequences).toEqual(sequences.toSorted((a, b) => b - a))
})

test('every filter narrows the list down to what it says', async () => {
  const filters: readonly (readonly [readonly string[], (entry: AuditEntry) => boolean, number])[] = [
    [['--action', 'delete'], ({ action }) => action === 'delete', 1],
    [['--resource', 'shop-2'], ({ resource }) => resource.name === 'shop-2', 1],
    [['--resource', 'lease:shop-0'], ({ resource }) => resource.name === 'shop-0', 2],
    [['--outcome', 'failed'], ({ outcome }) => outcome === 'failed', 1],
    [['--text', 'SHOP-3'], ({ resource }) => resource.name === 'shop-3', 1],
    [['--since', '1h'], () => true, 8],
    [['--until', '1h'], () => true, 0],
    [['--actor', 'nobody-of-that-name'], () => true, 0],
  ]
  for (const [flags, matches, count] of filters) {
    const { entries } = await list(...flags)
    expect({ flags, count: entries.length, all: entries.every(matches) }).toEqual({ flags, count, all: true })
  }
})

test('a failed attempt is shown with its code, and show has the details', async () => {
  const [failed] = (await list('--outcome', 'failed')).entries
  const shown = await daemon.cli('audit', 'show', String(failed?.sequence))
  expect(shown.stdout).toMatch(/Outcome +failed \(conflict\)/)
  expect(shown.stdout).toMatch(/kind +"web"/)
})

test('an export is complete, closed to others, verifiable, and itself recorded', async () => {
  const file = path.join(folder, 'trail.jsonl')
  const { records } = dataOf(await daemon.cli('audit', 'export', '--output', file, '--json')) as {
    records: number
  }
  expect(records).toBeGreaterThanOrEqual(8)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(dataOf(await daemon.cli('audit', 'verify', '--file', file, '--json'))).toMatchObject({ ok: true })
  expect((await list('--action', 'export')).entries[0]?.outcome).toBe('ok')
  expect(readdirSync(folder)).toEqual(['trail.jsonl'])
})

test('an export that was changed in one place fails, by the place, with exit code 6', async () => {
  const file = path.join(folder, 'changed.jsonl')
  await daemon.cli('audit', 'export', '--output', file)
  writeFileSync(file, readFileSync(file, 'utf8').replace('shop-2', 'shop-9'))
  const result = await daemon.cli('audit', 'verify', '--file', file, '--json')
  expect(result.code).toBe(6)
  const found = JSON.parse(result.stdout) as { ok: boolean; firstBadSequence: number }
  expect(found).toMatchObject({ ok: false, firstBadSequence: expect.any(Number) as number })
  expect(errorOf(result)).toMatchObject({ code: 'verify-failed' })
  const spoken = await daemon.cli('audit', 'verify', '--file', file)
  expect(spoken.stdout).toContain(`First bad record: ${found.firstBadSequence}`)
})

test('CSV to the standard output has a header and nothing that a spreadsheet would run', async () => {
  const { stdout, code } = await daemon.cli('audit', 'export', '--format', 'csv', '--resource', 'shop-4')
  expect(code).toBe(0)
  expect(stdout.split(/\r?\n/)[0]).toMatch(/^sequence,timestamp,/)
  expect(stdout).toContain('shop-4')
  expect(stdout).not.toContain('shop-5')
})

test('a checkpoint that was written down is found again, and another is not', async () => {
  const { sequence, hash } = dataOf(await daemon.cli('audit', 'checkpoint', '--json')) as {
    sequence: number
    hash: string
  }
  const wrong = hash.replace(/^./, (first) => (first === '0' ? '1' : '0'))
  for (const flags of [[], ['--offline']]) {
    const verify = (pin: string) => daemon.cli('audit', 'verify', '--pin', `${sequence}:${pin}`, ...flags)
    expect((await verify(hash)).code).toBe(0)
    expect((await verify(wrong)).code).toBe(6)
  }
})

test('verifying shows how far it is on a terminal, and nothing of that with --quiet', async () => {
  const loud = openTerminal(daemon.home, ['audit', 'verify'])
  expect(await loud.ended).toBe(0)
  const quiet = openTerminal(daemon.home, ['audit', 'verify', '--quiet'])
  expect(await quiet.ended).toBe(0)
  expect(quiet.screen).not.toContain('░')
  expect(quiet.screen.trim().split('\n')).toHaveLength(1)
})

test('a store that was changed behind the back of a stopped daemon fails offline', async () => {
  const own = await startDaemon()
  await own.cli('ports', 'lease', 'honest')
  own.process.kill('SIGTERM')
  await new Promise((resolve) => own.process.once('close', resolve))
  expect((await own.cli('audit', 'verify')).code).toBe(0)
  // Offline: nothing was started to find that out.
  expect(existsSync(path.join(own.home, 'daemon.json'))).toBe(false)
  const store = new Database(path.join(own.home, 'quantum-admin.sqlite'))
  const triggers = store
    .prepare("select name from sqlite_master where type = 'trigger'")
    .pluck()
    .all() as string[]
  for (const trigger of triggers) store.exec(`drop trigger "${trigger}"`)
  const table = store
    .prepare("select name from sqlite_master where type = 'table' and name like 'audit%' order by name")
    .pluck()
    .all() as string[]
  let changed = 0
  for (const name of table) {
    const columns = store
      .prepare(`select name from pragma_table_info('${name}') where type like '%text%'`)
      .pluck()
      .all() as string[]
    for (const column of columns) {
      changed += store
        .prepare(
          `update "${name}" set "${column}" = replace("${column}", 'honest', 'hidden') where instr("${column}", 'honest')`,
        )
        .run().changes
    }
  }
  expect(changed).toBeGreaterThan(0)
  store.close()
  const result = await own.cli('audit', 'verify')
  expect(result.code).toBe(6)
  expect(result.stdout).toContain('was changed')
  rmSync(own.home, { recursive: true })
})
