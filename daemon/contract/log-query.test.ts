import { expect, test } from 'vitest'
import { parseLogQuery, type LogCondition, type QueryProblem } from './log-query.ts'
import { longestLogQuery } from './log-words.ts'

const text = (word: string, not = false): LogCondition => ({ kind: 'text', text: word, not })
const regex = (pattern: string, not = false): LogCondition => ({ kind: 'regex', pattern, not })
const field = (name: string, operator: '=' | '~' | '<' | '<=' | '>' | '>=', value: string, not = false) =>
  ({ kind: 'field', name, operator, value, not }) as const

function read(query: string): readonly LogCondition[] {
  const parsed = parseLogQuery(query)
  if ('problem' in parsed) throw new Error(`${query}: ${parsed.problem.message}`)
  return parsed.conditions
}

function wrong(query: string): QueryProblem {
  const parsed = parseLogQuery(query)
  if ('conditions' in parsed) throw new Error(`${query} can be read`)
  return parsed.problem
}

test.each([
  ['', []],
  [' \t\u00a0\n', []],
  ['""', []],
  ['-""', []],
  ['refused', [text('refused')]],
  ['  connection   refused ', [text('connection'), text('refused')]],
  ['"connection refused"', [text('connection refused')]],
  ["'connection refused' x", [text('connection refused'), text('x')]],
  ["can't 'tis", [text("can't"), text("'tis")]],
  [`'it's'`, [text("it's")]],
  [String.raw`"say \"hi\" in C:\\tmp \n"`, [text(String.raw`say "hi" in C:\tmp \n`)]],
  ['"level:error"', [text('level:error')]],
  ['"a""b"', [text('a'), text('b')]],
  ['größe 日本 🚀', [text('größe'), text('日本'), text('🚀')]],
  ['a AND b && c and', [text('a'), text('b'), text('c'), text('and')]],
] as const)('words and phrases: %j', (query, conditions) => expect(read(query)).toEqual(conditions))

test.each([
  ['-healthz', [text('healthz', true)]],
  ['!healthz', [text('healthz', true)]],
  ['-"health check"', [text('health check', true)]],
  ['-/^GET/', [regex('^GET', true)]],
  ['-level:debug', [field('level', '=', 'debug', true)]],
  ['level!=debug', [field('level', '=', 'debug', true)]],
  ['path!~/api', [field('path', '~', '/api', true)]],
  ['-path!~/api', [field('path', '~', '/api')]],
  ['-5', [text('5', true)]],
  ['a - b', [text('a'), text('-'), text('b')]],
  ['a -> b', [text('a'), text('->'), text('b')]],
  ['--port 3000', [text('--port'), text('3000')]],
  ['-"-x"', [text('-x', true)]],
  ['! !! !=x', [text('!'), text('!!'), text('!=x')]],
  ['-', [text('-')]],
  ['not-so', [text('not-so')]],
] as const)('what must not be there: %j', (query, conditions) => expect(read(query)).toEqual(conditions))

test.each([
  ['/^time.*out$/', [regex('^time.*out$')]],
  ['/time out|refused/ x', [regex('time out|refused'), text('x')]],
  ['/refused/i', [regex('(?i)refused')]],
  [String.raw`/GET \/api\/.*\d/`, [regex(String.raw`GET /api/.*\d`)]],
  [String.raw`/a\\/`, [regex(String.raw`a\\`)]],
  [String.raw`/a\\\/b/`, [regex(String.raw`a\\/b`)]],
  ['/(/', [regex('(')]],
] as const)('patterns: %j', (query, conditions) => expect(read(query)).toEqual(conditions))

test.each([
  ['status:500', [field('status', '=', '500')]],
  ['status=500', [field('status', '=', '500')]],
  ['status==500', [field('status', '=', '500')]],
  ['status>=500 status<600', [field('status', '>=', '500'), field('status', '<', '600')]],
  ['ms>1.5 ms<=-2e3', [field('ms', '>', '1.5'), field('ms', '<=', '-2e3')]],
  ['user.id:"Ana B"', [field('user.id', '=', 'Ana B')]],
  ["user.id:'Ana B'", [field('user.id', '=', 'Ana B')]],
  ['user:""', [field('user', '=', '')]],
  ['path:/api/items', [field('path', '=', '/api/items')]],
  ['path:/api/*', [field('path', '=', '/api/*')]],
  ['path="~/x"', [field('path', '=', '~/x')]],
  ['message~"timed out"', [field('message', '~', 'timed out')]],
  ['@timestamp:2026*', [field('@timestamp', '=', '2026*')]],
  ['content-type:text/html', [field('content-type', '=', 'text/html')]],
  ['kubernetes.io/name=web', [field('kubernetes.io/name', '=', 'web')]],
  ['größe>5', [field('größe', '>', '5')]],
  ['url:"https://shop.test/a?b=c"', [field('url', '=', 'https://shop.test/a?b=c')]],
  ['at:10:30', [field('at', '=', '10:30')]],
  ['app:shop source:output', [field('app', '=', 'shop'), field('source', '=', 'output')]],
  ['kind:ACCESS', [field('kind', '=', 'access')]],
  ['level:ERROR', [field('level', '=', 'error')]],
  ['level>=Warning', [field('level', '>=', 'warn')]],
  ['level:critical', [field('level', '=', 'fatal')]],
  ['level:none', [field('level', '=', 'none')]],
  ['level~err', [field('level', '~', 'err')]],
] as const)('fields: %j', (query, conditions) => expect(read(query)).toEqual(conditions))

