import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const read = (file: string | Uint8Array) =>
  readConfig(typeof file === 'string' ? new TextEncoder().encode(file) : file, {
    file: 'quantum.config.yaml',
    environment: {},
  })

/** The only error of a file, as `line:column message`. */
const problem = (file: string | Uint8Array): string => {
  const { config, problems } = read(file)
  expect(config).toBeNull()
  const errors = problems.filter(({ severity }) => severity === 'error')
  expect(errors).toHaveLength(1)
  return errors.map(({ line, column, message }) => `${line}:${column} ${message}`).join()
}

const flow = (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}\n`
const block = (depth: number) =>
  Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}k:\n`).join('')

test('1 MiB is read, one byte more is refused', () => {
  const comment = `# ${'x'.repeat(1024 * 1024 - 3)}\n`
  expect(read(comment).config).not.toBeNull()
  expect(problem(`${comment}#`)).toBe('null:null expected at most 1 MiB, got 1048577 bytes')
})

test.each([
  ['flow', flow(63), flow(64)],
  ['sequences on one line', `a:\n ${'- '.repeat(63)}x`, `a:\n ${'- '.repeat(64)}x`],
  ['block', `${block(63)}${' '.repeat(63)}x: 1`, `${block(64)}${' '.repeat(64)}x: 1`],
  ['explicit keys', `a: 1\n${'? '.repeat(62)}x`, `a: 1\n${'? '.repeat(70)}x`],
])('64 levels of nesting are parsed and 65 are refused: %s', (_style, good, bad) => {
  expect(read(good).problems.map(({ message }) => message)).not.toContainEqual(
    expect.stringContaining('levels of nesting'),
  )
  expect(problem(bad)).toMatch(/^\d+:\d+ expected at most 64 levels of nesting$/)
})

test('nesting that would overflow a stack is refused two hundred times over', () => {
  const files = [flow(200_000), '{a: '.repeat(100_000), '- '.repeat(300_000), '? '.repeat(300_000)]
  for (let round = 0; round < 50; round++)
    for (const file of files) expect(problem(file)).toContain('levels of nesting')
})

test('aliases cannot make it deeper than 64 levels either', () => {
  const levels = Array.from({ length: 50 }, (_, level) =>
    level === 0 ? 'l0: &l0 [[1]]' : `l${level}: &l${level} [[*l${level - 1}]]`,
  )
  expect(read(levels.join('\n')).problems).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining('levels of nesting') }),
  )
})

test('100 aliases are read and 101 are refused', () => {
  const aliases = (count: number) => `a: &a 1\nlist: [${'*a, '.repeat(count)}]`
  expect(read(aliases(100)).config).not.toBeNull()
  expect(problem(aliases(101))).toMatch(/^2:\d+ expected at most 100 aliases \(\*name\)$/)
})

test('a billion laughs are refused', () => {
  const lines = Array.from({ length: 9 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]'
      : `l${level}: &l${level} [${Array.from({ length: 10 }, () => `*l${level - 1}`).join(', ')}]`,
  )
  expect(problem(lines.join('\n'))).toContain('expected aliases to repeat at most 10000 values')
})

test('an alias inside of what it names, and one without an anchor, are refused', () => {
  expect(problem('a: &a\n  b: *a\n')).toBe('2:6 a.b: "*a" stands inside of what it names')
  expect(problem('a: *b\nc: &b 1\n')).toBe('1:4 a: "*b" needs an anchor &name before it')
})

test.each(['__proto__', 'constructor', 'prototype'])(
  'the key %s is refused, and no prototype changes',
  (key) => {
    const before = Reflect.ownKeys(Object.prototype)
    expect(problem(`admin:\n  run:\n    env:\n      ${key}: { polluted: yes }\n`)).toBe(
      `4:7 admin.run.env.${key}: this key is not allowed`,
    )
    expect(problem(`mail: { "${key}": { x: 1 } }`)).toContain('not allowed')
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
  },
)

test('bytes that are not UTF-8 are refused with the line of the first', () => {
  const latin1 = Uint8Array.from(Buffer.from('name: shop\n# caf\u00e9\nadmin:\n', 'latin1'))
  expect(problem(latin1)).toBe(
    '2:6 expected a file in UTF-8; the byte 0xe9 does not fit. Save the file as UTF-8',
  )
  expect(problem(Buffer.from('a: \u00e9'.slice(0, 4), 'utf8').subarray(0, 4))).toMatch(
    /^1:4 expected a file in UTF-8/,
  )
  expect(problem(Buffer.from('\ufeffname: shop\n', 'utf16le'))).toMatch(/^1:1 expected a file in UTF-8/)
})

test('a byte order mark of UTF-8 is read over, and columns count from behind it', () => {
  expect(read('\ufeffname: shop\n').config).toMatchObject({ name: 'shop' })
  expect(problem('\ufeffserver: { port: x }')).toMatch(/^1:17 server\.port/)
})

test('control characters are refused', () => {
  expect(problem('name: shop\nadmin: "\u0000"')).toBe(
    '2:9 YAML does not allow the control character U+0000 here',
  )
})

test.each([
  ['keys', Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n')],
  ['mistakes', ']'.repeat(1024 * 1024)],
  ['documents', '---\n'.repeat(250_000)],
  ['commas', `[${','.repeat(1024 * 1024 - 1)}`],
  ['quotes', `'' `.repeat(340_000)],
])('a megabyte of %s is refused soon', (_what, text) => {
  expect(problem(text)).toContain('expected at most 100000 keys, values and marks')
})

test('of a thousand problems a hundred are told, and how many more there are', () => {
  const { problems } = read(`docs_: 1\nadmin: { include: [${'1, '.repeat(1000)}] }`)
  expect(problems).toHaveLength(101)
  expect(problems.at(-1)?.message).toMatch(/^admin\.include\[100\]: .*\(and 900 more problems\)$/)
})

test('a list that is too long is one problem', () => {
  expect(problem(`admin: { include: [${'1, '.repeat(15_000)}] }`)).toBe(
    '1:10 admin.include: expected at most 1000 folders',
  )
})

test('ten thousand wrong values are judged', () => {
  const env = Array.from({ length: 10_000 }, (_, index) => `A${index}: []`)
  expect(read(`admin: { run: { env: { ${env.join(', ')} } } }`).problems).toHaveLength(101)
})

test('neither fifty thousand mistakes on one line nor as many variables in one value take long', () => {
  const began = performance.now()
  expect(problem(']'.repeat(50_000))).toMatch(/^1:1 not YAML/)
  const names = Array.from({ length: 50_000 }, (_, index) => `\${A${index}}`)
  expect(read(`admin: { tests: { command: "${names.join('')}" } }`).problems).toHaveLength(20)
  expect(read(`admin: { docs: "http://${'a'.repeat(1_000_000)} " }`).config).toBeNull()
  expect(
    read(
      `admin: { tests: { ${names
        .map((_, index) => `A${index}: `)
        .slice(0, 14_000)
        .join(', ')} } }`,
    ).config,
  ).toBeNull()
  // Each would take minutes if its time grew with the square of what it reads.
  expect(performance.now() - began).toBeLessThan(10_000)
})
