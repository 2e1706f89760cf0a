import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const read = (text: string) =>
  readConfig(new TextEncoder().encode(text), {
    file: 'quantum.config.yaml',
    environment: { WEB_PORT: '8090' },
  })

/** The problems of a file as `line:column message`, warnings with a `?` before them. */
const problems = (text: string): readonly string[] =>
  read(text).problems.map(
    ({ severity, line, column, message }) =>
      `${severity === 'warning' ? '?' : ''}${line}:${column} ${message}`,
  )

test.each(['"hunter2" hunter2', "'hunter2", '[hunter2', '"\\hunter2"', '- hunter2'])(
  'a secret beside a mistake of syntax is not told: %s',
  (value) => {
    const told = problems(`datasources: { main: { password: ${value} } }\nadmin:\n  x: ${value}\n`)
    expect(told).toHaveLength(1)
    expect(told.join()).not.toContain('hunter2')
  },
)

test.each([
  ['admin:\n\trun:\n', '2:1'],
  ['admin:\n  run:\n  \tcommand: x\n', '3:3'],
  ['admin:\n  include:\n\t- a\n', '3:1'],
  ['admin:\n  run: {\n\tport: 1 }\n', '3:1'],
])('a tab as indentation is explained: %j', (text, place) => {
  expect(problems(text)).toEqual([
    `${place} a tab stands where the line is indented; YAML allows only spaces there`,
  ])
})

test.each([
  ['a: 1\n---\nb: 2\n', '2:1 expected one document only'],
  ['- a\n- b\n', '1:1 expected a mapping of sections, such as admin:'],
  ['shop\n', '1:1 expected a mapping of sections, such as admin:'],
  ['12\n', '1:1 expected a mapping of sections, such as admin:'],
  ['server: 1\nserver: 2\n', '2:1 server: this key is there twice'],
  ['admin: { run: { port: 1, port: 2 } }', '1:26 admin.run.port: this key is there twice'],
  ['admin: {\n', '2:1 not YAML: Flow map in block collection must be sufficiently indented and end with a }'],
  ['? [a]\n: b\n', '1:3 not YAML as we read it: a key must be text'],
])('%j is refused', (text, expected) => {
  expect(read(text).config).toBeNull()
  expect(
    problems(text).filter((told) => !told.startsWith('?') && !told.includes('server: expected')),
  ).toEqual([expected])
})

test('aliases and merge keys give what they name, and own keys overrule it', () => {
  const text = `
x-env: &base { A: 1, B: two }
admin:
  run:
    env: { <<: *base, B: "\${WEB_PORT}" }
  environments: { a: &a { target: docker, port: 1 }, b: { <<: [*a], port: 2 } }
`
  expect(read(text).config?.run.env).toEqual({ A: '1', B: '8090' })
  expect(problems(text)).toEqual(['?2:1 x-env: unknown section'])
  expect(problems('admin:\n  run:\n    <<: 1\n')).toEqual([
    '3:9 admin.run["<<"]: expected a mapping, or an alias of one',
  ])
})

test('columns count from 1 on lines that end in CR LF', () => {
  expect(problems('admin:\r\n  run:\r\n    port: x\r\n')).toEqual([
    '3:11 admin.run.port: expected a number from 1 to 65535, got "x"',
  ])
})

test('booleans and numbers are those of YAML 1.2, whatever a directive says', () => {
  expect(problems('%YAML 1.1\n---\nadmin: { run: { autostart: yes } }')).toEqual([
    '3:28 admin.run.autostart: expected true or false, got "yes"',
  ])
})
