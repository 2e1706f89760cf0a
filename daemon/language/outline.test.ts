import { describe, expect, test } from 'vitest'
import { parseDocument, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { entryAt, pathOf } from './outline.ts'
import { readOutline } from './outline-reader.ts'

/** Each entry as `path=value`, in the order of the text. */
const listed = (text: string): readonly string[] =>
  readOutline(text).entries.map((entry) => {
    const { value } = entry
    return `${pathOf(entry).join('.')}${value === null ? '' : `=${value.text}`}`
  })

/** The same of what a parser of YAML makes of it. */
function parsed(text: string): readonly string[] {
  const lines: string[] = []
  const walk = (node: Node | null, path: readonly (string | number)[]) => {
    if (isMap(node))
      for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
        const at = [...path, isScalar(key) ? String(key.source) : '?']
        lines.push(
          `${at.join('.')}${isScalar(value) && (value.range?.[1] ?? 0) > (value.range?.[0] ?? 0) ? `=${String(value.source)}` : ''}`,
        )
        walk(value, at)
      }
    else if (isSeq(node))
      for (const [index, item] of (node.items as Node[]).entries()) {
        const at = [...path, index]
        lines.push(`${at.join('.')}${isScalar(item) ? `=${String(item.source)}` : ''}`)
        walk(item, at)
      }
  }
  const document = parseDocument(text)
  expect(document.errors, text).toEqual([])
  walk(document.contents, [])
  return lines
}

const texts = [
  '',
  'admin:\n  run:\n    command: npm start # why\n    port: 80\nname: x\n',
  'a: { b: 1, c: { d: [x, y], e: "f, g" } }\nh: i',
  'a: { b: 1,\n     c: 2 }\nd: 3',
  '{ a: 1, b: [ { c: 2 }, d ] }',
  'list:\n- a\n- b: 1\n  c: 2\n-\n  d: 3\nafter: 1',
  'list:\n  - - a\n    - b\n  - { file: x, kind: y }',
  "\"a b\": 1\n'c': 'd'\ne f: g h",
  'a: # nothing\nb:\n  c: 1',
  'a: "x: y"\nb: \'it\'\nc: x#y',
  'a:\n  b\nc: 1',
  'a:\n  { b: 1 }\nc: 1',
  'admin:\r\n  run:\r\n    port: 80\r\nname: x\r\n',
  'docs: https://example.com/a:b\nenv: { A: http://x, "B": 1 }',
  'deep:\n  a:\n    b:\n      c: 1\n  d: 2\ne: 3',
  'a: [\n  b,\n  c\n]\nd: 1',
]

test.each(texts)('%j is understood as a parser of YAML understands it', (text) => {
  expect(listed(text)).toEqual(parsed(text))
})

test('texts on several lines hide what looks like keys in them', () => {
  expect(listed('a: |\n  b: 1\n\n  c: 2\nd: 1')).toEqual(['a=', 'd=1'])
  expect(listed('a: "b\n  c: 1"\nd: 1').at(-1)).toBe('d=1')
  expect(listed('- |\n  b: 1\n- c: >-\n    x: 1\n  d: 2')).toEqual(['0=', '1', '1.c=', '1.d=2'])
})

describe('a half-written text is read on', () => {
  test.each([
    ['behind an open quote', 'a: "b\nc: 1\nd: 2', ['c=1', 'd=2']],
    ['behind an open bracket', 'a:\n  b: { c: 1, d: [2\n  e: 3\nf: 4', ['a.e=3', 'f=4']],
    ['behind a word without a colon', 'a:\n  b: 1\n  comm\n  d: 2', ['a.b=1', 'a.d=2']],
    ['behind a word that is first', 'a:\n  comm\n  d: 2', ['a.d=2']],
    ['behind a tab', 'a:\n\tb: 1\nc: 2', ['c=2']],
    ['behind brackets too many', 'a: }]\nb: 1', ['b=1']],
    ['with a key in braces that has no value yet', 'a: { b, c: 1 }', ['a.b', 'a.c=1']],
    ['with colons and commas alone', 'a: { :, ,: }\nb: 1', ['b=1']],
  ])('%s', (_where, text, expected) => {
    expect(listed(text)).toEqual(expect.arrayContaining(expected))
  })
})

test('an entry is found by its key and by its value', () => {
  const text = 'admin: { run: { port: 80 } }'
  const outline = readOutline(text)
  const at = (word: string) => {
    const found = entryAt(outline, text.indexOf(word))
    return found === null ? null : `${pathOf(found.entry).join('.')} ${found.part}`
  }
  expect([at('admin'), at('run'), at('port'), at('80'), at(' }')]).toEqual([
    'admin key',
    'admin.run key',
    'admin.run.port key',
    'admin.run.port value',
    'admin.run.port value',
  ])
})

test.each([
  ['keys', 'a: 1\n'.repeat(200_000)],
  ['brackets', '['.repeat(1_000_000)],
  ['quotes', '"a\n '.repeat(200_000)],
  ['spaces', `a${' '.repeat(1_000_000)}`],
  ['lines of spaces', `a${' '.repeat(1000)}\n`.repeat(1000)],
  ['colons', ': '.repeat(500_000)],
  ['colons in braces', `{${':'.repeat(1_000_000)}`],
  ['dashes', '- '.repeat(500_000)],
  ['deeper and deeper', Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['anchors', `a: ${'&a '.repeat(300_000)}`],
  ['5 MB', 'a: 1\n'.repeat(1_000_000)],
])('a great many %s take no long time', (_what, text) => {
  const began = performance.now()
  readOutline(text)
  // However slow the machine: what is quadratic takes minutes.
  expect(performance.now() - began).toBeLessThan(5000)
})
