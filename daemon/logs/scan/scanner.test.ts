import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { numbers, temporaryFolder } from '../logs.fixture.ts'
import { noFacts } from '../segments/block.ts'
import { SegmentIndex } from '../segments/segment-index.ts'
import { compiledText } from './compile.mjs'
import { needleOf } from './needle.ts'
import { Scanner } from './scanner.ts'

const next = numbers(11)
const letters = 'aAbBkKzZ09_ -:"{}[]@`\n\u00e9'
const anyText = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => letters[next(letters.length)]).join(''))
/** A part of it that is ASCII; null where it has no such part of that length. */
function partOf(text: Buffer, length: number): string | null {
  const at = next(Math.max(1, text.length - length))
  const part = text.toString('latin1', at, at + length)
  return /^[\x20-\x7e]+$/.test(part) ? part : null
}
const lower = (text: Buffer): string =>
  text.toString('latin1').replaceAll(/[A-Z]+/g, (upper) => upper.toLowerCase())

test('the module is what its source compiles to', async () => {
  expect(await compiledText()).toBe(readFileSync(path.join(import.meta.dirname, 'scan-code.ts'), 'utf8'))
}, 60_000)

describe('the scanner', () => {
  test('finds every place of a needle, whatever its case, and no other', () => {
    const scanner = new Scanner()
    for (let round = 0; round < 400; round++) {
      const text = anyText(1 + next(300))
      const needle = partOf(text, 1 + next(12)) ?? ['k', 'Zz', '@a', '`0', '[b]'][next(5)] ?? ''
      const room = scanner.room(text.length)
      text.copy(room)
      const made = needleOf(needle)
      const found: number[] = []
      for (
        let at = scanner.find(made, 0, text.length);
        at !== -1;
        at = scanner.find(made, at + 1, text.length)
      )
        found.push(at)
      const expected: number[] = []
      const [hay, wanted] = [lower(text), needle.toLowerCase()]
      for (let at = hay.indexOf(wanted); at !== -1; at = hay.indexOf(wanted, at + 1)) expected.push(at)
      expect(found).toEqual(expected)
    }
  })

  test('finds each row that holds a needle, once, from any row on', () => {
    const scanner = new Scanner()
    for (let round = 0; round < 300; round++) {
      const texts = Array.from({ length: 1 + next(40) }, () =>
        anyText(next(12)).toString('latin1').replaceAll('\n', ''),
      )
      const text = Buffer.from(texts.map((one) => `${one}\n`).join(''), 'latin1')
      const endsFrom = (text.length + 7) & ~3
      const room = scanner.room(endsFrom + texts.length * 4)
      text.copy(room)
      const ends = new Uint32Array(room.buffer, room.byteOffset + endsFrom, texts.length)
      let end = -1
      for (const [row, one] of texts.entries()) ends[row] = end += one.length + 1
      const needle = ['a', 'zz', '09', 'K_', '- '][next(5)] ?? ''
      const row = next(texts.length)
      const found = scanner.rows(needleOf(needle), { from: 0, to: text.length, ends }, row)
      const expected = texts.flatMap((one, at) =>
        at >= row && lower(Buffer.from(one, 'latin1')).includes(needle.toLowerCase()) ? [at] : [],
      )
      expect([...found]).toEqual(expected)
    }
  })

  test('finds nothing beyond the end it was given', () => {
    const scanner = new Scanner()
    Buffer.from('-- needle').copy(scanner.room(9))
    expect(scanner.find(needleOf('needle'), 0, 8)).toBe(-1)
    expect(scanner.find(needleOf('needle'), 0, 9)).toBe(3)
    expect(scanner.find(needleOf('needle'), 4, 9)).toBe(-1)
  })
})

describe('an index', () => {
  test('never passes over a block that holds the text, and passes over most that do not', () => {
    using temporary = temporaryFolder()
    const scanner = new Scanner()
    const blocks = Array.from({ length: 40 }, (_, block) => [
      Buffer.concat([
        anyText(5000),
        Buffer.from(` request ${block * 7919}-${block}abcdef done\n`),
        anyText(3000),
      ]),
    ])
    const file = path.join(temporary.folder, 'x.idx')
    const facts = blocks.map((_, block) => ({ ...noFacts(block), firstSequence: block + 1 }))
    const filters = blocks.map((texts) => scanner.filterOf(texts))
    SegmentIndex.write(file, scanner, filters, facts)
    const index = SegmentIndex.open(file, facts)
    const missed: string[] = []
    let [passed, held] = [0, 0]
    for (let round = 0; round < 500; round++) {
      const block = next(blocks.length)
      const needle = partOf(blocks[block]?.[0] ?? Buffer.alloc(0), 3 + next(40)) ?? 'done'
      const may = new Set(index?.placesWith(needleOf(needle).bits))
      for (const [place, [text]] of blocks.entries()) {
        const holds = lower(text ?? Buffer.alloc(0)).includes(needle.toLowerCase())
        if (holds && !may.has(place)) missed.push(needle)
      }
    }
    expect(missed).toEqual([])
    for (let block = 0; block < blocks.length; block++) {
      const may = index?.placesWith(needleOf(`request ${block * 7919}-${block}abcdef done`).bits) ?? []
      held += Number(may.includes(block))
      passed += blocks.length - may.length
    }
    expect(held).toBe(blocks.length)
    expect(passed).toBeGreaterThan(0.99 * blocks.length * (blocks.length - 1))
    expect(SegmentIndex.open(file, facts.slice(1))).toBeNull()
    expect(SegmentIndex.open(file, facts.toReversed())).toBeNull()
    index?.dispose()
  })
})
