import { expect, test } from 'vitest'
import { LineHiding } from './hiding.ts'
import { numbers } from './logs.fixture.ts'

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
  '[redacted]',
  ' ',
  'request done',
  '\\',
  "'",
]

test('lines that are looked at together are as clean as each by itself', () => {
  const next = numbers(21)
  for (let round = 0; round < 3000; round++) {
    const lines = Array.from({ length: 1 + next(140) }, () =>
      next(4) === 0
        ? Array.from({ length: next(6) }, () => pieces[next(pieces.length)]).join('')
        : 'all is well',
    )
    const [one, other] = [new LineHiding(() => ['our secret']), new LineHiding(() => ['our secret'])]
    expect(one.cleanAll(lines)).toEqual(lines.map((line) => other.clean(line)))
  }
})

test('a private key is hidden over its lines, and what comes behind it is shown', () => {
  const hiding = new LineHiding(() => [])
  const key = ['-----BEGIN RSA PRIVATE KEY-----', 'MIIabc', '-----END RSA PRIVATE KEY----- and on', 'next']
  expect(hiding.cleanAll(key)).toEqual(['[redacted]', '[redacted]', '[redacted] and on', 'next'])
})
