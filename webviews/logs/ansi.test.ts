import { expect, test } from 'vitest'
import { plainOf, spansOf } from './ansi.ts'

const drawn = (line: string) => spansOf(line).map(({ text, classes }) => [text, classes.join(' ')])

test.each([
  ['plain', [['plain', '']]],
  [
    '\u001b[31mred\u001b[0m not',
    [
      ['red', 'fg-red'],
      [' not', ''],
    ],
  ],
  [
    '\u001b[1;33;44mx\u001b[22my\u001b[39;49mz',
    [
      ['x', 'fg-yellow bg-blue bold'],
      ['y', 'fg-yellow bg-blue'],
      ['z', ''],
    ],
  ],
  ['\u001b[92;101mx', [['x', 'fg-bright-green bg-bright-red']]],
  [
    '\u001b[mx\u001b[4;9;7;3;2my',
    [
      ['x', ''],
      ['y', 'underline strike inverse italic dim'],
    ],
  ],
  // A colour that the theme has no word for becomes the nearest.
  ['\u001b[38;5;196mx', [['x', 'fg-red']]],
  ['\u001b[38;5;9mx', [['x', 'fg-bright-red']]],
  ['\u001b[38;5;232mx', [['x', 'fg-black']]],
  ['\u001b[38;2;250;250;250mx', [['x', 'fg-bright-white']]],
  ['\u001b[48:2::36:114:200mx', [['x', 'bg-blue']]],
  [
    '\u001b[38;5mx\u001b[38mx',
    [
      ['x', 'fg-black'],
      ['x', 'fg-black'],
    ],
  ],
])('colours become classes of the theme: %j', (line, spans) => expect(drawn(line)).toEqual(spans))

test('every other escape is dropped, and what would act or hide is shown', () => {
  const hostile =
    'a\u001b]0;title\u0007\u001b]8;;javascript:x\u0007b\u001b[2J\u001b[1;1Hc\u202ed\u0000\u0007\u009b31me\u200bf'
  expect(plainOf(hostile)).toBe('abc\\u202ed\\x00\\x07e\\u200bf')
  expect(
    drawn(hostile)
      .map(([text]) => text)
      .join(''),
  ).toBe(plainOf(hostile))
  expect(drawn('<img src=x onerror=alert(1)>')).toEqual([['<img src=x onerror=alert(1)>', '']])
})

test('the classes are those of the style sheet, whatever a line asks for', () => {
  const known =
    /^((fg|bg)-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)|bold|dim|italic|underline|inverse|strike)$/
  for (let code = -1; code < 300; code++)
    for (const line of [
      `\u001b[${code}mx`,
      `\u001b[38;5;${code}mx`,
      `\u001b[48;2;${code};${code * 7};999999mx`,
    ])
      for (const { classes } of spansOf(line)) expect(classes.filter((name) => !known.test(name))).toEqual([])
})
