import { expect, test } from 'vitest'
import { LineSplitter } from './line-splitter.ts'
import { linesOf, longestLine, type LineBlock } from './lines.ts'

interface Line {
  readonly bytes: Buffer
  readonly cut: number
  /** Where what follows it begins in the input. */
  readonly end: number
}

/** The lines of a block, in a piece that begins at `at` in the input. */
const linesIn = (block: LineBlock, piece: Buffer, at: number): readonly Line[] =>
  linesOf(block).map((line, n) => {
    const next = block.from[n + 1]
    const end = next === undefined ? block.end : at + block.bytes.byteOffset - piece.byteOffset + next
    return { ...line, end }
  })

/** Pushes pieces of these lengths, and takes the end of the input as the end of a line. */
function split(input: Buffer, ...lengths: readonly number[]): Line[] {
  const splitter = new LineSplitter()
  const lines: Line[] = []
  let at = 0
  for (let n = 0; at < input.length; n++) {
    const next = at + (lengths[n % Math.max(1, lengths.length)] ?? input.length)
    const piece = Buffer.from(input.subarray(at, next))
    for (const block of splitter.push(piece)) lines.push(...linesIn(block, piece, at))
    expect(lines.at(-1)?.end ?? splitter.start).toBe(splitter.start)
    at = next
  }
  const last = splitter.end()
  return last === null ? lines : [...lines, ...linesIn(last, input, 0)]
}

const texts = (lines: readonly Pick<Line, 'bytes'>[]) => lines.map(({ bytes }) => bytes.toString('latin1'))

test.each([
  ['a\nb\n', ['a', 'b']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a\rb\r', ['a', 'b']],
  ['a\r\n\r\nb', ['a', '', 'b']],
  ['a\r\r\nb\n\rc', ['a', '', 'b', '', 'c']],
  ['\n\n', ['', '']],
  ['\r', ['']],
  ['', []],
  ['a\0b\n\0\n', ['a\0b', '\0']],
  ['\xff\xc3(\xe9\n\x80\n', ['\xff\xc3(\xe9', '\x80']],
  ['\xef\xbb\xbfa\n\xef\xbb\xbfb', ['a', '\xef\xbb\xbfb']],
  ['\xef\xbb', ['\xef\xbb']],
  ['\xef\n', ['\xef']],
])('%j, in pieces of any length', (input, expected) => {
  const bytes = Buffer.from(input, 'latin1')
  const whole = split(bytes)
  expect(texts(whole)).toEqual(expected)
  for (const length of [1, 2, 3]) expect(split(bytes, length)).toEqual(whole)
})

test('each line knows where what follows it begins', () => {
  const ends = (input: string, ...lengths: readonly number[]) =>
    split(Buffer.from(input), ...lengths).map(({ end }) => end)
  for (const length of [1, 2, 100]) {
    expect(ends('ab\r\nc\rd\n\ne', length)).toEqual([4, 6, 8, 9, 10])
    expect(ends('\ufeffab\nc\n', length)).toEqual([6, 8])
  }
})

test('a CR at the end of what is there waits for its LF', () => {
  const splitter = new LineSplitter()
  expect(splitter.push(Buffer.from('a\r'))).toEqual([])
  expect(splitter.start).toBe(0)
  expect(texts(splitter.push(Buffer.from('\nb\r')).flatMap(linesOf))).toEqual(['a'])
  expect(splitter.start).toBe(3)
  expect(texts(splitter.push(Buffer.from('c')).flatMap(linesOf))).toEqual(['b'])
})

test.each([false, true])('UTF-16 becomes UTF-8, swapped: %s', (swapped) => {
  const text = 'a\u00e9\u20ac\u{1f600}\r\n\u0a0d\n\rb\n\nend'
  const le = Buffer.from(`\ufeff${text}`, 'utf16le')
  const input = swapped ? le.swap16() : le
  for (const length of [1, 2, 3, 5, 1000]) {
    const lines = split(input, length)
    expect(lines.map(({ bytes }) => bytes.toString())).toEqual([
      'a\u00e9\u20ac\u{1f600}',
      '\u0a0d',
      '',
      'b',
      '',
      'end',
    ])
    expect(lines.map(({ end }) => end)).toEqual([16, 20, 22, 26, 28, 34])
  }
})

test('reading goes on in the middle of a file of which the encoding is known', () => {
  const splitter = new LineSplitter(34, 'utf16le')
  const blocks = splitter.push(Buffer.from('a\nb', 'utf16le'))
  expect(blocks.flatMap(linesOf)).toEqual([{ bytes: Buffer.from('a'), cut: 0 }])
  expect(splitter.start).toBe(38)
})

test.each([
  [longestLine - 1, 0],
  [longestLine, 0],
  [longestLine + 1, 1],
  [3 * longestLine, 2 * longestLine],
])('a line of %d bytes loses %d', (length, cut) => {
  const input = Buffer.concat([Buffer.from('a\n'), Buffer.alloc(length, 'x'), Buffer.from('\r\nb\n')])
  for (const pieces of [[input.length], [1000], [longestLine + 3], [7, 100_000]])
    expect(split(input, ...pieces).map((line) => [line.bytes.length, line.cut, line.end])).toEqual([
      [1, 0, 2],
      [length - cut, cut, length + 4],
      [1, 0, length + 6],
    ])
})

test('a line of UTF-16 is cut between characters', () => {
  const line = `${'x'.repeat(longestLine - 1)}\u20ac\u20ac`
  const [first, second] = split(Buffer.from(`\ufeff${line}\nb\n`, 'utf16le'), 100_000)
  expect(first?.bytes.length).toBe(longestLine - 1)
  expect(first?.cut).toBe(4)
  expect(second?.bytes.toString()).toBe('b')
  const [long] = split(Buffer.from(`\ufeff${'x'.repeat(3 * longestLine)}`, 'utf16le'), 100_000)
  expect([long?.bytes.length, long?.cut]).toEqual([longestLine, 4 * longestLine])
})

test('any bytes, in pieces of any length, are the same lines as in one piece (every input up to six bytes)', () => {
  const alphabet = [10, 13, 97, 0xff, 0xfe]
  let inputs: readonly (readonly number[])[] = [[]]
  for (let length = 1; length <= 6; length++) {
    inputs = inputs.flatMap((input) => alphabet.map((byte) => [...input, byte]))
    for (const input of inputs) {
      const bytes = Buffer.from(input)
      const whole = split(bytes)
      for (const piece of [1, 2])
        if (!sameLines(split(bytes, piece), whole))
          expect(split(bytes, piece), bytes.toString('hex')).toEqual(whole)
    }
  }
})

const sameLines = (some: readonly Line[], others: readonly Line[]): boolean =>
  some.length === others.length &&
  some.every((line, n) => {
    const other = others[n]
    return (
      other !== undefined &&
      line.bytes.equals(other.bytes) &&
      line.cut === other.cut &&
      line.end === other.end
    )
  })