test.each([
  '/var/log/x',
  '/var/log/',
  '/',
  '//',
  '/x',
  '/index.html?a=1',
  'https://shop.test/a',
  'postgres://u@db:5432/x',
  '12:30:01',
  '2026-11-22T08:00:00.000Z',
  String.raw`C:\x`,
  'c:/x',
  '127.0.0.1:5432',
  'localhost:3000',
  '[::1]:80',
  'std::vector<int>',
  'tokio::runtime',
  'src/main.ts:42',
  'server.js:10:5',
  '(server.js:10:5)',
  'ben@shop.test:22',
  '$this->items',
  'order->id',
  'key=>value',
  '{"level":"error"}',
  '<div>',
  'a|b',
])('what is no field and no pattern is a text: %s', (query) => expect(read(query)).toEqual([text(query)]))

test('a message that was pasted is looked for by its words', () => {
  const pasted = 'Error: connect ECONNREFUSED 127.0.0.1:5432 at /srv/app /x'
  expect(read(pasted)).toEqual(pasted.split(' ').map((word) => text(word)))
})

test.each([
  ['"open', 0, 5, /" that ends/],
  ['a "open b', 2, 9, /" that ends/],
  ['x -"open', 3, 8, /" that ends/],
  ['user:"open', 5, 10, /" that ends/],
  ['level:', 0, 6, /a value after level:/],
  ['x status>= 500', 2, 10, /a value after status>=/],
  ['status >= 500', 7, 9, /no space/],
  ['status = 500', 7, 8, /no space/],
  ['a OR b', 2, 4, /\/one\|other\//],
  ['a || b', 2, 4, /\/one\|other\//],
  ['NOT a', 0, 3, /expected -/],
  ['level:eror', 0, 10, /one of trace, debug, info, warn, error, fatal, none/],
  ['level>=none', 0, 11, /one of trace, debug, info, warn, error, fatal;/],
  ['-kind:web', 1, 9, /kind: and one of application, database, access/],
  ['kind>access', 0, 11, /kind: and one of/],
  ['kind~acc', 0, 8, /kind: and one of/],
  ['level:*', 0, 7, /one of trace/],
  ['status>=5xx', 0, 11, /a number after status>=/],
  ['status>""', 0, 9, /a number/],
  ['List<String>', 0, 12, /a number[^]*quotes/],
  ['path=~"/api.*"', 0, 14, /path~part/],
  ['x'.repeat(longestLogQuery + 5), longestLogQuery, longestLogQuery + 5, /at most 4096/],
] as const)('what cannot be read is told with its place: %j', (query, from, to, message) => {
  expect(wrong(query)).toEqual({ message: expect.stringMatching(message) as string, from, to })
})

test('what is told to be put into quotes is found in quotes', () => {
  for (const query of ['level:eror', 'List<String>', 'OR', 'NOT', '>=', 'level:', '=~'])
    expect([query, 'problem' in parseLogQuery(query)]).toEqual([query, true])
  for (const query of ['level:eror', 'List<String>', 'OR', 'NOT', '>=', 'level:', '=~'])
    expect(read(`"${query}"`)).toEqual([text(query)])
})

/** Numbers that look random and are the same each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const pieces: readonly string[] = [
  ...Array.from('abz059 \t\n"\'\\/:=~<>!-*@._|&(){}[]\0\u0085\u2028\u202e\ud800é🚀'),
  'level',
  'kind',
  'OR',
  'AND',
  'NOT',
  '//',
  '\\"',
  '\\/',
  '>=',
  '=~',
  ' /',
  '/ ',
  '::',
  'none',
  '/i',
  '__proto__',
  'constructor',
]

test('no text makes it throw, and a problem is always at a place in the text', () => {
  const next = numbers(20_261_122)
  for (let round = 0; round < 40_000; round++) {
    const length = Math.floor(next() * 24)
    const query = Array.from({ length }, () => pieces[Math.floor(next() * pieces.length)] ?? '').join('')
    const parsed = parseLogQuery(query)
    if ('problem' in parsed) {
      const { from, to, message } = parsed.problem
      if (!(from >= 0 && from <= to && to <= query.length && message !== ''))
        expect.fail(JSON.stringify(query))
    } else {
      for (const condition of parsed.conditions)
        if (condition.kind === 'text' && condition.text === '') expect.fail(JSON.stringify(query))
    }
  }
})

test('any text is found by quoting it', () => {
  const next = numbers(7)
  for (let round = 0; round < 5000; round++) {
    const wanted = `x${Array.from({ length: 12 }, () => pieces[Math.floor(next() * pieces.length)] ?? '').join('')}`
    const quoted = `"${wanted.replaceAll(/["\\]/g, (unit) => `\\${unit}`)}"`
    expect(read(quoted)).toEqual([text(wanted)])
    expect(read(`-name=${quoted}`)).toEqual([field('name', '=', wanted, true)])
  }
})

test('the longest texts that are made to be slow are read at once', () => {
  const began = Date.now()
  for (const piece of [
    '/',
    '/a',
    '/ ',
    '\\/',
    '/\\/ ',
    "'a",
    "' ",
    "'a ",
    '"',
    '""',
    'a:',
    'a.',
    'a-',
    '-',
    '!',
    'é',
    'a>=1 ',
  ])
    for (const length of [longestLogQuery, 5_000_000])
      parseLogQuery(piece.repeat(Math.ceil(length / piece.length)).slice(0, length))
  expect(Date.now() - began).toBeLessThan(2000)
})
