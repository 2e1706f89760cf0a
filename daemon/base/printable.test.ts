import { expect, test } from 'vitest'
import { printableJson, printable, printableLine } from './printable.ts'

/** Anything a terminal acts on, or that hides or reorders what stands beside it. */
const active = /(?!\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test('every code point that a terminal may act on is shown as an escape', () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const text = printable(`a${String.fromCodePoint(code)}b`)
    if (active.test(text)) expect.fail(`U+${code.toString(16)} passed through`)
  }
  expect(printable('\u001b]0;title\u0007\r\n\u009b2J\u202egpj.exe\ud800')).toBe(
    '\\e]0;title\\x07\\r\\n\\x9b2J\\u202egpj.exe\\ud800',
  )
})

test('ordinary text in any script stays as it is', () => {
  for (const text of ['node server.js', 'Ação', '日本語', 'مرحبا', '👨‍👩‍👧', 'a\\nb'])
    expect(printable(text)).toBe(text)
})

test('long text is cut with an ellipsis and never inside a surrogate pair', () => {
  expect(printable('x'.repeat(4096), 10)).toBe('xxxxxxxxx…')
  expect(printable('x👨👨👨', 5)).toBe('x👨…')
})

test('a log line keeps colours and tabs, and loses every other sequence', () => {
  const line =
    '\u001b[1;31mred\u001b[0m\t\u001b[2Jgone\u001b]8;;http://x\u0007link\u001b]8;;\u001b\\\u001b[5Aup\u001bc'
  expect(printableLine(line, true)).toBe('\u001b[1;31mred\u001b[0m\tgonelinkup\u001b[0m')
  expect(printableLine(line, false)).toBe('red\tgonelinkup')
})

test('an unterminated sequence takes nothing with it but itself, whatever follows', () => {
  expect(printableLine('a\u001b[', true)).toBe('a')
  expect(printableLine('a\u001b]0;never ended', true)).toBe('a')
  expect(printableLine('a\u0090q\u001b\\b\u009b31mc', true)).toBe('abc')
})

test('a line of 1 MB made to be slow is cut to a harmless size', () => {
  for (const part of ['\u001b[', '\u001b]', '\u001b]a', '\u009b;', '\u202e'])
    expect(printableLine(part.repeat(500_000), true).length).toBeLessThan(200_000)
})

test('JSON keeps every value and shows nothing that takes effect', () => {
  const value = { a: 'x\u009b31m\u2028\u202e\u{e0041}\u007f\u0085é🚀', b: ['\u001b]0;t\u0007', 'a\u200db'] }
  for (const indent of [0, 2]) {
    const text = printableJson(value, indent)
    expect(JSON.parse(text)).toEqual(value)
    expect(text).toMatch(/^[\n\u0020-\u007eé🚀\u200d]+$/u)
  }
  expect(printableJson(value).split('\n')).toHaveLength(1)
})
