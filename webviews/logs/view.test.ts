import { expect, test } from 'vitest'
import { parseLogQuery } from '#contract/log-query.ts'
import { filterOf, isNarrowed, plainView, withCondition } from './view.ts'

const now = Date.parse('2026-11-22T08:00:00.000Z')

test('what is set becomes what is asked for', () => {
  expect(filterOf(plainView, now)).toEqual({})
  expect(filterOf({ ...plainView, tab: 'access' }, now)).toEqual({ kinds: ['access'] })
  expect(filterOf({ ...plainView, tab: 'errors', levels: ['info'] }, now)).toEqual({
    levels: ['error', 'fatal'],
  })
  const range = { kind: 'last', minutes: 15 } as const
  expect(filterOf({ ...plainView, query: ' ', levels: ['none'], sources: ['a'], range }, now)).toEqual({
    levels: ['none'],
    sources: ['a'],
    since: '2026-11-22T07:45:00.000Z',
  })
  const between = { kind: 'between', since: null, until: '2026-11-22T07:45:00.000Z' } as const
  expect(filterOf({ ...plainView, range: between }, now)).toEqual({ until: between.until })
  expect(isNarrowed({ ...plainView, tab: 'access' })).toBe(false)
  expect(isNarrowed({ ...plainView, range })).toBe(true)
})

test.each([
  ['', 'user.id', 'ann', false, 'user.id:ann'],
  ['cart', 'user.id', 'ann', true, 'cart -user.id:ann'],
  ['user.id:ann', 'user.id', 'ann', false, 'user.id:ann'],
  ['', 'path', '/a b"c\\d', false, 'path:"/a b\\"c\\\\d"'],
  ['', 'text', 'one\ntwo', false, 'text:"one*"'],
  ['', 'empty', '', false, 'empty:""'],
  ['', 'long', 'x'.repeat(400), false, `long:"${'x'.repeat(300)}*"`],
])('a condition is added to %j: %s is %j', (query, name, value, not, expected) => {
  const next = withCondition(query, name, value, not)
  expect(next).toBe(expected)
  const parsed = parseLogQuery(next)
  expect(parsed).toHaveProperty('conditions')
  expect('conditions' in parsed && parsed.conditions.at(-1)).toMatchObject({ kind: 'field', name, not })
})
