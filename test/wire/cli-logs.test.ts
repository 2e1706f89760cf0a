import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import type { LogDetail, LogLine, LogSourceRow } from '#contract/logs.ts'
import { dataOf, errorOf, openTerminal, withoutColour } from '../support/cli.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { startWritingApp, type WritingApp } from '../support/writing-app.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const time = z.iso.datetime({ precision: 3, offset: false })
const level = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
const record = z.strictObject({
  id: z.string(),
  app: z.string(),
  source: z.string(),
  time,
  timeFrom: z.enum(['line', 'arrival']),
  level: level.nullable(),
  kind: z.enum(['application', 'database', 'access']),
  text: z.string(),
  messageAt: z.int(),
})
const detail = record.extend({ format: z.string(), fields: z.record(z.string(), z.string()) })
const sourceRow = z.strictObject({
  app: z.string(),
  source: z.string(),
  kind: record.shape.kind,
  problem: z.string().nullable(),
  lines: z.int(),
  bytes: z.int(),
  newest: time.nullable(),
})

let daemon: TestDaemon
let folder: string
let shop: WritingApp
let till: WritingApp
let all: readonly LogLine[]

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
const json = (minutes: number, members: object): string =>
  JSON.stringify({ time: minutesAgo(minutes), ...members })
/** What would take over a terminal, a spreadsheet or a reader of lines. */
const hostile = '=1+1 \u001b]0;owned\u0007\u001b[2J\u001b[31mred\u001b[0m\u009b5A\u202egnp\u0000\u2028end'
const many = 1500
const lines: readonly string[] = [
  ...Array.from({ length: many }, (_, index) => `${minutesAgo(120)} DEBUG filler ${index}`),
  `${minutesAgo(60)} INFO started`,
  `${minutesAgo(50)} WARN Slow Query /var/log/x`,
  `${minutesAgo(40)} ERROR it broke\n    at main.ts:4:2\n    at other.ts:1:1`,
  json(30, { level: 'info', msg: 'request done', status: 200, ms: 12.5, path: '/api/items' }),
  json(20, { level: 'error', msg: 'payment failed', status: 503, path: '/api/pay', user: { id: 'ana' } }),
  json(10, { level: 'fatal', msg: 'out of memory', status: 500, path: '/api/pay', user: { id: 'ben' } }),
]

const accessLog = 'logs/access.log'
/** As Apache and nginx log a request. */
function request(minutes: number, target: string): string {
  const [, day, month, year, at] = /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(
    new Date(Date.now() - minutes * 60_000).toUTCString(),
  ) ?? ['']
  return `10.0.0.7 - - [${day}/${month}/${year}:${at} +0000] "GET ${target} HTTP/1.1" 200 12 "-" "curl/8"\n`
}

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = temporaryHome()
  shop = await startWritingApp(daemon, 'shop')
  const sources = `admin: { logs: { sources: [{ file: ${accessLog}, kind: access }] } }\n`
  till = await startWritingApp(daemon, 'till', sources)
  mkdirSync(path.join(till.folder, 'logs'))
  writeFileSync(path.join(till.folder, accessLog), request(14, '/healthz') + request(13, '/cart'))
  await shop.write(`${lines.join('\n')}\n${hostile}\n`)
  await till.write(`${minutesAgo(35)} INFO till opened\n${minutesAgo(5)} ERROR till broke\n`)
  while ((await counted()).total < lines.length + 5);
  all = await recordsOf('--limit', '100000')
})
afterAll(async () => {
  await shop.remove()
  await till.remove()
  await daemon.stop()
  rmSync(folder, { recursive: true })
})

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')

async function recordsOf(...flags: readonly string[]): Promise<readonly LogLine[]> {
  const { code, stdout, stderr } = await daemon.cli('logs', ...flags, '--json')
  expect({ code, stderr: linesOf(stderr).filter((line) => !line.startsWith('Nothing')) }).toEqual({
    code: 0,
    stderr: [],
  })
  const records = linesOf(stdout).map((line) => JSON.parse(line) as LogLine)
  expect(z.array(record).safeParse(records).error?.issues ?? []).toEqual([])
  return records
}

const counted = async (...flags: readonly string[]) =>
  dataOf(await daemon.cli('logs', ...flags, '--count', '--json')) as {
    total: number
    levels: Record<string, number>
  }

const has = (part: string) => (one: LogLine) => one.text.toLowerCase().includes(part)
const member = (one: LogLine): Record<string, unknown> =>
  one.text.startsWith('{') ? (JSON.parse(one.text) as Record<string, unknown>) : {}
const isPast = (minutes: number) => (one: LogLine) => Date.parse(one.time) < Date.now() - minutes * 60_000

