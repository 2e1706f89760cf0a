import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditEntry } from '#contract/audit.ts'
import { contract, type MethodName, type Params } from '#contract/index.ts'
import type { Role } from '#contract/method.ts'
import { Failure } from '#base/failure.ts'
import { Lifetime } from '#base/lifetime.ts'
import { statePaths } from '#base/state-paths.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Change, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { verifyExport } from './audit-export-source.ts'
import { auditHandlers } from './audit-handlers.ts'
import { AuditService } from './audit-service.ts'
import { verifyStore } from './audit-store-source.ts'

let life = new Lifetime()
let home = ''
beforeEach(() => {
  life = new Lifetime()
  home = mkdtempSync(path.join(tmpdir(), 'qa-audit-'))
  life.onDispose(() => rmSync(home, { recursive: true, force: true }))
})
afterEach(() => life.dispose())

const verifyCommand = [
  process.execPath,
  '--input-type=module',
  '-e',
  `import { runVerify } from ${JSON.stringify(path.join(import.meta.dirname, '../../verify-main.ts'))}
   const [home, pin] = process.argv.slice(1)
   process.exitCode = runVerify({ home: home.slice('--home='.length), pin: pin?.slice('--pin='.length) })`,
  '--',
]

/** A clock that a test sets. */
const time = { now: Date.parse('2026-03-01T10:00:00.000Z') }

async function setup(work: (change: Change) => unknown = () => null) {
  const paths = statePaths(home)
  const store = life.own(await openStore({ file: paths.store }))
  let ids = 0
  const audit = life.own(
    await AuditService.open({
      store,
      folder: paths.audit,
      clock: { now: () => time.now, monotonic: () => performance.now() },
      newId: () => `id-${++ids}`,
      log: () => undefined,
      verifyCommand,
    }),
  )
  // Every other command does what the test says.
  const others = Object.keys(contract).map((name) => [name, (_: unknown, change: Change) => work(change)])
  const handlers = { ...(Object.fromEntries(others) as Handlers), ...auditHandlers(audit) }
  const clock = { now: () => time.now, monotonic: () => performance.now() }
  const execute = createExecutor({ handlers, trail: audit, clock })
  const pieces: string[] = []
  const call = <M extends MethodName>(name: M, params: Params<M>, role: Role = 'admin', user = 'ana') =>
    callsAs(execute, role, {
      caller: { id: `u-${user}`, name: user, client: 'test/0', address: 'local', role },
      emit: (piece) => Promise.resolve(void pieces.push((piece as { text: string }).text)),
    })(name, params)
  const verify = () => verifyStore({ store: paths.store, folder: paths.audit })
  const lease = (name: string, user = 'ana') => call('leases.allocate', { name }, 'operator', user)
  const entries = async (filter: Params<'audit.list'> = {}) => (await call('audit.list', filter)).entries
  return { call, lease, entries, verify, audit, store, paths, pieces }
}

const shown = (entries: readonly AuditEntry[]) =>
  entries.map(({ action, resource, outcome, errorCode }) =>
    [action, resource.name, outcome, errorCode].join(' '),
  )

test('a command is one entry with who, what, when, how it ended and what changed', async () => {
  const { lease, entries } = await setup((change) => change.note({ new: { port: 3000 } }))
  await lease('web')
  expect(await entries()).toEqual([
    {
      id: 'id-1',
      sequence: 1,
      timestamp: '2026-03-01T10:00:00.000Z',
      actor: { id: 'u-ana', name: 'ana', client: 'test/0', address: 'local' },
      action: 'create',
      resource: { type: 'lease', id: 'web', name: 'web' },
      project: null,
      details: { kind: null, port: null, new: { port: 3000 } },
      outcome: 'ok',
      errorCode: null,
      durationMs: expect.any(Number),
    },
  ])
})

test('failed, refused and forbidden attempts are on the trail with their code', async () => {
  const codes = ['conflict', 'refused'] as const
  let attempt = 0
  const { lease, call, entries } = await setup(() => {
    throw new Failure(codes[attempt++] ?? 'internal', 'No')
  })
  await expect(lease('a')).rejects.toMatchObject({ code: 'conflict' })
  await expect(lease('b')).rejects.toMatchObject({ code: 'refused' })
  await expect(call('leases.allocate', { name: 'c' }, 'viewer')).rejects.toMatchObject({ code: 'forbidden' })
  expect(shown(await entries())).toEqual([
    'create c refused forbidden',
    'create b refused refused',
    'create a failed conflict',
  ])
})

