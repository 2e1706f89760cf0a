import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorKinds } from '#contract/errors.ts'
import { inRoot, root } from '../support/paths.ts'

const pages = globSync('docs/errors/*.md', { cwd: root }).map((file) => path.basename(file, '.md'))
const codes = Object.keys(errorKinds)

test('every error code has a page that says what happened, and every page a code', () => {
  const sorted = (names: readonly string[]) => names.toSorted((a, b) => (a < b ? -1 : 1))
  expect(sorted(pages.filter((page) => page !== 'README'))).toEqual(sorted(codes))
})

test.each(codes)('the page of %s is about it', (code) => {
  const text = readFileSync(inRoot('docs/errors', `${code}.md`), 'utf8')
  expect(text).toContain(code)
  expect(text.length).toBeGreaterThan(200)
})

test('every number is given to one code', () => {
  const numbers = Object.values(errorKinds).map(({ rpc }) => rpc)
  expect(new Set(numbers).size).toBe(numbers.length)
})
