import { describe, expect, test } from 'vitest'
import { complete } from './completion.ts'
import { readOutline } from './outline-reader.ts'

/** What is proposed where `|` stands, and the text that it takes the place of. */
function proposed(marked: string, apps: readonly string[] = [], typed: string | null = null) {
  const at = marked.indexOf('|')
  const text = marked.slice(0, at) + marked.slice(at + 1)
  const { start, end, proposals } = complete(readOutline(text), at, { apps, typed })
  return { labels: proposals.map(({ label }) => label), word: text.slice(start, end), proposals }
}
const labels = (marked: string, apps?: readonly string[]) => proposed(marked, apps).labels
const runKeys = ['command', 'port', 'env', 'restart', 'dependsOn', 'autostart']

describe('keys', () => {
  test.each([
    ['on an empty line', 'admin:\n  run:\n    |\n', runKeys],
    ['on the last line', 'admin:\n  run:\n    |', runKeys],
    ['that are begun', 'admin:\n  run:\n    po|\n', runKeys],
    [
      'that are not there yet',
      'admin:\n  run:\n    command: x\n    |\n    port: 1\n',
      ['env', 'restart', 'dependsOn', 'autostart'],
    ],
    ['in braces', 'admin: { run: { | } }', runKeys],
    [
      'in braces that are open',
      'admin:\n  run: { port: 1, |\n  health: {}\n',
      runKeys.filter((key) => key !== 'port'),
    ],
    [
      'in braces on several lines',
      'admin: { run: {\n  port: 1,\n  | } }',
      runKeys.filter((key) => key !== 'port'),
    ],
    [
      'of a section further out',
      'admin:\n  tests:\n    command: x\n  d|\n',
      ['name', 'run', 'health', 'logs', 'database', 'environments', 'jobs', 'docs', 'include'],
    ],
    ['of an item', 'admin:\n  logs:\n    sources:\n      - |', ['file', 'container', 'kind']],
    [
      'of an item that has some',
      'admin:\n  logs:\n    sources:\n      - file: x\n        |',
      ['container', 'kind'],
    ],
    [
      'of a job',
      'admin:\n  jobs:\n    nightly:\n      |',
      ['command', 'schedule', 'timezone', 'timeout', 'overlap', 'missed'],
    ],
    ['behind a mistake', 'admin:\n  name: "\n  health: [\n  run:\n    |', runKeys],
    ['behind a half-written line', 'admin:\n  nam\n  run:\n    comm\n    |', runKeys],
    [
      'that are being changed',
      'admin:\n  run:\n    p|: 80\n    command: x',
      runKeys.filter((key) => key !== 'command'),
    ],
  ])('%s', (_where, text, expected) => {
    expect(labels(text)).toEqual(expected)
  })

  test('of the file are its sections', () => {
    expect(labels('adm|')).toEqual(expect.arrayContaining(['admin', 'server', 'datasources', 'logging']))
    expect(labels('admin: {}\n|')).not.toContain('admin')
  })

  test('come with what their value needs', () => {
    const inserts = (text: string) =>
      Object.fromEntries(proposed(text).proposals.map(({ label, insert }) => [label, insert]))
    expect(inserts('admin:\n  run:\n    |')).toMatchObject({
      command: 'command: $0',
      env: 'env:\n  $0',
      dependsOn: 'dependsOn:\n  - $0',
      autostart: 'autostart: ${1|true,false|}',
    })
    expect(inserts('admin: { run: { | } }')).toMatchObject({
      env: 'env: { $0 }',
      dependsOn: 'dependsOn: [$0]',
    })
    expect(inserts('admin:\n  jobs:\n    |')).toEqual({ name: '${1:name}:\n  command: ${2}$0' })
    expect(inserts('admin:\n  r|: {}')).toMatchObject({ run: 'run' })
  })

  test('are not offered to whoever indents a line', () => {
    const byTyping = (text: string, typed: string) => proposed(text, [], typed).labels
    expect(byTyping('admin:\n  run:\n    |', ' ')).toEqual([])
    expect(byTyping('admin:\n  run:\n    autostart: |', ' ')).toEqual(['true', 'false'])
    expect(byTyping('admin: { run: { | } }', ' ')).toEqual(runKeys)
    expect(byTyping('admin: { run: {|} }', '{')).toEqual(runKeys)
  })

  test('say what they are for', () => {
    const port = proposed('admin:\n  run:\n    |').proposals.find(({ label }) => label === 'port')
    expect(port?.documentation).toMatch(/^The port it asks for.*Expected a number from 1 to 65535/s)
  })
})