test('an entry is pending while its command runs', async () => {
  const { lease, entries } = await setup(async () => {
    expect(shown(await entries({ outcome: 'pending' }))).toEqual(['create web pending '])
  })
  await lease('web')
  expect(await entries({ outcome: 'pending' })).toEqual([])
  expect(shown(await entries())).toEqual(['create web ok '])
})

test('secrets in details are replaced before they are stored', async () => {
  const { lease, entries, paths } = await setup((change) =>
    change.note({ old: { password: 'hunter2-hunter2' }, url: 'https://ana:s3cr3t-pw@example.com/' }),
  )
  await lease('web')
  expect((await entries())[0]?.details).toMatchObject({
    old: { password: '[redacted]' },
    url: 'https://ana:[redacted]@example.com/',
  })
  const stored = ['', '-wal'].map((suffix) => readFileSync(paths.store + suffix, 'latin1')).join('')
  expect(stored).toContain('[redacted]')
  expect(stored).not.toMatch(/hunter2|s3cr3t/)
})

test('details too long to keep are cut and say so', async () => {
  const { lease, entries, verify } = await setup((change) => change.note({ text: 'x'.repeat(100_000) }))
  await lease('web')
  const details = (await entries())[0]?.details
  expect(details).toMatchObject({ cutFrom: 100_011 })
  expect(JSON.stringify(details).length).toBeLessThan(17_000)
  expect(verify()).toMatchObject({ ok: true })
})

test('hostile text is stored as it is and breaks neither the chain nor a line of an export', async () => {
  const nasty = 'a\r\nb\0c\u2028d\u2029e\u0085f\ud800g"h\\i\u001b]0;x\u0007'
  const { lease, call, entries, verify, pieces } = await setup((change) => change.note({ nasty }))
  await lease('web')
  expect((await entries())[0]?.details['nasty']).toBe(nasty)
  await call('audit.export', { format: 'jsonl' })
  const lines = pieces.join('').split(/[\n\r\v\f\u0085\u2028\u2029]/)
  expect(lines.slice(0, -1).map((line) => typeof JSON.parse(line))).toEqual(Array(4).fill('object'))
  pieces.length = 0
  await call('audit.export', { format: 'csv' })
  const rows = pieces.join('').split(/\r\n|[\n\r\v\f\0\u0085\u2028\u2029]/)
  expect(rows).toHaveLength(5)
  expect(rows[4]).toBe('')
  expect(verify()).toMatchObject({ ok: true })
})

test('no cell of the CSV form is a formula', async () => {
  const { call, pieces } = await setup()
  const signs = ['=1+1', '+1', '-1', '@x', '\tx', '\rx']
  for (const name of signs)
    await call('processes.stop', { pid: 9, startedAt: '2026-01-01T00:00:00.000Z', name })
  await call('audit.export', { format: 'csv', filter: { action: 'stop' } })
  const names = pieces
    .join('')
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.split(',')[10])
  expect(names).toEqual([`"'\\rx"`, `"'\tx"`, `"'@x"`, `"'-1"`, `"'+1"`, `"'=1+1"`])
})

test('the list can be paged without a gap or a repetition while entries are added', async () => {
  const { call, lease } = await setup()
  for (let i = 0; i < 25; i++) await lease(`l${i}`)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await call('audit.list', { limit: 4, ...(cursor === undefined ? {} : { cursor }) })
    seen.push(...page.entries.map((entry) => entry.resource.name))
    cursor = page.next ?? undefined
    await lease(`new${seen.length}`)
  } while (cursor !== undefined)
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `l${24 - i}`))
  await expect(call('audit.list', { cursor: 'x' })).rejects.toMatchObject({ code: 'invalid-params' })
})

