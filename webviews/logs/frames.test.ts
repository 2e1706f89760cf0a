import { expect, test } from 'vitest'
import { frameIn } from './frames.ts'

const place = (line: string) => {
  const frame = frameIn(line)
  return frame === null ? null : [frame.file, frame.line, frame.column, line.slice(frame.from, frame.to)]
}

test.each([
  ['    at pay (/srv/shop/cart.js:12:5)', ['/srv/shop/cart.js', 12, 5, '/srv/shop/cart.js:12:5']],
  ['    at /srv/shop/my cart.js:12:5', ['/srv/shop/my cart.js', 12, 5, '/srv/shop/my cart.js:12:5']],
  ['at file:///srv/a%20b/c.mjs:3:1', ['/srv/a b/c.mjs', 3, 1, 'file:///srv/a%20b/c.mjs:3:1']],
  ['at async f (C:\\shop\\cart.ts:7:9)', ['C:\\shop\\cart.ts', 7, 9, 'C:\\shop\\cart.ts:7:9']],
  ['  File "/srv/shop/cart.py", line 3, in pay', ['/srv/shop/cart.py', 3, 1, '/srv/shop/cart.py", line 3']],
  ['\tat shop.cart.Cart.pay(Cart.java:42)', ['shop/cart/Cart.java', 42, 1, 'Cart.java:42']],
  ['\tat app//shop.Cart$Item.<init>(Cart.kt:4)', ['shop/Cart.kt', 4, 1, 'Cart.kt:4']],
  ['\t/srv/shop/main.go:12 +0x1d', ['/srv/shop/main.go', 12, 1, '/srv/shop/main.go:12']],
  [
    '   at Shop.Cart.Pay() in /srv/shop/Cart.cs:line 12',
    ['/srv/shop/Cart.cs', 12, 1, '/srv/shop/Cart.cs:line 12'],
  ],
  [
    '   at Shop.Pay() in C:\\shop\\Cart.cs:line 12',
    ['C:\\shop\\Cart.cs', 12, 1, 'C:\\shop\\Cart.cs:line 12'],
  ],
  ['src/cart.ts:3:5 - error TS1', ['src/cart.ts', 3, 5, 'src/cart.ts:3:5']],
  ['./src/cart.ts:3', ['./src/cart.ts', 3, 1, './src/cart.ts:3']],
])('a place in a source is found: %s', (line, expected) => expect(place(line)).toEqual(expected))

test.each([
  'listening on http://localhost:3000',
  'GET https://shop.test:8080/cart.js',
  '12:30:01 started',
  'postgres://u:p@db:5432/x',
  'at node:internal/process:1:2',
  'javascript:alert(1):1:1',
  '',
])('what is none is none: %s', (line) => expect(place(line)).toBeNull())

test('a long line of anything takes no time', () => {
  const begun = performance.now()
  for (const unit of ['a.', 'at a.', '/a ', '(((', 'File "', 'a/', 'at a/a.'])
    for (let i = 0; i < 20; i++) frameIn(unit.repeat(20_000))
  expect(performance.now() - begun).toBeLessThan(2000)
})