describe('values', () => {
  test.each([
    ['of a few words', 'admin:\n  run:\n    restart:\n      policy: |', ['on-failure', 'never', 'always']],
    [
      'of a few words in braces',
      'admin: { run: { restart: { policy: a| } } }',
      ['on-failure', 'never', 'always'],
    ],
    ['that are true or false', 'admin:\n  run:\n    autostart: |\n    port: 1', ['true', 'false']],
    ['that are usual', 'logging:\n  level: |', ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']],
    ['behind a colon', 'admin:\n  run:\n    autostart:|', ['true', 'false']],
    [
      'that name a datasource',
      'datasources:\n  main: {}\n  local: {}\nadmin:\n  database:\n    primary: m|',
      ['main', 'local'],
    ],
    [
      'that name a datasource further down',
      'admin:\n  database: { fallback: | }\ndatasources: { main: {} }',
      ['main'],
    ],
    ['that are free', 'admin:\n  run:\n    command: |', []],
    ['in a comment', 'admin:\n  run:\n    autostart: true # |', []],
    ['in a text of several lines', 'admin:\n  run:\n    command: |-\n      |'.replace('|-', '>-'), []],
    ['behind a value', 'admin: { run: { autostart: true | } }', []],
    ['behind an item', 'admin: { run: { dependsOn: [a | ] } }', []],
    ['behind a key without a colon', 'admin: { run: { po | } }', []],
    ['before a colon', 'admin:\n  run:\n    port | : 1', []],
    ['of a key that nobody knows', 'admin:\n  unknown: |', []],
    [
      'in a text in quotes with a #',
      'admin:\n  run:\n    restart:\n      policy: "a #|"',
      ['on-failure', 'never', 'always'],
    ],
  ])('%s', (_what, text, expected) => {
    expect(labels(text)).toEqual(expected)
  })

  test('are apart from their colon', () => {
    expect(proposed('admin:\n  run:\n    autostart:|').proposals[0]?.insert).toBe(' true')
    expect(proposed('admin:\n  run:\n    autostart: t|').word).toBe('t')
  })

  test('take the place of what an editor can replace: on one line', () => {
    const words = 'admin: { run: { restart: { policy: '
    expect(proposed(`${words}"on-|\n  failure" } } }`).word).toBe('"on-')
    expect(proposed(`${words}ne|ver } } }`).word).toBe('never')
  })

  test('of dependsOn are the other apps, not those that are there already', () => {
    const apps = ['shop', 'api', 'web']
    const dependsOn = (written: string) =>
      labels(`admin:\n  name: shop\n  run:\n    dependsOn:${written}`, apps)
    expect(dependsOn(' [|]')).toEqual(['api', 'web'])
    expect(dependsOn(' [api, |]')).toEqual(['web'])
    expect(dependsOn('\n      - api\n      - |')).toEqual(['web'])
    const insert = (written: string) =>
      proposed(`admin:\n  run:\n    dependsOn:${written}`, ['api']).proposals.map((one) => one.insert)
    expect(insert('\n      |')).toEqual(['- api'])
    expect(insert(' |')).toEqual(['[api]'])
    expect(insert('|')).toEqual([' [api]'])
  })
})
