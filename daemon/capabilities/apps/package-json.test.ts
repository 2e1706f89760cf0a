import { truncateSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { useFolder } from './folders.fixture.ts'

const { at, fill, appIn } = useFolder()

describe('a package.json that cannot be understood', () => {
  test.each([
    ['{\n  "scripts": { "dev": "vite", }\n}', 2, 31],
    ['{"a": [1, 2}', 1, 12],
    ['{"a": "b', 1, 7],
    ['{"a": 1} x', 1, 10],
    ['[1,]', 1, 4],
    ["{'a': 1}", 1, 2],
    ['{"a" 1}', 1, 6],
    ['[01]', 1, 3],
    ['', 1, 1],
    ['[[[', 1, 4],
    ['["\\x"]', 1, 2],
    ['[]', null, null],
    ['null', null, null],
    ['{"a": {}, "b": [], "c": [{}, -1.5e3, true, null, "\\u00e9\\n"]} ]', 1, 63],
  ])('(%j) is told with its place, and the rest of the folder counts', async (text, line, column) => {
    fill({ 'package.json': text, 'index.html': '' })
    expect(await appIn()).toMatchObject({
      kind: 'static',
      problems: [{ severity: 'error', file: at('package.json'), line, column }],
    })
  })

  test('takes no time, however large it is', async () => {
    for (const text of [`"${'a'.repeat(1_000_000)}`, '['.repeat(1_000_000), `["${'\\n'.repeat(500_000)}`]) {
      fill({ 'package.json': text, 'index.html': '' })
      const from = performance.now()
      expect((await appIn())?.problems).toHaveLength(1)
      expect(performance.now() - from).toBeLessThan(2000)
    }
  })

  test('is told of a package that is too large', async () => {
    fill({ 'package.json': '{}', 'index.html': '' })
    truncateSync(at('package.json'), 5_000_000)
    expect((await appIn())?.problems[0]?.message).toBe('package.json is larger than 1 MiB, so it is not read')
  })
})
