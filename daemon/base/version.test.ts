import { expect, test } from 'vitest'
import { isNewer } from './version.ts'

test.each([
  ['0.2.0', '1.a', '0.1.9', '9.b', true],
  ['0.10.0', '1.a', '0.9.0', '1.a', true],
  ['0.1.0', '200.a', '0.1.0', '100.b', true],
  ['0.1.0', '100.a', '0.1.0', '100.b', false],
  ['0.1.0', '100.a', '0.1.0', '200.b', false],
  ['0.1.0', '9.a', '0.2.0', '1.b', false],
])('%s build %s replaces %s build %s: %s', (version, id, otherVersion, otherId, expected) => {
  expect(isNewer({ version, id }, { version: otherVersion, id: otherId })).toBe(expected)
})