const narrowed: readonly (readonly [readonly string[], number, (one: LogLine) => boolean])[] = [
  [['shop'], lines.length + 1, ({ app }) => app === 'shop'],
  [['till'], 4, ({ app }) => app === 'till'],
  [['shop', 'till'], lines.length + 5, () => true],
  [['--level', 'fatal'], 1, (one) => one.level === 'fatal'],
  [['--level', 'warn'], 5, (one) => ['warn', 'error', 'fatal'].includes(one.level ?? '')],
  [['--kind', 'errors'], 4, (one) => ['error', 'fatal'].includes(one.level ?? '')],
  [['--kind', 'errors', '--level', 'fatal'], 1, (one) => one.level === 'fatal'],
  [['--kind', 'application'], lines.length + 3, ({ kind }) => kind === 'application'],
  [['--kind', 'database'], 0, () => false],
  [['--kind', 'access'], 2, ({ source }) => source === accessLog],
  [['--source', 'output'], lines.length + 3, ({ source }) => source === 'output'],
  [['--source', accessLog], 2, ({ source }) => source === accessLog],
  [['--source', 'output', '--source', accessLog], lines.length + 5, () => true],
  [['--search', 'slow query'], 1, has('slow query')],
  [['--search', '"Slow Query"'], 1, has('slow query')],
  [['--search', '/var/log/x'], 1, has('/var/log/x')],
  [['--search', 'broke -till'], 1, has('it broke')],
  [['--search', 'other.ts:1:1'], 1, has('other.ts:1:1')],
  [['--search', 'status>=500 user.id:a*'], 1, has('"ana"')],
  [['--search', 'level:debug filler -/filler \\d{2,}/'], 10, (one) => /filler \d$/.test(one.text)],
  [['--search', 'level:none'], 1, (one) => one.level === null],
  [['--search', 'app:till level!=info'], 1, has('till broke')],
  [['--search', 'kind:access source:*/access.log -healthz'], 1, has('/cart')],
  [['--regex', '^.*filler (7|8)$'], 2, (one) => /filler [78]$/.test(one.text)],
  [['--regex', '/api/(items|pay)'], 3, has('/api/')],
  [['--field', 'status=503'], 1, (one) => member(one)['status'] === 503],
  [['--field', 'status>=500', '--field', 'path=/api/pay'], 2, (one) => Number(member(one)['status']) >= 500],
  [['--field', 'ms<12.6'], 1, (one) => Number(member(one)['ms']) < 12.6],
  [['--since', '45m', '--until', '15m'], 4, (one) => !isPast(45)(one) && isPast(15)(one)],
  [['--until', '90m'], many, isPast(90)],
  [['--search', 'no such text anywhere'], 0, () => false],
]

test('the list of apps says how many errors each wrote in the last hour', async () => {
  const rows = dataOf(await daemon.cli('apps', 'list', '--json')) as readonly {
    name: string
    errors: number
  }[]
  expect(rows.map(({ name, errors }) => [name, errors])).toEqual([
    ['shop', 3],
    ['till', 1],
  ])
  expect((await daemon.cli('apps', 'list')).stdout).toMatch(/ERRORS[^]*shop .* 3 [^]*till .* 1 /)
})

test.each(narrowed)('%j leaves what it says, and is counted alike', async (flags, count, matches) => {
  const found = await recordsOf(...flags, '--limit', '100000')
  expect(found.map(({ text }) => text)).toEqual(all.filter(matches).map(({ text }) => text))
  expect(found).toHaveLength(count)
  const { total, levels } = await counted(...flags)
  expect([total, Object.values(levels).reduce((sum, one) => sum + one, 0)]).toEqual([count, count])
  expect((await daemon.cli('logs', ...flags, '--count')).stdout).toBe(`${count}\n`)
})

test('the newest are shown, in the order of time', async () => {
  expect(all.map(({ time: at }) => at)).toEqual(all.map(({ time: at }) => at).toSorted())
  expect(await recordsOf('--limit', '3')).toEqual(all.slice(-3))
  expect(await recordsOf()).toEqual(all.slice(-100))
  expect(await recordsOf('--limit', '1200')).toEqual(all.slice(-1200))
})

