import { expect, test } from 'vitest'
import { spansOf } from './ansi.ts'
import { marked, matcherOf } from './highlight.ts'

const found = (query: string, text: string) =>
  matcherOf(query)(text).map(([from, to]) => text.slice(from, to))

test.each([
  ['cart', 'Cart 1, cart 2', ['Cart', 'cart']],
  ['"a b" c', 'a b c', ['a b', 'c']],
  ['-cart pay', 'pay cart', ['pay']],
  ['user:ann*', 'user=anna', ['ann']],
  ['msg~timed', 'timed out', ['timed']],
  ['/c[a-z]+t/', 'cart CART', ['cart']],
  ['/time(d )?out/i', 'Timed out', ['Timed out']],
  ['ab bc', 'abc', ['abc']],
  ['.*', 'a.*b', ['.*']],
  ['', 'x', []],
  ['"open', 'open', []],
  ['/(/', '(', []],
])('what a query finds is marked: %s', (query, text, marks) => expect(found(query, text)).toEqual(marks))

test('a pattern that could take a browser for ever marks nothing', () => {
  const text = `${'a'.repeat(50_000)}!`
  for (const pattern of ['(a+)+$', '(a|a)*$', '(a*)*b', 'a*a*a*b', '([a-z]+){5,}$'])
    expect(found(`/${pattern}/`, text)).toEqual([])
})

test('marks cut pieces where they begin and end, and nothing is lost', () => {
  const spans = spansOf('\u001b[31mred\u001b[0mdish cart')
  const pieces = marked(spans, matcherOf('eddi rt')('reddish cart'))
  expect(pieces.map(({ text, classes, found }) => [text, classes.join(), found])).toEqual([
    ['r', 'fg-red', false],
    ['ed', 'fg-red', true],
    ['di', '', true],
    ['sh ca', '', false],
    ['rt', '', true],
  ])
})
