import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { Output } from './output.ts'
import { table, type Column } from './table.ts'

/** An output on a terminal of so many columns, without colour. */
class Sized extends Output {
  readonly #columns: number
  override readonly interactive = true
  constructor(columns: number) {
    super({ json: false, quiet: false, color: false })
    this.#columns = columns
  }
  override get columns(): number {
    return this.#columns
  }
}

interface Row {
  readonly name: string
  readonly size: number
  readonly note: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', least: 6, value: ({ name }) => name },
  { title: 'SIZE', align: 'right', value: ({ size }) => String(size) },
  { title: 'EMPTY', value: () => '' },
  { title: 'NOTE', least: 6, spare: 1, value: ({ note }) => note },
]

test('columns are aligned, and one with nothing in it is left out', async () => {
  const rows = [
    { name: 'a', size: 5, note: 'first' },
    { name: 'longer', size: 1234, note: 'second' },
  ]
  expect(await table(new Sized(80), columns, rows)).toEqual([
    'NAME    SIZE  NOTE',
    'a          5  first',
    'longer  1234  second',
  ])
})

test('on a narrow terminal the widest gives way first, then spare columns go, then everything shrinks', async () => {
  const rows = [{ name: 'x'.repeat(30), size: 1234, note: 'y'.repeat(20) }]
  expect((await table(new Sized(40), columns, rows))[1]).toBe('xxxxxxxxxxxxxxx…  1234  yyyyyyyyyyyyyyy…')
  expect((await table(new Sized(19), columns, rows))[1]).toBe('xxxxxxxxxxxx…  1234')
  expect((await table(new Sized(9), columns, rows))[1]).toBe('xx…  1234')
  expect((await table(new Sized(8), columns, rows))[1]).toBe('xx…  12…')
})

test('wide characters and emoji count as what they take', async () => {
  const rows = [
    { name: '日本語のフォルダー', size: 1, note: '' },
    { name: '👨‍👩‍👧 family', size: 22, note: '' },
  ]
  for (const width of [8, 12, 15, 18, 40]) {
    const lines = await table(new Sized(width), columns, rows)
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(width)
    const ends = new Set(lines.map((line) => stringWidth(line)))
    expect(ends.size).toBe(1)
  }
})

test('what a name holds stays in its cell', async () => {
  const rows = [{ name: 'a\nb\u001b[2J\u202e', size: 1, note: '' }]
  const [, line] = await table(new Sized(80), columns, rows)
  expect(line).toBe('a\\nb\\e[2J\\u202e     1')
})
