import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

const known = ['command', 'port', 'env', 'restart', 'dependsOn', 'autostart']

test.each([
  ['comand', 'command'],
  ['Command', 'command'],
  ['depends_on', 'dependsOn'],
  ['prot', 'port'],
  ['env1', 'env'],
])('%s is probably %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant)
})

test.each(['', 'x', 'volumes', 'c'.repeat(100_000)])('nothing is near %.20j', (word) => {
  expect(nearest(word, known)).toBeNull()
})
