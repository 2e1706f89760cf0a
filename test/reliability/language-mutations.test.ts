import { isMap, isScalar, isSeq, parseDocument, type Node, type Pair } from 'yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CompletionList } from 'vscode-languageserver/node'
import type { Fix } from '../../daemon/config/findings.ts'
import { examine } from '../../daemon/config/read-config.ts'
import { pathOf } from '../../daemon/language/outline.ts'
import { readOutline } from '../../daemon/language/outline-reader.ts'
import { mutatedConfig } from '../support/config-mutations.ts'
import { LanguageServerProcess } from '../support/language-server.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'

// What people type by mistake, and what somebody makes on purpose, through every answer of the language server.

let server: LanguageServerProcess
beforeAll(async () => {
  server = await LanguageServerProcess.start({ ipc: true, apps: { api: null, web: null } })
})
afterAll(() => server.stop())

/** Asks everything about one place of a document; answers how long each took, in milliseconds. */
async function askAll(uri: string, line: number, character: number): Promise<readonly number[]> {
  const at = { textDocument: { uri }, position: { line, character } }
  const range = { start: at.position, end: at.position }
  const questions: readonly (readonly [string, object])[] = [
    ['textDocument/completion', at],
    ['textDocument/hover', at],
    ['textDocument/definition', at],
    ['textDocument/documentSymbol', at],
    ['textDocument/codeAction', { ...at, range, context: { diagnostics: [] } }],
    ['quantumAdmin/askedPort', { uri }],
  ]
  const durations: number[] = []
  for (const [method, params] of questions) {
    const began = performance.now()
    const answer = await server.connection.sendRequest(method, params)
    durations.push(performance.now() - began)
    if (method === 'textDocument/completion') expectReplaceable(answer as CompletionList, line, character)
  }
  return durations
}

/** An editor takes only what replaces a part of the cursor's line, with the cursor in it. */
function expectReplaceable({ items }: CompletionList, line: number, character: number): void {
  for (const { textEdit, label } of items) {
    const range = textEdit !== undefined && 'range' in textEdit ? textEdit.range : null
    expect([range?.start.line, range?.end.line], label).toEqual([line, line])
    expect(range?.start.character, label).toBeLessThanOrEqual(character)
    expect(range?.end.character, label).toBeGreaterThanOrEqual(character)
  }
}

test('no mutation of a configuration makes an answer fail, hang or end the server', async () => {
  const random = new Random(20_261_123)
  const rounds = scale(300, 10_000)
  const durations: number[] = []
  for (let round = 0; round < rounds; round++) {
    const text = mutatedConfig(random).toString()
    const uri = `file:///nowhere/${round % 10}/quantum.config.yaml`
    await server.show(uri, text)
    const lines = text.split('\n')
    const line = random.int(0, lines.length - 1)
    durations.push(...(await askAll(uri, line, random.int(0, lines[line]?.length ?? 0))))
  }
  const p99 = durations.toSorted((a, b) => a - b)[Math.floor(durations.length * 0.99)] ?? 0
  const longest = Math.max(...durations)
  figure(
    'S16',
    `${rounds} mutations, ${durations.length} answers of the language server: 0 aborts, p99 ${p99.toFixed(1)} ms, longest ${longest.toFixed(1)} ms`,
  )
  expect(server.child.exitCode).toBeNull()
  // However slow the machine, this is far from what a text that hangs would take.
  expect(longest).toBeLessThan(2000)
  if (full) expect(p99).toBeLessThan(50)
})

