import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Client } from '#client/client.ts'
import type { LogLine } from '#contract/logs.ts'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { startWritingApp, type WritingApp } from '../support/writing-app.ts'

const pieces = [
  '\u001b[2J', '\u001b]0;title\u0007', '\u001b]8;;https://evil.example\u001b\\', '\u001bP1$q\u001b\\', '\u009b31m', '\u001b[31m', '\u001b[1000A', '\u001b[6n', '\u001bc', '\u0085',
  '\b\b\b', '\0', '\r', '\r\n', '\t', '\v', '\f', '\u2028', '\u2029', '\u202e', '\u2066', '\u200b', '\ufeff', '\u{e0041}', '\u007f', '=1+1', '+1', '-1', '@SUM(A1)', '=cmd|\' /C calc\'!A0', '"', '""', ',', ';',
  "'", '|', 'a', ' ', 'é', '🚀', '<script>', '%0d%0a', '{}', '\\n', 'level=error', '{"level":"error","msg":"', '2026-11-22T19:30:33Z ERROR ', '\n    at x (y:1:1)',
] // prettier-ignore

/** What a terminal acts on, or what hides or ends a line, but for the end of ours and what joins emoji. */
const takesEffect = /(?![\n\t\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
/** What ends a line for one reader or another. */
const ends = /[\n\r\v\f\u0085\u2028\u2029]/

/** Names of files that somebody may have in the folder of an app. */
const names = ['=1+1,x', '\u001b[2J', 'a\nb', 'a\rb', '@SUM(A1)', '$(touch canary)', '<img src=x onerror=1>', '\u202elog', '-rf', '"', '%n'] // prettier-ignore

const secret = 'canary/of the+log?7&c1e0'
/** How a program may write a secret down. */
const written: readonly string[] = [
  secret,
  JSON.stringify({ token: secret }),
  JSON.stringify(JSON.stringify({ token: secret })),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64'),
  Buffer.from(secret).toString('base64url'),
]

let daemon: TestDaemon
let shop: WritingApp
const count = scale(300, 5000)
const random = new Random(1820)
const lines = Array.from({ length: count }, (_, i) =>
  i < pieces.length
    ? `${pieces[i]}tail ${i}`
    : `${Array.from({ length: random.int(1, 12) }, () => random.pick(pieces)).join('')} ${i}`,
)

const isThere = async (client: Client, query: string, lines: number): Promise<void> =>
  vi.waitFor(async () => expect((await client.call('logs.search', { query })).lines).toHaveLength(lines), {
    timeout: 30_000,
    interval: 50,
  })

beforeAll(async () => {
  daemon = await startDaemon()
  const client = daemon.client()
  await client.call('secrets.set', { name: 'token', value: secret })
  const config = `admin:
  run: { env: { TOKEN: 'secret:token' } }
  logs: { sources: [{ file: 'logs/*.log' }] }
`
  shop = await startWritingApp(daemon, 'shop', config)
  mkdirSync(path.join(shop.folder, 'logs'))
  for (const name of names) writeFileSync(path.join(shop.folder, 'logs', `${name}.log`), 'of a file\n')
  for (let from = 0; from < lines.length; from += 500)
    await shop.write(`${lines.slice(from, from + 500).join('\n')}\n`)
  await shop.write('the last one\n')
  await isThere(client, '"the last one"', 1)
  await isThere(client, '"of a file"', names.length)
  await client.dispose()
})
afterAll(async () => {
  await shop?.remove()
  await daemon?.stop()
})

const records = async (): Promise<readonly LogLine[]> => {
  const { stdout } = await daemon.cli('logs', 'shop', '--export', 'jsonl')
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
}

/** Cells of one CSV file (RFC 4180), by record. */
function parseCsv(text: string): string[][] {
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/g)]
        .slice(0, 8)
        .map(([, cell = '']) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    )
}

test('S18: whatever an app writes and its files are called, a terminal sees plain text', async () => {
  let shown = 0
  const [first] = await records()
  for (const args of [
    ['logs', 'shop', '--limit', '100000'],
    ['logs', 'shop', '--search', 'tail', '--context', '3'],
    ['logs', 'sources'],
    ['logs', 'show', first?.id ?? ''],
    ['apps', 'list'],
    ['apps', 'output', 'shop', '--lines', '10000'],
  ]) {
    const { code, stdout, stderr } = await daemon.cli(...args)
    expect([args, code, stderr]).toEqual([args, 0, ''])
    expect([args, takesEffect.exec(stdout)]).toEqual([args, null])
    shown += stdout.length
  }
  figure(
    'S18',
    `${count} hostile lines and ${names.length} names of files in ${shown} characters: 0 that take effect`,
  )
})

