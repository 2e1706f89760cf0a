import { expect, test } from 'vitest'
import { checkNames, withChecks } from './config-edit.ts'

const added = new Map([
  [
    'orders',
    {
      url: 'https://example.com/',
      expect: '200, 204',
      headers: { 'X-A': 'b: c' },
      json: ['.a == 1', '.b == 2'],
    },
  ],
  ['db', { tcp: 'db.example.com:5432' }],
])
const block = (indent: number): string =>
  `orders:
  url: https://example.com/
  expect: 200, 204
  headers:
    X-A: "b: c"
  json:
    - .a == 1
    - .b == 2
db:
  tcp: db.example.com:5432
`.replaceAll(/^(?=.)/gm, ' '.repeat(indent))

test.each([
  ['an empty file', '', `admin:\n  health:\n    checks:\n${block(6)}`],
  ['comments only', '# mine\n', `# mine\nadmin:\n  health:\n    checks:\n${block(6)}`],
  [
    'no admin',
    'server: { port: 1 } # why',
    `server: { port: 1 } # why\nadmin:\n  health:\n    checks:\n${block(6)}`,
  ],
  [
    'no health, and a comment behind',
    'admin:\n    name: shop   # mine\n    # the end\nserver:\n  port: 8080\n',
    `admin:\n    name: shop   # mine\n    health:\n      checks:\n${block(8)}    # the end\nserver:\n  port: 8080\n`,
  ],
  [
    'no checks, behind a text of several lines',
    'admin:\n  health:\n    interval: 5s\n    body: |\n      one\n      two\n  name: shop\n',
    `admin:\n  health:\n    interval: 5s\n    body: |\n      one\n      two\n    checks:\n${block(6)}  name: shop\n`,
  ],
  [
    'checks with comments and lists',
    'admin:\n  health:\n    checks:\n      # the first\n      a:\n        path: /a # why\n        json:\n        - .a == 1\n        - .b == 2   # both\n\n  # then\n  name: shop\n',
    `admin:\n  health:\n    checks:\n      # the first\n      a:\n        path: /a # why\n        json:\n        - .a == 1\n        - .b == 2   # both\n${block(6)}\n  # then\n  name: shop\n`,
  ],
  [
    'a key without a value',
    'admin:\n  health:\n    checks:   # none yet\n',
    `admin:\n  health:\n    checks:   # none yet\n${block(6)}`,
  ],
  ['admin without a value, at the end', 'admin:', `admin:\n  health:\n    checks:\n${block(6)}`],
  [
    'ends of lines of Windows',
    'admin:\r\n  name: shop\r\n',
    `admin:\n  name: shop\n  health:\n    checks:\n${block(6)}`.replaceAll('\n', '\r\n'),
  ],
  [
    'the mark of the byte order',
    '\ufeffadmin:\n  name: a\n',
    `\ufeffadmin:\n  name: a\n  health:\n    checks:\n${block(6)}`,
  ],
])('%s: checks are put in, and all else stays as it is written', (_, before, after) => {
  expect(withChecks(before, added)).toBe(after)
})

test.each([
  'admin: { health: { path: /a } } # why\n',
  'admin: {}\nserver: { port: 1 }\n',
  'admin:\n  health: { checks: { a: { path: /a }, } }\n',
  'admin: { health: {\n  interval: 5s, # often\n  checks: {} } }\n',
])('%j: where mappings are in braces, checks are too', (before) => {
  const after = withChecks(before, added)
  expect(after).toContain('"url":"https://example.com/"')
  expect(checkNames(after)).toEqual([...checkNames(before), 'orders', 'db'])
  for (const comment of before.match(/#.*/g) ?? []) expect(after).toContain(comment)
})

test.each([
  ['admin: 5\n', /admin is no mapping/],
  ['admin:\n  health: [a]\n', /admin\.health is no mapping/],
  ['- a\n', /the file is no mapping/],
  ['a: &x { health: {} }\nadmin: *x\n', /admin is no mapping/],
  ['base: &b { checks: { a: { path: /a } } }\nadmin:\n  health:\n    <<: *b\n', /would not stay as it is/],
  ['admin: {health: {path: /a # open\n }}\n', null],
  ['admin:\n  health:\n    checks: { a: { path: /a } # open\n    }\n', null],
  ['admin: [\n', /not YAML/],
])('%j is left as it is when checks cannot be put in for sure', (before, message) => {
  let after: string | null = null
  try {
    after = withChecks(before, added)
  } catch (error) {
    expect((error as Error).message).toMatch(message ?? /would not stay as it is/)
  }
  // Where it does go, it is read again as what it was, with the checks.
  if (after !== null) expect(checkNames(after)).toEqual([...checkNames(before), 'orders', 'db'])
  if (message !== null) expect(after).toBeNull()
})

test('a configuration that would be refused with them is left as it is, and one with a mistake of its own is not', () => {
  const many = Array.from({ length: 1999 }, (_, index) => `      c${index}: { path: /a }\n`).join('')
  const full = `admin:\n  health:\n    checks:\n${many}`
  expect(() => withChecks(full, added)).toThrow(/expected at most 2000 checks/)
  expect(withChecks('admin: { run: { prot: 1 }, docs: "${NAME}" }\n', added)).toContain('prot: 1')
})
