import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { boundOutput, setAside, trimMiddle } from './bounded-output.ts'
import { readPiece } from './output-file.ts'

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

test.runIf(process.platform === 'linux')(
  'a file whose beginning is kept loses its middle and nothing that is written meanwhile',
  async () => {
    const file = join(folder, 'output.log')
    const last = 3_000_000
    const writer = spawn('/bin/sh', ['-c', `exec seq 1 ${last} >> "$1"`, 'sh', file])
    const closed = once(writer, 'close')
    const bounds = { most: 1_000_000, kept: 500_000, begin: 100_000 }
    while (writer.exitCode === null) await boundOutput(file, bounds)
    await closed
    await boundOutput(file, bounds)
    expect(statSync(file).blocks * 512).toBeLessThan(1_100_000)
    expect(statSync(file).size).toBeGreaterThan(20_000_000)
    for (const trimmed of [false, true]) {
      if (trimmed) await trimMiddle(file, 400_000)
      const { text, next, size } = await readPiece(file, 0, 10_000_000)
      expect(next).toBe(size)
      const [before = '', gone, after = ''] = text.split(
        /\[quantum-admin: (\d+) bytes that were written before this are gone\] *\n/,
      )
      const [first, end] = [before, after].map((part) => part.trimEnd().split('\n').map(Number))
      expect(first?.every((number, index) => number === index + 1)).toBe(true)
      expect(end?.every((number, index) => number === last - (end.length - 1) + index)).toBe(true)
      expect(end?.length).toBeGreaterThan(trimmed ? 10_000 : 50_000)
      expect(Number(gone)).toBeGreaterThan(20_000_000)
    }
    expect(statSync(file).size).toBeLessThanOrEqual(400_000)
  },
)

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
