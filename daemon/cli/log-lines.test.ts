import { expect, test } from 'vitest'
import type { LogLine } from '#contract/logs.ts'
import { logRecord, messageLines } from '#base/log-records.ts'
import { jsonOf, localTime, LogPrinter } from './log-lines.ts'
import { Output } from './output.ts'

const time = '2026-11-22T08:00:00.007Z'
const at = localTime(time)
const record = (more: Partial<LogLine>): LogLine => ({
  id: 'shop/1',
  app: 'shop',
  source: 'output',
  time,
  timeFrom: 'line',
  level: 'error',
  kind: 'application',
  text: 'it broke',
  messageAt: 0,
  ...more,
})
/** Nobody looks at a terminal here. */
const printer = () => new LogPrinter(new Output({ json: false, quiet: false, color: true }))
/** Whatever some reader takes for the end of a line, and what a terminal acts on. */
const acting = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

test('a record is its local time, its level and its message, further lines indented', () => {
  expect(at).toMatch(/^2026-11-2[123] \d\d:\d\d:00\.007$/)
  const text = '2026-11-22 ERROR it broke\n  at main.ts:4\n\nCaused by: x\n'
  expect(printer().lines([record({ text, messageAt: 17 })])).toEqual([
    `${at} ERROR it broke`,
    '      at main.ts:4',
    '    ',
    '    Caused by: x',
  ])
  expect(printer().lines([record({ level: null, text: '\tx\r\n' })])).toEqual([`${at}       \tx`])
})

test('app and source are said when there is more than one', () => {
  const lines = printer()
  expect(lines.lines([record({})])[0]).toBe(`${at} ERROR it broke`)
  expect(lines.lines([record({ source: 'a.log' })])[0]).toBe(`${at} ERROR a.log it broke`)
  expect(lines.lines([record({ app: 'till' }), record({})])).toEqual([
    `${at} ERROR till/output it broke`,
    `${at} ERROR shop/output it broke`,
  ])
})

test('of what is meant for a terminal only colours are left, and those not without one', () => {
  const text = '\u001b[31mred\u001b]0;title\u0007\u001b[2J\u009b5A\u001bPq\u001b\\\u202egnp\u0000\rx'
  expect(messageLines(text, false)).toEqual([String.raw`red\u202egnp\x00\rx`])
  expect(messageLines(text, true)).toEqual(['\u001b[31mred\\u202egnp\\x00\\rx\u001b[0m'])
  expect(messageLines('a\u001b]0;never ended\nb', true)).toEqual(['a', 'b'])
  const [line = ''] = printer().lines([record({ text, source: '\u001b[2J' }), record({})])
  expect(line).not.toMatch(acting)
  expect(jsonOf(record({ text }))).not.toMatch(acting)
  expect(JSON.parse(jsonOf(record({ text })))).toEqual(record({ text }))
})

test('whatever a record holds, it is one line of an export, and no cell of it is a formula', () => {
  const hostile = record({ text: '=1+1\r\nb\u2028c\0d\u0085e\u001b[2J,"f"', source: '@x\ny' })
  for (const form of ['jsonl', 'txt', 'csv'] as const)
    expect([form, logRecord[form](hostile).replace(/\r?\n$/, '')]).toEqual([
      form,
      expect.not.stringMatching(acting),
    ])
  expect(logRecord.txt(hostile)).toBe(`${time} ERROR shop/@x\\ny =1+1\\nb\\u2028c\\x00d\\x85e,"f"\n`)
  expect(logRecord.csv(hostile)).toBe(
    `shop/1,shop,"'@x\\ny",${time},line,error,application,"'=1+1\\nb\\u2028c\\x00d\\x85e,""f"""\r\n`,
  )
  expect(JSON.parse(logRecord.jsonl(hostile))).toEqual(hostile)
  const long = 'x'.repeat(100_000)
  expect(logRecord.csv(record({ text: long }))).toContain(long)
})
