import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Diagnostic, DocumentSymbol, Hover, Location } from 'vscode-languageserver/node'
import { LanguageServerProcess, marked } from '../support/language-server.ts'

const spot = ({ severity, range: { start, end }, message, code }: Diagnostic): string =>
  `${severity === 1 ? 'error' : 'warning'} ${start.line}:${start.character}-${end.line}:${end.character} ${code} ${typeof message === 'string' ? message : message.value}`

const apply = (text: string, edit: { range: Diagnostic['range']; newText: string }): string => {
  const lines = text.split('\n')
  const at = ({ line, character }: { readonly line: number; readonly character: number }) =>
    lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character
  return text.slice(0, at(edit.range.start)) + edit.newText + text.slice(at(edit.range.end))
}

describe('the language server', () => {
  let server: LanguageServerProcess
  let count = 0
  const fresh = () => `file:///nowhere/${count++}/quantum.config.yaml`
  beforeAll(async () => {
    server = await LanguageServerProcess.start({
      env: { SET: '1' },
      apps: { api: 'file:///apps/api/quantum.config.yaml', web: null, shop: null },
    })
  })
  afterAll(() => server.stop())

  test('says what is wrong, exactly where', async () => {
    const uri = fresh()
    await server.show(
      uri,
      [
        'admni: {}',
        'admin:',
        '  run:',
        '    comand: npm start',
        '    port: eighty',
        '    env: { A: "${SET}", B: "x ${NONE} y", C: "${SET:b}" }',
        '    restart: { policy: on_failure }',
        '  health: nothing',
      ].join('\n'),
    )
    expect((await server.diagnostics(uri)).map(spot).toSorted()).toEqual([
      expect.stringMatching(
        /^error 3:4-3:10 unknown-key admin\.run\.comand: unknown key; did you mean command\?$/,
      ),
      expect.stringMatching(
        /^error 4:10-4:16 value admin\.run\.port: expected a number from 1 to 65535, got "eighty"$/,
      ),
      expect.stringMatching(
        /^error 5:30-5:37 unset-variable admin\.run\.env\.B: the variable NONE is not set/,
      ),
      expect.stringMatching(/^error 6:23-6:33 value admin\.run\.restart\.policy: expected never, on-failure/),
      expect.stringMatching(/^error 7:10-7:17 value admin\.health: expected a mapping/),
      expect.stringMatching(/^warning 0:0-0:5 unknown-key admni: unknown section; did you mean admin\?$/),
      expect.stringMatching(/^warning 5:46-5:54 single-colon admin\.run\.env\.C: a single colon/),
    ])
  })

  test.each([
    ['an open bracket', 'a: [b\nc: d', /^error 1:0-1:\d+ syntax /],
    ['a tab', 'admin:\n\trun: {}', /^error 1:0-1:1 syntax a tab/],
    ['two documents', 'a: 1\n---\nb: 2', /^error 1:0-1:3 syntax expected one document/],
    ['deep nesting', `a: ${'['.repeat(100)}`, /^error 0:\d+-0:\d+ limit expected at most 64 levels/],
    ['a mebibyte', `a: ${'x'.repeat(1024 * 1024)}`, /^error 0:0-0:\d+ limit expected at most 1 MiB/],
    ['no mapping', 'just text', /^error 0:0-0:9 value expected a mapping of sections/],
    ['an alias inside of itself', 'a: &a [*a]', /^error 0:7-0:9 value /],
    ['a key twice', 'a: 1\na: 2', /^error 1:0-1:1 value a: this key is there twice/],
  ])('says what is wrong with %s', async (_what, text, expected) => {
    const uri = fresh()
    await server.show(uri, text)
    const [first] = await server.diagnostics(uri)
    expect(first === undefined ? null : spot(first)).toMatch(expected)
  })

  test.each([
    ['admin:\n  run: { comand: x }', 'Change to command', 'admin:\n  run: { command: x }'],
    ['admni: {}', 'Change to admin', 'admin: {}'],
    [
      'admin: { run: { env: { A: "${SET:b}" } } }',
      'Change to ${SET:-b}',
      'admin: { run: { env: { A: "${SET:-b}" } } }',
    ],
    [
      'admin: { run: { restart: { policy: on_failure } } }',
      'Change to on-failure',
      'admin: { run: { restart: { policy: on-failure } } }',
    ],
    ['admin: { run: { autostart: yes } }', 'Change to true', 'admin: { run: { autostart: true } }'],
    ['admin: { include: ./api }', 'Change to [./api]', 'admin: { include: [./api] }'],
    ['admin: { health: { path: health } }', 'Change to /health', 'admin: { health: { path: /health } }'],
    ['admin: { run: { command: 12 } }', 'Change to "12"', 'admin: { run: { command: "12" } }'],
    ['admin:\n\trun: {}', 'Indent with spaces', 'admin:\n  run: {}'],
  ])('mends %j', async (text, title, mended) => {
    const uri = fresh()
    await server.show(uri, text)
    const [problem] = await server.diagnostics(uri)
    const [fix] = problem === undefined ? [] : await server.fixes(uri, problem)
    expect(fix).toMatchObject({ title, kind: 'quickfix', isPreferred: true })
    const [edit] = fix?.edit?.changes?.[uri] ?? []
    expect(edit === undefined ? null : apply(text, edit)).toBe(mended)
    await server.show(uri, mended)
    expect(await server.diagnostics(uri)).toEqual([])
  })

  test.each([
    ['a key that is there too', 'admin: { run: { comand: x, command: y } }'],
    ['a value that could be anything', 'admin: { run: { port: eighty } }'],
    ['a variable that is missing', 'admin: { run: { env: { A: "${NONE}" } } }'],
  ])('does not guess what to do about %s', async (_what, text) => {
    const uri = fresh()
    await server.show(uri, text)
    const [problem] = await server.diagnostics(uri)
    expect(problem).toBeDefined()
    expect(problem === undefined ? null : await server.fixes(uri, problem)).toEqual([])
  })

  test('says what a key is for', async () => {
    const uri = fresh()
    const { text, line, character } = marked('admin:\n  run:\n    po|rt: 8080\n')
    await server.show(uri, text)
    expect(await server.request<Hover>('textDocument/hover', uri, line, character)).toEqual({
      contents: {
        kind: 'markdown',
        value: expect.stringMatching(
          /^`admin\.run\.port`\n\nThe port it asks for.*Expected a number from 1 to 65535\.$/s,
        ),
      },
      range: { start: { line: 2, character: 4 }, end: { line: 2, character: 8 } },
    })
    expect(await server.request('textDocument/hover', uri, 3, 0)).toBeNull()
  })

  test('leads to what a value names', async () => {
    const uri = fresh()
    const source = 'datasources:\n  main: {}\nadmin:\n  database: { primary: ma|in }\n'
    const datasource = marked(source)
    await server.show(uri, datasource.text)
    expect(
      await server.request<Location>('textDocument/definition', uri, datasource.line, datasource.character),
    ).toEqual({ uri, range: { start: { line: 1, character: 2 }, end: { line: 1, character: 6 } } })
    const app = marked('admin:\n  run:\n    dependsOn: [web, a|pi]\n')
    await server.show(uri, app.text)
    expect(
      await server.request<Location>('textDocument/definition', uri, app.line, app.character),
    ).toMatchObject({
      uri: 'file:///apps/api/quantum.config.yaml',
    })
    expect(await server.request('textDocument/definition', uri, app.line, app.character - 5)).toBeNull()
  })

  test('shows what a file holds as a tree, without passwords', async () => {
    const uri = fresh()
    await server.show(
      uri,
      'datasources:\n  main: { password: hunter2 }\nadmin:\n  logs:\n    sources:\n      - file: a.log\n',
    )
    const symbols = await server.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri },
    })
    const names = (all: readonly DocumentSymbol[] = []): readonly unknown[] =>
      all.map(({ name, children }) => (children?.length ? [name, ...names(children)] : name))
    expect(names(symbols)).toEqual([
      ['datasources', ['main', 'password']],
      ['admin', ['logs', ['sources', ['file: a.log', 'file']]]],
    ])
    expect(JSON.stringify(symbols)).not.toContain('hunter2')
  })

  test('says which port a document asks for', async () => {
    const uri = fresh()
    const ask = () => server.connection.sendRequest('quantumAdmin/askedPort', { uri })
    await server.show(uri, 'admin: { run: { port: "${NONE:-8080}" } }')
    expect(await ask()).toEqual({
      port: 8080,
      section: 'admin',
      range: { start: { line: 0, character: 22 }, end: { line: 0, character: 37 } },
    })
    await server.show(uri, 'server: { port: 9090 }')
    expect(await ask()).toMatchObject({ port: 9090, section: 'server' })
    await server.show(uri, 'admin: {}')
    expect(await ask()).toBeNull()
  })

  test('completes what is half-written, with the apps that the daemon knows', async () => {
    const uri = fresh()
    const at = async (source: string) => {
      const { text, line, character } = marked(source)
      await server.show(uri, text)
      return server.completions(uri, line, character)
    }
    const keys = await at('admin:\n  name: "\n  run:\n    command: x\n    po|')
    expect(keys.find(({ label }) => label === 'port')).toMatchObject({
      insertTextFormat: 2,
      textEdit: {
        newText: 'port: $0',
        range: { start: { line: 4, character: 4 }, end: { line: 4, character: 6 } },
      },
    })
    expect(keys.map(({ label }) => label)).not.toContain('command')
    const apps = await at('admin:\n  name: shop\n  run:\n    dependsOn: [web, |]')
    expect(apps.map(({ label }) => label)).toEqual(['api'])
  })

  test('warns of an app that nobody knows, and knows which was meant', async () => {
    const uri = fresh()
    await server.show(
      uri,
      'admin: { name: me, run: { dependsOn: [web, appi, me, "${NAME:-x}", elsewhere] } }',
    )
    const problems = await server.diagnostics(uri)
    expect(problems.map(spot)).toEqual([
      'warning 0:43-0:47 unknown-app no app "appi" was added; did you mean api?',
      'warning 0:67-0:76 unknown-app no app "elsewhere" was added',
    ])
    const [first] = problems
    expect(first === undefined ? null : await server.fixes(uri, first)).toMatchObject([
      { title: 'Change to api', edit: { changes: { [uri]: [{ newText: 'api' }] } } },
    ])
  })

  test('forgets what was wrong with a document that is closed', async () => {
    const uri = fresh()
    await server.show(uri, 'admin: 1')
    expect(await server.diagnostics(uri)).toHaveLength(1)
    expect(await server.close(uri)).toEqual([])
  })
})

