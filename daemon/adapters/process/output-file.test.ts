import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { trimMiddle } from './bounded-output.ts'
import { readPiece } from './output-file.ts'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qa-output-'))
  file = join(folder, 'output.log')
})
afterEach(() => rmSync(folder, { recursive: true }))

test.each([1, 2, 3, 4, 5, 7, 64])(
  'pieces of %i bytes make the whole text, and no character is broken',
  async (bytes) => {
    const text = 'aé€😀\nзебра 🚀 end'
    writeFileSync(file, text)
    let read = ''
    for (let from = 0; from < Buffer.byteLength(text);) {
      // A character may be longer than the piece that is asked for.
      const piece = await readPiece(file, from, Math.max(bytes, 4))
      expect(piece.next).toBeGreaterThan(from)
      read += piece.text
      from = piece.next
    }
    expect(read).toBe(text)
  },
)

test('a character that is not written to its end yet is waited for', async () => {
  const [first = 0, ...rest] = Buffer.from('€')
  writeFileSync(file, Buffer.concat([Buffer.from('ab'), Buffer.from([first])]))
  const piece = await readPiece(file, 0, 100)
  expect(piece).toMatchObject({ text: 'ab', next: 2, size: 3 })
  appendFileSync(file, Buffer.from(rest))
  expect(await readPiece(file, piece.next, 100)).toMatchObject({ text: '€', next: 5 })
})

test('whoever reads a file goes on where it was when the middle is cut, and nothing of the end is missed', async () => {
  const lines = Array.from({ length: 2000 }, (_, n) => `${n} é\n`)
  writeFileSync(file, lines.slice(0, -3).join(''))
  const { next } = await readPiece(file, 0, 2 ** 30)
  appendFileSync(file, lines.slice(-3).join(''))
  await trimMiddle(file, 4000)
  expect(await readPiece(file, next, 2 ** 30)).toMatchObject({ text: lines.slice(-3).join('') })
  const { text, size } = await readPiece(file, 0, 2 ** 30)
  expect(size).toBe(Buffer.byteLength(lines.join('')))
  expect(text).toBe(readFileSync(file, 'utf8'))
  let [pieces, from] = ['', 0]
  while (from < size) {
    const piece = await readPiece(file, from, 7)
    expect(piece.next).toBeGreaterThan(from)
    pieces += piece.text
    from = piece.next
  }
  expect(pieces).toBe(text)
})

test('a file that is not there, or is shorter than it was, has nothing more', async () => {
  expect(await readPiece(file, 5, 10)).toEqual({ text: '', next: 5, size: 0 })
  writeFileSync(file, 'abc')
  expect(await readPiece(file, 100, 10)).toEqual({ text: '', next: 3, size: 3 })
})

test('of what is too long the middle is cut, with a line that says how much', async () => {
  writeFileSync(file, `begin\n${'x'.repeat(99)}\n`.repeat(1000) + 'end\n')
  const before = readFileSync(file).length
  await trimMiddle(file, before)
  expect(readFileSync(file)).toHaveLength(before)
  await trimMiddle(file, 10_000)
  const text = readFileSync(file, 'utf8')
  expect(text.length).toBeLessThan(10_000)
  expect(text.startsWith('begin\n')).toBe(true)
  expect(text.endsWith('\nend\n')).toBe(true)
  expect(text).toMatch(/\n\[quantum-admin: 101\d{3} bytes that were written before this are gone\]\n/)
})
