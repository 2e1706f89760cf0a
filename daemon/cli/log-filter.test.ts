import { expect, test } from 'vitest'
import { parseLogQuery } from '#contract/log-query.ts'
import { Failure } from '#base/failure.ts'
import { queryOf } from './log-filter.ts'
import { QueryFailure } from './query-failure.ts'

/** What is looked for, as the daemon reads it. */
async function asked(options: { search?: string; regex?: string; field?: readonly string[] }) {
  const parsed = parseLogQuery(await queryOf({ field: [], ...options }))
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  return parsed.conditions
}

async function refused(options: { search?: string; regex?: string; field?: readonly string[] }) {
  const failure = await queryOf({ field: [], ...options }).catch((error: unknown) => error)
  if (!(failure instanceof Failure)) throw new Error(`${JSON.stringify(options)} is taken`)
  return failure
}

test('nothing asked for is no query', async () => {
  expect(await queryOf({ field: [] })).toBe('')
  expect(await queryOf({ field: [], search: '  ' })).toBe('')
})

test('a pattern reaches the daemon as it was typed, whatever it holds', async () => {
  for (const pattern of [
    '^GET /api/.*$',
    'a b',
    String.raw`\d+\/x`,
    String.raw`a\\/b`,
    '[/]',
    '(?i)x',
    '"',
    '"a b',
  ])
    expect(await asked({ regex: pattern })).toEqual([
      { kind: 'regex', not: false, pattern: pattern.replaceAll(/(?<!\\)\\\//g, '/') },
    ])
  for (const pattern of ['', 'a\\'])
    expect(await refused({ regex: pattern })).toMatchObject({
      code: 'wrong-use',
      message: expect.stringMatching(/--regex/) as string,
    })
})

test('a field reaches the daemon with its value as it was typed', async () => {
  for (const value of ['a b', '"', String.raw`C:\x "y"`, '', '=x', '/x/', "'a'", '//host'])
    for (const operator of ['=', '~'] as const)
      expect(await asked({ field: [`user.id${operator}${value}`] })).toEqual([
        {
          kind: 'field',
          not: false,
          name: 'user.id',
          operator,
          value: value === '=x' && operator === '=' ? 'x' : value,
        },
      ])
  expect(await asked({ field: ['ms>=250', 'level!=debug', '-path:/api'] })).toEqual([
    { kind: 'field', not: false, name: 'ms', operator: '>=', value: '250' },
    { kind: 'field', not: true, name: 'level', operator: '=', value: 'debug' },
    { kind: 'field', not: true, name: 'path', operator: '=', value: '/api' },
  ])
})

test('what is no field is told with what is expected', async () => {
  for (const field of ['', 'status', '=500', 'a b=c', '"x"=1', '5=5', 'ms>=slow', 'level=eror'])
    expect(await refused({ field: [field] })).toMatchObject({
      code: 'wrong-use',
      message: expect.stringMatching(/--field must be NAME=VALUE/) as string,
    })
  expect((await refused({ field: ['ms>=slow'] })).message).toMatch(/: expected a number after ms>=$/)
})

test('all of it must hold', async () => {
  expect(await asked({ search: 'a "b c"', regex: 'd', field: ['e=f'] })).toMatchObject([
    { text: 'a' },
    { text: 'b c' },
    { pattern: 'd' },
    { name: 'e', value: 'f' },
  ])
  const long = await refused({ search: 'a'.repeat(4000), regex: 'b'.repeat(200) })
  expect(long.message).toMatch(/together: expected at most 4096/)
})

test('a query that cannot be read is shown with a caret below its place', async () => {
  const shown = async (search: string) => {
    const failure = await refused({ search })
    if (!(failure instanceof QueryFailure)) throw new Error('It is about the query')
    expect(failure).toMatchObject({ code: 'log-query-invalid' })
    expect(failure.message).toMatch(/^--search cannot be read: expected/)
    return failure.shown
  }
  expect(await shown('timeout level:eror x')).toEqual(['  timeout level:eror x', '          ^^^^^^^^^^'])
  expect(await shown('日本 level:')).toEqual(['  日本 level:', '       ^^^^^^'])
  expect(await shown('\u001b[2J\n\u202e "x')).toEqual([String.raw`  \e[2J\n\u202e "x`, '                ^^'])
  const [query = '', caret = ''] = await shown(`${'a '.repeat(500)}level:eror ${'b '.repeat(500)}`)
  expect(query.length).toBeLessThan(110)
  expect(query.slice(caret.indexOf('^'), caret.length)).toBe('level:eror')
})
