import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { redactText } from '#base/redact.ts'
import { LineHiding } from './hiding.ts'
import { LineSplitter } from './intake/line-splitter.ts'
import { linesOf } from './intake/lines.ts'
import { numbers } from './logs.fixture.ts'
import { LineSieve } from './scan/line-sieve.ts'

const sieveWith = (...forms: readonly string[]): LineSieve => {
  const sieve = new LineSieve()
  sieve.use(forms)
  return sieve
}

/** Lines as the intake cleans them: only those that are suspect. */
function cleaned(hiding: LineHiding, bytes: Buffer): readonly string[] {
  return new LineSplitter().push(bytes).flatMap((block) => {
    const signs = hiding.signsOf(block)
    return linesOf(block).map(({ bytes: line }, index) => {
      const text = line.toString()
      return hiding.isSuspect(signs[index] ?? 0) ? hiding.clean(text) : text
    })
  })
}

const some = (length: number): string => 'Ab0'.repeat(length).slice(0, length)
/** One of each shape that base/redact.ts knows. */
const secrets = [
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA', 'AGPA', 'AIDA', 'AROA', 'AIPA', 'ANPA', 'ANVA'].map(
    (kind) => kind + 'QXYZ'.repeat(4),
  ),
  ...['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((kind) => `${kind}_${some(36)}`),
  `github_pat_${some(22)}`,
  ...['pat', 'ptt', 'dt', 'rt', 'rtr', 'cbt', 'ft', 'soat', 'imt', 'agent', 'oas', 'ffct'].map(
    (kind) => `gl${kind}-${some(20)}`,
  ),
  `xoxb-${some(10)}`,
  `xapp-${some(10)}`,
  ...['sk', 'rk', 'pk'].flatMap((kind) => [`${kind}_live_${some(16)}`, `${kind}_test_${some(16)}`]),
  `whsec_${some(24)}`,
  `npm_${some(36)}`,
  `pypi-AgE${some(50)}`,
  `dckr_pat_${some(20)}`,
  `dckr_oat_${some(20)}`,
  `AIza${some(35)}`,
  `ya29.${some(20)}`,
  `sk-${some(32)}`,
  `sk-ant-${some(32)}`,
  `SG.${some(16)}.${some(16)}`,
  ...['doo', 'dop', 'dor'].map((kind) => `${kind}_v1_${'a0'.repeat(32)}`),
  ...['hvs', 'hvb', 'hvr'].map((kind) => `${kind}.${some(24)}`),
  `eyJ${some(8)}.${some(8)}.x`,
  `https://hooks.slack.com/services/${some(20)}`,
  'postgres://ana:pw@db',
  '://:pä@',
  'Bearer abcdef0123456789',
  'bASIC\u00a0abcdef0123456789',
  ...[
    'password',
    'passwd',
    'passphrase',
    'PWD',
    'secret',
    'Secret_Access_Key',
    'secret-key',
    'secretkey',
  ].map((name) => `${name}=hunter2hunter2`),
  ...['token', 'api_key', 'API-KEY', 'apikey', 'accessKey', 'access_key', 'account-key', 'privateKey'].map(
    (name) => `"${name}"  : "hunter2"`,
  ),
  ...['client_secret', 'authorization', 'credential', 'credentials', 'COOKIE'].map(
    (name) => `${name}\\"\u2003\u2003\u2003\u2003=>x1`,
  ),
  '-----BEGIN PRIVATE KEY-----',
  '-----BEGIN EC PRIVATE KEY-----',
]