test('what stands around each is shown with it, and told apart', async () => {
  const { stdout } = await daemon.cli('logs', '--search', '/^.*filler (7|8|20)$/', '--context', '1', '--json')
  const shown = linesOf(stdout).map((line) => JSON.parse(line) as LogLine & { match: boolean })
  expect(shown.map(({ text, match }) => [Number(/\d+$/.exec(text)?.[0]), match])).toEqual([
    [6, false],
    [7, true],
    [8, true],
    [9, false],
    [19, false],
    [20, true],
    [21, false],
  ])
  const spoken = await daemon.cli('logs', '--search', '/^.*filler (7|20)$/', '--context', '1')
  expect(linesOf(spoken.stdout).map((line) => /(\d+)$/.exec(line)?.[1] ?? line)).toEqual([
    '6',
    '7',
    '8',
    '--',
    '19',
    '20',
    '21',
  ])
})

test('one record is shown with all that is understood of it', async () => {
  const [paid] = await recordsOf('--search', 'payment')
  const shown = dataOf(await daemon.cli('logs', 'show', paid?.id ?? '', '--json')) as LogDetail
  expect(detail.safeParse(shown).error?.issues ?? []).toEqual([])
  expect(shown).toMatchObject({ ...paid, fields: { status: '503', 'user.id': 'ana' } })
  const spoken = await daemon.cli('logs', 'show', paid?.id ?? '')
  expect(spoken.stdout).toMatch(/ {2}user\.id +ana\n/)
  expect(spoken.stdout).toContain(`\n\n${paid?.text}\n`)
})

test("the daemon's own log is found by its name, is no part of all, and does not grow by being read", async () => {
  const count = async (...flags: readonly string[]) => (await daemon.cli('logs', ...flags, '--count')).stdout
  expect((await recordsOf('--source', 'daemon')).map(({ app, source }) => `${app}/${source}`)).toContain(
    'quantum-admin/daemon',
  )
  expect((await recordsOf('quantum-admin')).map(({ text }) => text).join('\n')).toContain('The daemon starts')
  const before = await count('--source', 'daemon')
  expect(await count('--search', '"The daemon starts"')).toBe('0\n')
  expect(await count('--source', 'daemon')).toBe(before)
})

test('sources tell how much is kept of each', async () => {
  const rows = dataOf(await daemon.cli('logs', 'sources', '--json')) as readonly LogSourceRow[]
  expect(z.array(sourceRow).safeParse(rows).error?.issues ?? []).toEqual([])
  expect(rows.toSorted((a, b) => a.lines - b.lines || (a.source < b.source ? -1 : 1))).toMatchObject([
    { app: 'quantum-admin', source: 'daemon', problem: null },
    { app: 'till', source: accessLog, kind: 'access', problem: null, lines: 2 },
    { app: 'till', source: 'output', kind: 'application', problem: null, lines: 2 },
    { app: 'shop', source: 'output', problem: null, lines: lines.length + 1 },
  ])
  const { stdout } = await daemon.cli('logs', 'sources', 'till')
  expect(stdout).toMatch(/^APP .*\n(?:till .*\n){2}$/)
  expect(stdout).toMatch(/till +logs\/access\.log +access +2 /)
})

