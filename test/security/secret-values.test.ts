import { expect, test } from 'vitest'
import { figure, scale } from '../support/scale.ts'
import { Random } from '../support/random.ts'
import { withoutValues } from '../../daemon/capabilities/secrets/without-values.ts'

const alphabets = ['abcdefghijklmnopqrstuvwxyz0123456789', 'aA1!§$%&/()=?"\'\\<> +-_äß€😀']

function valueOf(random: Random): string {
  const letters = Array.from(random.pick(alphabets))
  return Array.from({ length: random.int(4, 60) }, () => random.pick(letters)).join('')
}

/** How a value may be written down; each holds all of it. */
const ways: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => JSON.stringify({ password: value }),
  (value) => JSON.stringify(JSON.stringify({ value })),
  (value) => encodeURIComponent(value.toWellFormed()),
  (value) => Buffer.from(value).toString('hex'),
  (value) => Buffer.from(value).toString('hex').toUpperCase(),
  (value) => Buffer.from(value).toString('base64'),
  (value) => Buffer.from(value).toString('base64url'),
  (value) => `postgres://ana:${encodeURIComponent(value.toWellFormed())}@db/shop`,
]

test('S20: a value is found in every form in which it can be written down', () => {
  const random = new Random(20)
  const count = scale(2000, 50_000)
  const left: string[] = []
  for (let i = 0; i < count; i++) {
    const value = valueOf(random)
    const way = ways[i % ways.length] ?? ((text: string) => text)
    const form = way(value)
    const clean = withoutValues(`before ${form} after`, [value])
    if (!clean.includes('[redacted]') || clean.includes(form)) left.push(form)
  }
  expect(left).toEqual([])
  figure('S20', `${count} values of connectors in ${ways.length} forms, 0 left`)
})

test('base64 of a longer text does not show the value that it begins or ends with', () => {
  const value = 'a-canary-of-some-length'
  for (const before of ['', 'a', 'ab', 'abc']) {
    const text = Buffer.from(`${before}${value}tail`).toString('base64')
    expect(withoutValues(text, [value])).toContain('[redacted]')
  }
})

test('of two values the longer is replaced whole, and other text stays', () => {
  expect(
    withoutValues('x=correct-horse-battery;y=correct-horse', ['correct-horse', 'correct-horse-battery']),
  ).toBe('x=[redacted];y=[redacted]')
  expect(withoutValues('PostgreSQL 16.2', ['hunter2', 'x', ''])).toBe('PostgreSQL 16.2')
})