const laughs = [
  'a: &a [x, x]',
  ...Array.from(
    { length: 30 },
    (_, n) => `b${n}: &b${n} [*${n === 0 ? 'a' : `b${n - 1}`}, *${n === 0 ? 'a' : `b${n - 1}`}]`,
  ),
]
const hostile: readonly (readonly [what: string, text: string])[] = [
  ['5 MB of keys', 'admin: 1\n'.repeat(600_000)],
  ['5 MB in one line', `admin: ${'x'.repeat(5_000_000)}`],
  ['a mebibyte of keys', Array.from({ length: 80_000 }, (_, n) => `k${n}: ${n}`).join('\n')],
  ['a mebibyte of brackets', '['.repeat(1_000_000)],
  ['a mebibyte of open quotes', '"a\n '.repeat(250_000)],
  ['a mebibyte of dashes', '- '.repeat(500_000)],
  ['a thousand levels', Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['a thousand levels of braces', `admin: ${'{ a: '.repeat(1000)}`],
  ['a billion laughs', laughs.join('\n')],
  ['aliases of aliases in admin', `${laughs.join('\n')}\nadmin: { include: *b29 }`],
  ['ten thousand mistakes', `admin:\n${Array.from({ length: 10_000 }, (_, n) => `  k${n}: x`).join('\n')}`],
  ['ten thousand variables', `admin: { run: { command: "${'${NONE} '.repeat(10_000)}" } }`],
  ['ten thousand folders', `admin:\n  include:\n${'    - ./gone\n'.repeat(10_000)}`],
  ['prototypes', '__proto__: { a: 1 }\nadmin: { constructor: 1, run: { __proto__: { port: 1 } } }'],
  ['nothing that can be seen', '\u0000\u0007\ufeff\u2028\u202e'],
]

test.each(hostile)('%s do no harm', async (_what, text) => {
  const uri = 'file:///nowhere/hostile/quantum.config.yaml'
  await server.show(uri, text)
  await server.diagnostics(uri)
  const lines = text.split('\n')
  for (const line of [0, lines.length >> 1, lines.length - 1]) {
    const durations = await askAll(uri, line, lines[line]?.length ?? 0)
    expect(Math.max(...durations)).toBeLessThan(10_000)
  }
  // It answers about another document as if nothing had been.
  const other = 'file:///nowhere/other/quantum.config.yaml'
  await server.show(other, 'admin: { run: { prot: 1 } }')
  expect(await server.diagnostics(other)).toMatchObject([{ code: 'unknown-key' }])
  expect(server.child.exitCode).toBeNull()
})

/** Keys that are explicit, or have a tag, an anchor or an alias, are not read; nobody writes them here. */
const odd = /---|(?:^|[-{,[]) *[?!&*]/m

/** The path of each key and item, as a parser of YAML has them. */
function pathsIn(node: Node | null, path: readonly (string | number)[] = []): readonly string[] {
  const at = (key: string | number, value: Node | null) => {
    const inner = [...path, key]
    return [inner.join('.'), ...pathsIn(value, inner)]
  }
  // What is parsed holds nodes only.
  if (isSeq(node)) return (node.items as Node[]).flatMap((item, index) => at(index, item))
  if (!isMap(node)) return []
  const pairs = node.items as Pair<Node, Node | null>[]
  return pairs.flatMap(({ key, value }) => at(isScalar(key) ? String(key.source) : '', value))
}

test('what people make of a configuration has the outline that a parser of YAML finds, while it is YAML', () => {
  const random = new Random(20_261_124)
  const rounds = scale(500, 10_000)
  let compared = 0
  for (let round = 0; round < rounds; round++) {
    const text = mutatedConfig(random).toString()
    const document = parseDocument(text, { uniqueKeys: false })
    if (odd.test(text) || document.errors.length > 0) continue
    compared += 1
    const paths = readOutline(text).entries.map((entry) => pathOf(entry).join('.'))
    expect(paths, text).toEqual(pathsIn(document.contents))
  }
  figure(
    'outline',
    `${compared} of ${rounds} mutations were YAML: every key is where a parser of YAML has it`,
  )
  expect(compared).toBeGreaterThan(rounds / 4)
})

const mended = (text: string, { start, end, text: instead }: Fix): string =>
  text.slice(0, start) + instead + text.slice(end)

test('every quick fix mends what it is offered for, and leaves YAML behind', () => {
  const random = new Random(20_261_125)
  const environment = { NAME: 'x' }
  const syntax = (text: string) => examine(text, environment).findings.some(({ code }) => code === 'syntax')
  const rounds = scale(500, 10_000)
  let applied = 0
  for (let round = 0; round < rounds; round++) {
    const text = mutatedConfig(random)
      .toString()
      .replace('on-failure', 'on_failure')
      .replace('path: /', 'path: ')
    for (const { message, offset, fix } of examine(text, environment).findings) {
      if (fix === undefined) continue
      applied += 1
      const after = mended(text, fix)
      const left = examine(after, environment).findings
      expect(
        left.some((one) => one.message === message && one.offset === offset),
        `${text}\n${message}`,
      ).toBe(false)
      if (!syntax(text)) expect(syntax(after), `${text}\n${message}`).toBe(false)
    }
  }
  figure('quick fixes', `${applied} offered for ${rounds} mutations: each mends its problem`)
  expect(applied).toBeGreaterThan(rounds / 10)
})
