import { expect, test } from 'vitest'
import { csvLine, jsonLine, onOneLine } from './record-lines.ts'

const breaking = 'a\0b\nc\vd\fe\rf\u0085g\u2028h\u2029i'
/** Whatever some reader takes for the end of a line. */
const ends = /[\0\n\v\f\r\u0085\u2028\u2029]/

test('a record is one line, whatever it holds', () => {
  expect(onOneLine(breaking)).not.toMatch(ends)
  expect(onOneLine('a\r\nb\u2028c')).toBe(String.raw`a\r\nb\u2028c`)
  expect(jsonLine({ text: breaking }).slice(0, -1)).not.toMatch(ends)
  expect(JSON.parse(jsonLine({ text: breaking }))).toEqual({ text: breaking })
  const line = csvLine([breaking, 1, null, 'plain', 'a "b"'])
  expect(line.slice(0, -2)).not.toMatch(ends)
  expect(line).toMatch(/^".*",1,,plain,"a ""b"""\r\n$/)
})

test('no cell is a formula', () => {
  for (const begin of ['=', '+', '-', '@', '\t', '\r', ' =', '＝', '\n='])
    expect([begin, csvLine([`${begin}1+1`]).slice(0, 2)]).toEqual([begin, `"'`])
  expect(csvLine([-1, 'x=1'])).toBe('-1,x=1\r\n')
})
