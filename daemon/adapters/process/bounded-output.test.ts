import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundOutput, setAside } from './bounded-output.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-output-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lines = (count: number) =>
  Array.from({ length: count }, (_, n) => `${String(n).padStart(7, '0')}\n`).join('')

test.runIf(process.platform === 'linux')('a long file loses its beginning and nothing else', async () => {
  const file = join(folder, 'output.log')
  writeFileSync(file, lines(100_000))
  await boundOutput(file, { most: 400_000, kept: 200_000 })
  const { size, blocks } = statSync(file)
  expect(size).toBe(800_000)
  expect(blocks * 512).toBeLessThanOrEqual(280_000)
  const [mark = '', ...rest] = readFileSync(file, 'latin1').replace(/^\0+/, '').split('\n')
  const gone = Number(
    /^\[quantum-admin: (\d+) bytes that were written before this are gone\]/.exec(mark)?.[1],
  )
  expect(gone % 65_536).toBe(0)
  // Each line is 8 bytes; the mark takes the place of whole ones, to the end of the line that it needs last.
  const first = Number(rest[0])
  expect(first * 8).toBe(gone + mark.length + 1)
  expect(rest).toHaveLength(100_000 - first + 1)
})

test('a short file, and one that is not there, stay as they are', async () => {
  const file = join(folder, 'output.log')
  await boundOutput(file, { most: 400_000, kept: 200_000 })
  writeFileSync(file, lines(10))
  await boundOutput(file, { most: 400_000, kept: 200_000 })
  expect(readFileSync(file, 'utf8')).toBe(lines(10))
})

test('a line without an end is cut, and the mark ends where it must', async () => {
  const file = join(folder, 'output.log')
  writeFileSync(file, 'x'.repeat(800_000))
  await boundOutput(file, { most: 400_000, kept: 200_000 })
  expect(readFileSync(file, 'latin1').replace(/^\0+/, '')).toMatch(/^\[quantum-admin: \d+ bytes [^\]]*\]x+$/)
})

test('where holes cannot be made it is set aside, and the next line goes on in the emptied file', async () => {
  const file = join(folder, 'output.log')
  writeFileSync(file, lines(1000))
  await setAside(file)
  execFileSync('/bin/sh', ['-c', 'echo next >> "$1"', 'sh', file])
  expect(readFileSync(`${file}.1`, 'utf8')).toBe(lines(1000))
  expect(readFileSync(file, 'utf8')).toMatch(/^\[quantum-admin: .*may be missing\]\nnext\n$/)
})
