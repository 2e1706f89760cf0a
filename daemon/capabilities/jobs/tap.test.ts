import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tapCases } from './tap.ts'

test('what the test runner of Node.js writes is told test by test, each in what it stands in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qa-tap-'))
  const file = join(folder, 'sums.test.cjs')
  writeFileSync(
    file,
    `const { describe, test } = require('node:test'); const assert = require('node:assert')
describe('sums', () => { test('adds', () => {}); test('takes away', () => assert.equal(1, 2, 'no sum')) })
test('later', { skip: true }, () => {})`,
  )
  let output = ''
  try {
    // Told apart from the runner that runs this very test.
    const { NODE_TEST_CONTEXT: _own, ...env } = process.env
    execFileSync(process.execPath, ['--test-reporter=tap', file], { encoding: 'utf8', env })
  } catch (error) {
    output = (error as { readonly stdout: string }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
  const cases = tapCases(output) ?? []
  expect(cases.map(({ suite, name, state }) => [...suite, name, state])).toEqual([
    ['sums', 'adds', 'passed'],
    ['sums', 'takes away', 'failed'],
    ['later', 'skipped'],
  ])
  expect(cases[1]).toMatchObject({ message: expect.stringContaining('no sum') as string, file, line: 2 })
  expect(cases[0]?.durationMs).toBeGreaterThan(0)
})

test.each([
  ['1..1\nok 1 - plain', [['plain', 'passed']]],
  [
    '1..2\nok\nnot ok',
    [
      ['(without a name)', 'passed'],
      ['(without a name)', 'failed'],
    ],
  ],
  ['TAP version 14\nnot ok 1 - later # TODO soon\n1..1', [['later', 'skipped']]],
  ['1..0 # SKIP nothing to do', []],
] as const)('%j', (output, expected) => {
  expect(tapCases(output)?.map(({ name, state }) => [name, state])).toEqual(expected)
})

test('what is no TAP is none', () => {
  expect(tapCases('everything is ok\nok 1 - said somebody')).toBeNull()
})
