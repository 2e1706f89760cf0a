import { expect, test } from 'vitest'
import { configJsonSchema, type JsonSchema } from './config-json-schema.ts'

/** What stands at a key, in any of the forms that the mappings on the way have. */
function at(path: readonly string[], schema: JsonSchema = configJsonSchema()): JsonSchema | undefined {
  const [key, ...rest] = path
  if (key === undefined) return schema
  const forms = [schema, ...(schema.anyOf ?? [])]
  const next = forms.map(({ properties }) => properties?.[key]).find((part) => part !== undefined)
  return next === undefined ? undefined : at(rest, next)
}

const formsAt = (...path: readonly string[]) => JSON.stringify(at(path))

test('a key has the forms, the limits and the words that the reader takes', () => {
  expect(formsAt('admin', 'run', 'port')).toContain('"minimum":1,"maximum":65535')
  expect(formsAt('admin', 'run', 'restart', 'policy')).toContain('["never","on-failure","always"]')
  expect(formsAt('admin', 'include')).toContain('"type":"array"')
})

test('a misspelt key of ours is refused, and the framework may have more than we know', () => {
  expect(formsAt('admin', 'run')).toContain('"additionalProperties":false')
  expect(formsAt('server')).not.toContain('"additionalProperties":false')
})

test('a key says what it is for, what is expected and what counts without it', () => {
  expect(at(['admin', 'run', 'restart', 'policy'])).toMatchObject({
    description: 'When it is started again.\n\nExpected never, on-failure or always.\n\nDefault: on-failure.',
    default: 'on-failure',
  })
  expect(at(['admin', 'run', 'env'])?.description).toBe('Variables of its environment.')
})

test('a default in prose is none for a program', () => {
  expect(at(['admin', 'name'])).not.toHaveProperty('default')
  expect(at(['admin', 'run', 'autostart'])).not.toHaveProperty('default')
})