test('each filter finds what it names and nothing else, alone and together with others', async () => {
  let fails = false
  const { call, lease, entries } = await setup(() => {
    if (fails) throw new Failure('conflict', 'Näme taken')
  })
  await lease('web', 'ana')
  await lease('api', 'ben')
  fails = true
  await expect(lease('web', 'ben')).rejects.toMatchObject({ code: 'conflict' })
  fails = false
  await call('leases.release', { name: 'web' }, 'admin', 'ana')
  await call('containers.stop', { id: 'c1c1c1c1c1c1', name: 'web' }, 'admin', 'ben')
  const names = async (filter: Params<'audit.list'>) => (await entries(filter)).map((entry) => entry.sequence)
  expect(await names({ actor: 'ben' })).toEqual([9, 5, 3])
  expect(await names({ actor: 'u-ben' })).toEqual([9, 5, 3])
  expect(await names({ action: 'create' })).toEqual([5, 3, 1])
  expect(await names({ resource: 'lease' })).toEqual([7, 5, 3, 1])
  expect(await names({ resource: 'web' })).toEqual([9, 7, 5, 1])
  expect(await names({ resource: 'lease:web' })).toEqual([7, 5, 1])
  expect(await names({ resource: 'container:web' })).toEqual([9])
  expect(await names({ resource: 'c1c1c1c1c1c1' })).toEqual([9])
  expect(await names({ outcome: 'failed' })).toEqual([5])
  expect(await names({ outcome: 'ok' })).toEqual([9, 7, 3, 1])
  expect(await names({ project: 'shop' })).toEqual([])
  expect(await names({ text: 'NÄME' })).toEqual([5])
  expect(await names({ text: 'conFLICT', actor: 'ben' })).toEqual([5])
  expect(await names({ actor: 'ana', resource: 'web', action: 'delete', outcome: 'ok' })).toEqual([7])
  expect(await names({ actor: 'ana', outcome: 'failed' })).toEqual([])
})

test('a filter by time is right also when the clock went back', async () => {
  const { lease, entries } = await setup()
  const hour = 3_600_000
  const base = time.now
  for (const [index, offset] of [0, 1, 2, -1, 0.5, -87_600, 87_600, 3].entries()) {
    time.now = base + offset * hour
    await lease(`l${index}`)
  }
  time.now = base
  const at = (offset: number) => new Date(base + offset * hour).toISOString()
  const names = async (filter: Params<'audit.list'>) =>
    (await entries(filter)).map((entry) => entry.resource.name).join(' ')
  expect(await names({ since: at(0), until: at(1) })).toBe('l4 l1 l0')
  expect(await names({ since: at(2) })).toBe('l7 l6 l2')
  expect(await names({ until: at(-1) })).toBe('l5 l3')
  expect(await names({ since: at(0), until: at(1), resource: 'l1' })).toBe('l1')
  expect(await names({ since: at(0.25).replace('.000Z', 'Z'), until: at(0.75), limit: 1 })).toBe('l4')
})

test('a single entry is shown by its sequence; an outcome has none of its own', async () => {
  const { call, lease } = await setup()
  await lease('web')
  expect((await call('audit.show', { sequence: 1 })).outcome).toBe('ok')
  await expect(call('audit.show', { sequence: 2 })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call('audit.show', { sequence: 3 })).rejects.toMatchObject({ code: 'not-found' })
})

test('the database itself refuses to change, replace or delete a record', async () => {
  const { lease, store } = await setup()
  await lease('web')
  for (const statement of [
    sql`update audit_records set details = '{}'`,
    sql`delete from audit_records`,
    sql`insert or replace into audit_records select * from audit_records where sequence = 1`,
  ]) {
    await expect(statement.execute(store.kysely)).rejects.toThrow('audit records can only be appended')
  }
})

test('the trail verifies in a process of its own, live and against a pin', async () => {
  const { call, lease } = await setup()
  await lease('web')
  const { head } = await call('audit.head', {})
  if (head === null) throw new Error('There is no head')
  await lease('api')
  expect(await call('audit.verify', { pin: { sequence: head.sequence, hash: head.hash } })).toEqual({
    ok: true,
    entries: 2,
    checkpoints: 0,
    firstBadSequence: null,
    reason: null,
  })
  const wrong = await call('audit.verify', { pin: { sequence: 2, hash: 'f'.repeat(64) } })
  expect(wrong).toMatchObject({ ok: false })
})

test('the head file follows every command and checks with the public key', async () => {
  const { call, lease, paths } = await setup()
  await lease('web')
  const { head } = await call('audit.head', {})
  expect(JSON.parse(readFileSync(path.join(paths.audit, 'head.json'), 'utf8'))).toEqual(head)
  expect(head).toMatchObject({ sequence: 2, timestamp: '2026-03-01T10:00:00.000Z' })
})

