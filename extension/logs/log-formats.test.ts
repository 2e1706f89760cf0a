import { expect, test } from 'vitest'
import type { LogLine } from '#contract/logs.ts'
import { headingOf, recordOf } from './log-formats.ts'

const line: LogLine = {
  id: 'shop/7',
  app: 'shop',
  source: 'output',
  time: '2026-11-22T08:00:00.000Z',
  timeFrom: 'line',
  level: 'error',
  kind: 'application',
  text: '08:00 \u001b[31mboom\u001b[0m \u202e"x"\r\n  at y\n',
  messageAt: 6,
}

test('JSON Lines hold a record as it was written, in one line', () => {
  const text = recordOf(line, 'jsonl')
  expect(text.indexOf('\n')).toBe(text.length - 1)
  expect(JSON.parse(text)).toMatchObject({ id: 'shop/7', level: 'error', text: line.text })
})

test('text is for people: no colours, nothing that acts, further lines indented', () => {
  expect(recordOf(line, 'txt')).toBe(
    '2026-11-22T08:00:00.000Z ERROR shop output  boom \\u202e"x"\n      at y\n',
  )
})

test('CSV keeps line ends within quotes, and no cell is a formula', () => {
  expect(headingOf('csv')).toBe('time,level,app,source,kind,text\r\n')
  expect(recordOf({ ...line, text: 'a "b", c\nd' }, 'csv')).toMatch(/,"a ""b"", c\nd"\r\n$/)
  for (const text of ['=1+1', '+1', '-1', '@x', '\t=1', ' =1', '＝1'])
    expect(recordOf({ ...line, text }, 'csv')).toContain(`,"'${text}"`)
})
