import { expect, test } from 'vitest'
import { fieldsOf } from '../../daemon/logs/format/fields.ts'
import { Understanding } from '../../daemon/logs/format/understand.ts'
import { Random } from '../support/random.ts'
import { figure, full } from '../support/scale.ts'

const size = 1_000_000
/** A line of the full size that begins with `head` and goes on with `body`, over and over. */
const long = (head: string, body: string, tail = ''): string =>
  head + body.repeat(Math.ceil((size - head.length) / body.length)) + tail

const stamp = '2026-11-22 19:30:33'
const request = '10.0.0.1 - - [22/Nov/2026:19:30:33 +0000] "GET /'

const hostile: Readonly<Record<string, string>> = {
  letters: long('', 'a'),
  capitals: long('', 'ERROR'),
  spaces: long('', ' '),
  'spaces behind a word': long('ERROR:', ' '),
  tabs: long('a', '\t'),
  digits: long('', '1'),
  'dotted names': long('', 'a.'),
  'dotted names that end in an exception': long('', 'a.', 'AException'),
  colons: long('', ':'),
  'colons and spaces': long('', ':  '),
  dashes: long(stamp, ' - '),
  brackets: long('', '['),
  'closed brackets': long(stamp, ' [a]'),
  'brackets behind a time': long(`${stamp} `, '['),
  parentheses: long('main.f', '('),
  braces: long('', '{'),
  objects: long('', '{"a":'),
  'objects as times': long('{"time":', '{"date":'),
  'objects as levels': long('{"log":', '{"log":'),
  arrays: long('{"a":', '['),
  'closed arrays': `{"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)},"level":"error"}`,
  members: long('{"a":1', ',"level":"x"', '}'),
  'a long name': long('{"', 'a', '":1}'),
  'a long string': long('{"msg":"', 'a', '","level":"error"}'),
  backslashes: long('{"msg":"', '\\'),
  'escaped quotes': long('{"msg":"', '\\"'),
  'templates that do not close': long(
    '{"@t":"2026-11-22T00:00:00Z","@mt":"',
    '{aaaaaaaaaaaaaaaaaaaaaaaa',
    '"}',
  ),
  'lines in lines': long('{"stream":"stdout","time":"2026-11-22T00:00:00Z","log":"', '{\\"log\\":', '"}'),
  quotes: long('', '"'),
  pairs: long('level=info', ' a=b'),
  'quoted pairs': long('level=info', ' a="b"'),
  'pairs that do not close': long('level=info', ' a="'),
  'equal signs': long('a', '='),
  'words between pairs': long('level=info x=1', ' aaaa'),
  escapes: long('', '\u001b['),
  colours: long('', '\u001b[31m'),
  'colours behind a time': long(stamp, '\u001b[31m '),
  'colours that do not end': long('', '\u001b[0;0;0;0;0;0;0;0;0;0'),
  'a request': long(request, 'a'),
  'a request of quotes': long(request, '\\"'),
  'an answer of quotes': long(`${request} HTTP/1.1" 200 1`, ' "a"'),
  'an answer of words': long(`${request} HTTP/1.1" 200 1`, ' a'),
  addresses: long('', 'a:1.'),
  'structured data': long('<34>1 2026-11-22T19:30:33Z h a - - ', '[a x="'),
  'closed structured data': long('<34>1 2026-11-22T19:30:33Z h a - - ', '[a x="1"]'),
  'a structured value': long('<34>1 2026-11-22T19:30:33Z h a - - [a x="', '\\\\'),
  containers: long('', '2026-11-22T19:30:33Z stdout F '),
  'two dots': long('', '..'),
  'a frame of Ruby': long('', 'a.rb:1:in '),
  'a frame of PHP': long('#0 ', 'a\\'),
  'a frame of Java': long('at ', 'a.'),
  compilers: long('', 'a:1'),
  surrogates: long('', '\ud800'),
  noughts: long('', '\0'),
}

const formats = [
  'json docker-json serilog logfmt combined envoy-access haproxy gin request quantum spring-boot logback log4j',
  'elasticsearch postgresql mysql syslog-5424 syslog-3164 journald cri klog zerolog tracing apache nginx ruby nest php jul',
]
  .join(' ')
  .split(' ')

test.each(Object.entries(hostile))('a line of a megabyte is understood as fast as any: %s', (name, line) => {
  const understanding = new Understanding({ now: () => Date.UTC(2026, 10, 23, 12) })
  understanding.understand(`${stamp} ERROR before`)
  const begun = performance.now()
  const found = understanding.understand(line)
  const after = understanding.understand(`${stamp} ERROR after`)
  const took = performance.now() - begun
  expect(found.messageAt).toBeLessThanOrEqual(line.length)
  expect(after).toMatchObject({ level: 'error', continues: false, messageAt: 26 })
  let slowest = 0
  for (const format of [...formats, found.format]) {
    const since = performance.now()
    const { message, fields } = fieldsOf(line, format)
    slowest = Math.max(slowest, performance.now() - since)
    expect(message.length).toBeLessThanOrEqual(line.length)
    expect(Object.keys(fields).length).toBeLessThanOrEqual(600)
    expect(Object.values(fields).every((value) => typeof value === 'string')).toBe(true)
  }
  if (took > 50 || slowest > 250)
    figure('log-lines', `${name}: ${took.toFixed(0)} ms, fields ${slowest.toFixed(0)} ms`)
  if (full) expect(took + slowest).toBeLessThan(2000)
})

/** What formats are made of, put together at random. */
const pieces: readonly string[] = [
  stamp,
  '2026-11-22T19:30:33.123Z',
  'Nov 22 19:30:33',
  '\u001b[31m',
  'Exception',
  'GET /',
  ' 200 ',
  'stdout F ',
  'LOG:  ',
  'Traceback (most recent call last):',
  '{"level":',
  ...'[ ] { } " : = - 1 \\ ERROR info level <34> a.b.C | __proto__ , #0 é \ud83d'.split(' '),
  ' ',
  '  ',
  '\t',
  '\n',
  ' - ',
]

test('no line that is made of pieces of formats does harm', () => {
  const random = new Random(11)
  const understanding = new Understanding()
  for (let round = 0; round < 50_000; round++) {
    const line = Array.from({ length: random.int(1, 12) }, () => random.pick(pieces)).join('')
    const { messageAt, format, time } = understanding.understand(line)
    expect(messageAt >= 0 && messageAt <= line.length).toBe(true)
    expect(time === null || Number.isInteger(time)).toBe(true)
    fieldsOf(line, format)
  }
})