test('everything the trail keeps is for its owner alone', async () => {
  const { call, paths } = await setup()
  await call('audit.checkpoint', {})
  const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)
  expect(mode(paths.audit)).toBe('700')
  for (const name of ['key.pem', 'head.json', 'checkpoints.jsonl', 'ballast']) {
    expect(`${name} ${mode(path.join(paths.audit, name))}`).toBe(`${name} 600`)
  }
  for (const suffix of ['', '-wal', '-shm']) expect(mode(paths.store + suffix)).toBe('600')
})

test('a checkpoint is made every thousand records and at the end', async () => {
  const { lease, audit, store, verify } = await setup()
  await Promise.all(Array.from({ length: 1100 }, (_, i) => lease(`l${i}`)))
  const during = verify().checkpoints
  expect(during).toBeGreaterThanOrEqual(1)
  await lease('last')
  await audit.dispose()
  await store.dispose()
  expect(verify()).toMatchObject({ ok: true, entries: 1101, checkpoints: during + 1 })
})

test('an export without a filter verifies offline, and one that was touched does not', async () => {
  const { call, lease, pieces } = await setup()
  for (let i = 0; i < 10; i++) await lease(`l${i}`)
  expect(await call('audit.export', { format: 'jsonl' })).toEqual({ records: 21 })
  const { publicKey, head } = await call('audit.head', {})
  const file = path.join(home, 'export.jsonl')
  const whole = pieces.join('')
  const check = (
    text: string,
    options: { publicKey?: string; pin?: { sequence: number; hash: string } } = {},
  ) => {
    writeFileSync(file, text)
    return verifyExport({ file, ...options })
  }
  expect(check(whole, { publicKey })).toMatchObject({ ok: true, entries: 11, checkpoints: 1 })
  const lines = whole.split('\n')
  expect(check(whole.replace('"resource_name":"l3"', '"resource_name":"l9"'))).toMatchObject({
    firstBadSequence: 7,
  })
  expect(check(lines.toSpliced(4, 1).join('\n'))).toMatchObject({ ok: false, firstBadSequence: 5 })
  expect(check(lines.toSpliced(4, 2, lines[5] ?? '', lines[4] ?? '').join('\n'))).toMatchObject({
    firstBadSequence: 5,
  })
  expect(check(lines.toSpliced(19, 2).join('\n'))).toMatchObject({ ok: false, firstBadSequence: 20 })
  expect(check(lines.slice(0, -2).join('\n'))).toMatchObject({ ok: false })
  expect(check(whole, { pin: { sequence: 30, hash: head?.hash ?? '' } })).toMatchObject({
    firstBadSequence: 22,
  })
  const { publicKey: other } = await otherKey()
  expect(check(whole, { publicKey: other })).toMatchObject({ ok: false, firstBadSequence: null })
})

test('an export with a filter holds the records of those entries and says that it is a part', async () => {
  const { call, lease, pieces } = await setup()
  await lease('a')
  await lease('b')
  expect(await call('audit.export', { format: 'jsonl', filter: { resource: 'b' } })).toEqual({ records: 2 })
  const lines = pieces
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map((line) => line['sequence'] ?? line['filtered'])).toEqual([3, 4, true])
  const file = path.join(home, 'export.jsonl')
  writeFileSync(file, pieces.join(''))
  expect(verifyExport({ file })).toMatchObject({ ok: false, reason: expect.stringContaining('filter') })
})

test('each change tells a new revision, and a reopened trail has the same one', async () => {
  const { lease, audit, store } = await setup()
  const told: string[] = []
  audit.changed.on((revision) => told.push(revision))
  await lease('web')
  expect(new Set(told).size).toBe(2)
  expect(told.at(-1)).toBe(audit.revision)
  await audit.dispose()
  await store.dispose()
  expect((await setup()).audit.revision).toBe(told.at(-1))
})

test('what ran when the daemon died is closed as interrupted', async () => {
  const first = await setup(() => new Promise(() => undefined))
  void first.lease('web')
  while ((await first.entries()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await first.audit.dispose()
  await first.store.dispose()
  const second = await setup()
  expect(shown(await second.entries())).toEqual(['create web interrupted '])
  expect(second.verify()).toMatchObject({ ok: true, entries: 1 })
})

async function otherKey(): Promise<{ readonly publicKey: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-audit-'))
  life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
  const store = life.own(await openStore({ file: path.join(folder, 'store') }))
  const clock = { now: () => time.now, monotonic: () => performance.now() }
  const log = () => undefined
  const audit = await AuditService.open({ store, folder, clock, newId: () => 'x', log, verifyCommand })
  life.own(audit)
  return audit.head()
}
