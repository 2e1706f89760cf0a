import { expect, test } from 'vitest'
import { countsIn } from './closing-line.ts'

const vitest = `
 Test Files  1 failed | 2 passed (3)
\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[31m1 failed\u001b[39m\u001b[22m\u001b[2m | \u001b[22m\u001b[1m\u001b[32m18 passed\u001b[39m\u001b[22m | 2 skipped (21)
   Start at  14:04:18
   Duration  12.03s
`
const jest = `Test Suites: 1 failed, 1 total
Tests:       1 failed, 1 skipped, 5 passed, 7 total
Snapshots:   0 total
`
const node = `ℹ tests 6\nℹ suites 0\nℹ pass 4\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 48.1\n`

test.each([
  ['Quantum', '3 passed, 1 failed\n', [3, 1, 0]],
  ['pytest', '===== 1 failed, 5 passed, 2 skipped, 1 warning in 0.12s =====\n', [5, 1, 2]],
  ['pytest with an error', '=== 2 passed, 1 error in 1.20s ===\n', [2, 1, 0]],
  ['Vitest', vitest, [18, 1, 2]],
  ['Jest', jest, [5, 1, 1]],
  ['Node.js', node, [4, 1, 1]],
  ['Node.js, TAP', '# tests 2\n# pass 2\n# fail 0\n# skipped 0\n# todo 0\n', [2, 0, 0]],
  ['unittest', '----\nRan 6 tests in 0.001s\n\nFAILED (failures=1, errors=1, skipped=2)\n', [2, 2, 2]],
  ['unittest, all well', 'Ran 1 test in 0.000s\n\nOK\n', [1, 0, 0]],
  ['Mocha', '  5 passing (10ms)\n  1 pending\n  2 failing\n', [5, 2, 1]],
  ['Go', 'ok  \tshop/a\t0.002s\nFAIL\tshop/b\t0.003s\nFAIL\n', [1, 1, 0]],
  [
    'Go, each test',
    '--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\n--- SKIP: TestC (0.00s)\nFAIL\n',
    [1, 1, 1],
  ],
  [
    'Cargo',
    'test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n',
    [6, 2, 1],
  ],
  ['the last of several', '1 passed, 0 failed\nmore\n2 passed, 0 failed\n', [2, 0, 0]],
] as const)('%s', (_name, output, [passed, failed, skipped]) => {
  expect(countsIn(output)).toEqual({ passed, failed, skipped })
})

test.each(['', 'done', 'deployed 3 of 4', 'the exam was passed, 3 failed to come'])(
  'nothing is made of %j',
  (output) => expect(countsIn(output)).toBeNull(),
)

test.each([' ', '=', '1', '1 passed, ', 'Tests: 1 ', '9 a, '])('a long line of %j ends', (part) => {
  expect([null, 'object']).toContain(countsIn(part.repeat(65_536 / part.length)) === null ? null : 'object')
})