test('every line of which something is to be hidden is suspect, whatever stands around it', () => {
  const around = ['', ' ', 'ä', 'x', '0', '_', '-', '"', 'word ', '\u00a0', '=', ':', 'é://', '{"a":"']
  const sieve = sieveWith()
  const missed: string[] = []
  for (const secret of secrets) {
    expect(redactText(secret)).not.toBe(secret)
    for (const before of around)
      for (const behind of around) {
        const line = before.repeat(1 + ((before.length + behind.length) % 3)) + secret + behind
        // What stands in the lines beside it, and where it begins, make no difference.
        const bytes = Buffer.from(`${'n'.repeat(missed.length % 17)}\n${line}\nnothing here\n`)
        if (redactText(line) !== line && cleaned(new LineHiding(sieve), bytes)[1] === line) missed.push(line)
      }
  }
  expect(missed).toEqual([])
})

test('each shape of a secret is among those that are tried here', () => {
  const source = readFileSync(path.join(import.meta.dirname, '..', 'base', 'redact.ts'), 'utf8')
  const shapes = [...source.matchAll(/^ {4}'(.+)',$/gm)].map(([, shape = '']) =>
    shape.replaceAll('\\\\', '\\'),
  )
  expect(shapes.length).toBeGreaterThan(15)
  const untried = shapes.filter(
    (shape) => !secrets.some((secret) => new RegExp(`^(?:${shape})`).test(secret)),
  )
  expect(untried).toEqual([])
})

test('ordinary lines are not looked at closer', () => {
  const lines = Buffer.from(
    '2026-11-22 19:30:33 INFO  GET https://example.com/a?b=1#c done in 7 ms\n{"level":30,"tokens":7}\nplain\n',
  )
  const [block] = new LineSplitter().push(lines)
  const hiding = new LineHiding(sieveWith('our secret'))
  expect(block && Array.from(hiding.signsOf(block), (sign) => hiding.isSuspect(sign))).toEqual([
    false,
    true,
    false,
  ])
})

const pieces = [
  'password=',
  'password="',
  'hunter2hunter2',
  '"',
  'token: ',
  'null',
  'Bearer abcdef0123456789',
  'postgres://ana:pw@db',
  'AKIAABCDEFGHIJKLMNOP',
  '-----BEGIN PRIVATE KEY-----',
  '-----END PRIVATE KEY-----',
  'our secret',
  'sécret ÿ',
  '[redacted]',
  ' ',
  'request done',
  '\\',
  "'",
]

test('lines are as clean as each by itself, also of what is no text', () => {
  const next = numbers(21)
  const sieve = sieveWith('our secret', 'sécret ÿ', 'x\ufffdy?')
  for (let round = 0; round < 3000; round++) {
    const lines = Array.from({ length: 1 + next(140) }, () =>
      next(4) === 0
        ? Array.from({ length: next(6) }, () => pieces[next(pieces.length)]).join('')
        : next(9) === 0
          ? 'x\xffy?'
          : 'all is well',
    )
    const bytes = Buffer.concat(
      lines.map((line) => Buffer.from(`${line}\n`, line.startsWith('x\xff') ? 'latin1' : 'utf8')),
    )
    const other = new LineHiding(sieve)
    const expected = bytes.toString().split('\n').slice(0, -1)
    expect(cleaned(new LineHiding(sieve), bytes)).toEqual(expected.map((line) => other.clean(line)))
  }
})

test('so many secrets that the lines cannot be told by them are hidden all the same', () => {
  const forms = Array.from({ length: 4000 }, (_, n) => `secret number ${n} of many`).toReversed()
  const hiding = new LineHiding(sieveWith(...forms))
  expect(cleaned(hiding, Buffer.from('is secret number 2026 of many.\nplain\n'))).toEqual([
    'is [redacted].',
    'plain',
  ])
})

test('a private key is hidden over its lines, and what comes behind it is shown', () => {
  const key = [
    '-----BEGIN RSA PRIVATE KEY-----',
    'MIIabc',
    '-----END RSA PRIVATE KEY----- and on',
    'next',
    '',
  ]
  expect(cleaned(new LineHiding(sieveWith()), Buffer.from(key.join('\n')))).toEqual([
    '[redacted]',
    '[redacted]',
    '[redacted] and on',
    'next',
  ])
})