describe('a workspace', () => {
  let folder: string
  let server: LanguageServerProcess
  const uri = () => pathToFileURL(path.join(folder, 'quantum.config.yaml')).href
  const source = 'admin: { include: [./gone, ./api] }'
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-language-')))
    mkdirSync(path.join(folder, 'api'))
    writeFileSync(path.join(folder, 'api', 'quantum.config.yaml'), 'admin: {}')
    server = await LanguageServerProcess.start({ ipc: true, folders: [folder] })
    await server.show(uri(), source)
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const definition = () =>
    server.request<Location | null>('textDocument/definition', uri(), 0, source.indexOf('api'))

  test('is not looked at before it is trusted', async () => {
    expect(await server.diagnostics(uri())).toEqual([])
    expect(await definition()).toBeNull()
  })

  test('is looked at as soon as it is', async () => {
    await server.connection.sendNotification('quantumAdmin/trusted')
    await expect
      .poll(() => server.diagnostics(uri()))
      .toMatchObject([{ code: 'missing-folder', message: 'There is no folder ./gone', severity: 2 }])
    expect(await definition()).toMatchObject({
      uri: pathToFileURL(path.join(folder, 'api', 'quantum.config.yaml')).href,
    })
  })
})

test('a folder that comes to the workspace is looked at, one that leaves it is not', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-language-')))
  const uri = pathToFileURL(path.join(folder, 'quantum.config.yaml')).href
  const server = await LanguageServerProcess.start({ trusted: true })
  const change = (more: object) =>
    server.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added: [], removed: [], ...more },
    })
  const root = [{ uri: pathToFileURL(folder).href, name: 'folder' }]
  try {
    await server.show(uri, 'admin: { include: [./gone] }')
    expect(await server.diagnostics(uri)).toEqual([])
    await change({ added: root })
    await expect.poll(() => server.diagnostics(uri)).toMatchObject([{ code: 'missing-folder' }])
    await change({ removed: root })
    await expect.poll(() => server.diagnostics(uri)).toEqual([])
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the server ends with the client that started it', async () => {
  const server = await LanguageServerProcess.start()
  const exited = once(server.child, 'exit')
  server.child.stdin?.end()
  const [code] = (await exited) as [number | null]
  expect(code).toBe(1)
})
