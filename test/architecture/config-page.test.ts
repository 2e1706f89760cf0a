import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { descriptions } from '../../daemon/config/config-descriptions.ts'
import { configJsonSchema } from '../../daemon/config/config-json-schema.ts'
import { keysOf, withKeys } from '../support/config-page.ts'
import { inRoot } from '../support/paths.ts'

const sorted = (keys: Iterable<string>) => [...new Set(keys)].toSorted((a, b) => (a < b ? -1 : 1))

test('every key of the schema has a description, and every description a key', () => {
  const keys = sorted(keysOf(configJsonSchema()))
  expect(keys.length).toBeGreaterThan(100)
  expect(sorted(Object.keys(descriptions))).toEqual(keys)
})

test('a description is a sentence', () => {
  for (const { text } of Object.values(descriptions)) expect(text).toMatch(/^[A-Z].*[.]$/s)
})

test('docs/config.md is what `npm run docs` writes', () => {
  const page = readFileSync(inRoot('docs/config.md'), 'utf8')
  expect(page).toContain('| `run.port` | The port it asks for.')
  expect(withKeys(page)).toBe(page)
})

test('a key that is missing on the page is noticed', () => {
  const page = readFileSync(inRoot('docs/config.md'), 'utf8').replace(/\| `run\.port` .*\n/, '')
  expect(withKeys(page)).not.toBe(page)
})