test('a person sees levels in colour, further lines indented, and nothing that acts on the terminal', async () => {
  const terminal = openTerminal(daemon.home, ['logs', '--limit', '10'], { columns: 200 })
  expect(await terminal.ended).toBe(0)
  const screen = terminal.screen.replaceAll('\r', '')
  expect(screen).toContain(
    '\u001b[31mERROR\u001b[39m \u001b[36mshop/output\u001b[39m it broke\n        at main.ts:4:2\n',
  )
  expect(screen).toContain('=1+1 \u001b[31mred\u001b[0m\\u202egnp\\x00\\u2028end')
  expect(withoutColour(screen)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  for (const flags of [['--no-color'], []]) {
    const env = flags.length > 0 ? {} : { NO_COLOR: '1' }
    const plain = openTerminal(daemon.home, ['logs', '--limit', '10', ...flags], { columns: 200, env })
    await plain.ended
    expect(plain.screen).not.toContain('\u001b')
  }
  expect((await daemon.cli('logs', '--limit', '10')).stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
})

test('an export is what a search finds, each record on a line of its own', async () => {
  const search = await daemon.cli('logs', '--limit', '100000', '--json')
  expect((await daemon.cli('logs', '--export', 'jsonl')).stdout).toBe(search.stdout)
  const ends = /\r\n|[\n\r\v\f\0\u0085\u2028\u2029]/
  const csv = (await daemon.cli('logs', '--export', 'csv')).stdout.split(ends)
  expect([csv[0], csv.length]).toEqual(['id,app,source,time,time_from,level,kind,text', all.length + 2])
  expect(csv.map((line) => /^(?:[\w@/.-]+),/.exec(line)?.[0]).slice(1, -1)).toEqual(
    all.map(({ id }) => `${id},`),
  )
  expect(csv.at(-2) ?? '').toContain(`"'=1+1 red\\u202egnp\\x00\\u2028end"`)
  expect(csv.find((line) => line.includes('/cart')) ?? '').toContain(`,"10.0.0.7 - - [`)
  const txt = (await daemon.cli('logs', '--export', 'txt', 'till')).stdout.split(ends)
  expect(txt.map((line) => line.replace(/^\S+ /, '').replace(/(?:10\.0\.0\.7|"GET).*/, '...'))).toEqual([
    'INFO  till/output till opened',
    `INFO  till/${accessLog} ...`,
    `INFO  till/${accessLog} ...`,
    'ERROR till/output till broke',
    '',
  ])
  const few = await daemon.cli('logs', '--export', 'jsonl', '--limit', '3')
  expect(linesOf(few.stdout)).toEqual(linesOf(search.stdout).slice(-3))
})

test('a file appears once it is whole, for its owner alone, and is not replaced without a yes', async () => {
  const file = path.join(folder, 'logs.jsonl')
  const words = ['logs', 'till', '--export', 'jsonl', '--output', file] as const
  expect(dataOf(await daemon.cli(...words, '--json'))).toEqual({ format: 'jsonl', output: file, records: 4 })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const written = readFileSync(file, 'utf8')
  writeFileSync(file, 'mine')
  const refused = await daemon.cli(...words, '--json')
  expect([refused.code, errorOf(refused).code]).toEqual([4, 'confirmation-required'])
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect((await daemon.cli(...words, '--yes')).stderr).toMatch(/^4 records written to /)
  expect(readFileSync(file, 'utf8')).toBe(written)
  const nowhere = await daemon.cli('logs', '--export', 'txt', '--output', '/nowhere/x', '--json')
  expect([nowhere.code, errorOf(nowhere).code]).toEqual([2, 'wrong-use'])
  expect(readdirSync(folder)).toEqual(['logs.jsonl'])
})

test.each([
  [['nobody'], 3, 'not-found', /"nobody"/],
  [['--source', 'elsewhere'], 3, 'not-found', /"elsewhere"/],
  [['show', 'shop/999999999'], 3, 'not-found', /shop\/999999999/],
  [['show', 'x'], 2, 'invalid-params', /id/],
  [['--level', 'loud'], 2, 'wrong-use', /--level[^]*loud/],
  [['--kind', 'web'], 2, 'wrong-use', /--kind[^]*web/],
  [['--limit', '0'], 2, 'wrong-use', /--limit must be/],
  [['--context', '-1'], 2, 'wrong-use', /--context must be/],
  [['--since', 'yesterday'], 2, 'wrong-use', /--since must be/],
  [['--since', '1h', '--until', '2h'], 2, 'wrong-use', /--until[^]*before --since/],
  [['--field', 'status'], 2, 'wrong-use', /--field must be NAME=VALUE/],
  [['--regex', ''], 2, 'wrong-use', /--regex/],
  [['--regex', '('], 2, 'log-query-invalid', /\(/],
  [['--search', 'a (b OR c)'], 2, 'log-query-invalid', /--search/],
  [['--follow', '--count'], 2, 'wrong-use', /--follow does not go with --count/],
  [['--count', '--limit', '5'], 2, 'wrong-use', /--count does not go with --limit/],
  [['--output', 'x'], 2, 'wrong-use', /--output only goes with --export/],
  [['--export', 'xml'], 2, 'wrong-use', /--export[^]*xml/],
  [['show', 'shop/1', '--count'], 2, 'wrong-use', /--count does not go with logs show/],
  [['--watch'], 2, 'wrong-use', /--watch/],
] as const)('wrong use is told: logs %j', async (words, code, name, says) => {
  const told = await daemon.cli('logs', ...words, '--json')
  const error = errorOf(told)
  expect([told.code, error.code, told.stdout]).toEqual([code, name, ''])
  expect(error.message).toMatch(says)
  expect(existsSync('x')).toBe(false)
})

test('a name that is nearly right is answered with the right one', async () => {
  for (const words of [
    ['logs', 'shpo'],
    ['apps', 'start', 'shpo'],
  ])
    expect((await daemon.cli(...words)).stderr).toMatch(/There is no app "shpo"[^]*Did you mean shop\?/)
  expect((await daemon.cli('logs', '--source', 'outptu')).stderr).toMatch(/Did you mean output\?/)
})

test('a query that cannot be read is shown with a caret below its place', async () => {
  const { code, stderr, stdout } = await daemon.cli('logs', '--search', 'timeout level:eror')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(
    /^quantum-admin: --search cannot be read: expected one of trace.*\n {2}timeout level:eror\n {10}\^{10}\ncode: log-query-invalid\n/,
  )
})
