import { expect, test } from 'vitest'
import type { LogLine } from '#contract/logs.ts'
import { textOf } from './log-formats.ts'

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

test('text is for people: no colours, nothing that acts, further lines indented', () => {
  expect(textOf(line)).toBe('2026-11-22T08:00:00.000Z ERROR shop output  boom \\u202e"x"\n      at y')
})