test('S19: a record is one line of each export, and no cell of it a formula', async () => {
  const all = await records()
  expect(all.length).toBeGreaterThan(count / 2)
  for (const format of ['jsonl', 'csv', 'txt']) {
    const { stdout } = await daemon.cli('logs', 'shop', '--export', format)
    const end = format === 'csv' ? '\r\n' : '\n'
    const rows = stdout.split(end).slice(0, -1)
    expect([format, rows.length]).toEqual([format, all.length + (format === 'csv' ? 1 : 0)])
    expect(rows.filter((row) => ends.test(row) || row.includes('\0'))).toEqual([])
  }
  const cells = parseCsv((await daemon.cli('logs', 'shop', '--export', 'csv')).stdout)
  expect(cells.filter((row) => row.length !== 8)).toEqual([])
  expect(cells.flat().filter((cell) => /^\s*[=+\-@\t\r]/.test(cell))).toEqual([])
  expect(new Set(all.map(({ source }) => source)).size).toBe(names.length + 1)
  figure('S19', `${all.length} records of logs in 3 forms: 0 split, 0 formulas`)
})

test('S17: no pattern of a user takes long on any line, and none that cannot be read is taken', async () => {
  const client = daemon.client()
  const size = 250_000
  const long = ['a'.repeat(size), 'ab'.repeat(size / 2), `${' '.repeat(size)}x`, '((('.repeat(size / 3)]
  await shop.write(`${long.join('\n')}\nlongs end\n`)
  await isThere(client, '"longs end"', 1)
  const patterns = [
    '(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*a){20}', '([a-z]+)*\\d', '^(\\s+)+$', '(x+x+)+y', '(.*)*$', '((a*)*)*b', '\\s+$', '(?i)(a|b|ab)*c', '(a?){30}a{30}', '[^x]*x[^x]*y', '(ab)*\\1', '(?=a)a', '(', '[', 'a{1001}', '(?P<n',
  ] // prettier-ignore
  let slowest = 0
  let refused = 0
  for (let round = 0; round < scale(1, 5); round++)
    for (const pattern of patterns) {
      const begun = performance.now()
      const answer = await client
        .call('logs.search', { query: `/${pattern}/`, limit: 10 })
        .catch((error: unknown) => error)
      slowest = Math.max(slowest, performance.now() - begun)
      if (answer instanceof Error) {
        expect(answer).toMatchObject({ code: 'log-query-invalid' })
        refused++
      }
    }
  expect(refused).toBeGreaterThan(0)
  // A page is answered after 400 ms at the latest, plus the one line that was looked at then.
  if (full) expect(slowest).toBeLessThan(400 + 300)
  figure(
    'S17',
    `${patterns.length} patterns on lines of ${size} characters, slowest answer ${slowest.toFixed(0)} ms`,
  )
  await client.dispose()
})

test('S20: a secret that an app writes is in no record, no file of the logs and no export, however it is written', async () => {
  for (const [index, text] of written.entries()) {
    const line = `${index} says ${text} ends\n`
    // In two halves, at every place that a chunk may end.
    for (let at = 1; at < line.length; at += scale(7, 1)) {
      await shop.write(line.slice(0, at))
      await shop.write(line.slice(at))
    }
  }
  await shop.write('secrets end\n')
  const client = daemon.client()
  await isThere(client, '"secrets end"', 1)
  await client.dispose()
  const { stdout } = await daemon.cli('logs', 'shop', '--search', 'says', '--export', 'jsonl')
  expect(stdout.split('[redacted]').length).toBeGreaterThan(written.length)
  const folder = path.join(statePaths(daemon.home).logStore, 'shop')
  const kept = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'latin1'))
  const places = [stdout, ...kept]
  const left = written.flatMap((text) => places.filter((place) => place.includes(text)))
  expect(left).toEqual([])
  figure(
    'S20',
    `${written.length} forms of a secret in ${stdout.split('\n').length - 1} lines of a log: 0 left`,
  )
})
