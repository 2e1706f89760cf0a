import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const environment = { LOKI_TOKEN: 'opensesame', HOST: 'loki.test' }
const read = (forward: string) =>
  readConfig(Buffer.from(`admin:\n  logs:\n    forward:\n${forward.replaceAll(/^/gm, '      ')}\n`), {
    file: '/shop/quantum.config.yaml',
    environment,
  })
const forwardOf = (forward: string) => {
  const { config, problems } = read(forward)
  expect(problems).toEqual([])
  return config?.logs.forward
}

test('where logs are sent is read, with secrets by their names and variables put in', () => {
  expect(
    forwardOf(
      'kind: loki\nurl: https://${HOST}\ntenant: ana\ntoken: ${LOKI_TOKEN}\nheaders: { X-Api-Key: secret:gate, X-Team: blue }\nlabels: { env: dev }\nlevel: warn',
    ),
  ).toEqual({
    kind: 'loki',
    url: 'https://loki.test/loki/api/v1/push',
    tenant: 'ana',
    token: 'opensesame',
    user: null,
    password: null,
    headers: { 'X-Api-Key': 'secret:gate', 'X-Team': 'blue' },
    labels: { env: 'dev' },
    level: 'warn',
  })
  expect(
    forwardOf('{ kind: otlp, url: "http://127.0.0.1:4318/", user: ana, password: secret:gate }'),
  ).toMatchObject({
    url: 'http://127.0.0.1:4318/v1/logs',
    user: 'ana',
    password: 'secret:gate',
    token: null,
  })
  expect(forwardOf('{ kind: otlp, url: http://gate.test/otlp }')?.url).toBe('http://gate.test/otlp/v1/logs')
  expect(forwardOf('{ kind: loki, url: http://10.0.0.7/loki/api/v1/push/ }')?.url).toBe(
    'http://10.0.0.7/loki/api/v1/push',
  )
  expect(readConfig(Buffer.from('admin: { logs: {} }'), { file: '', environment }).config?.logs.forward).toBe(
    null,
  )
})

const loki = 'kind: loki\nurl: http://loki.test'
test.each([
  ['kind: syslog\nurl: http://loki.test', 'admin.logs.forward.kind: expected loki or otlp'],
  ['kind: loki', 'admin.logs.forward.url: expected an address that begins with http:// or https://'],
  ['kind: loki\nurl: ftp://loki.test', 'url: expected an address that begins with http:// or https://'],
  ['kind: loki\nurl: http://ana:hunter2@loki.test', 'url: expected an address without user and password'],
  ['kind: loki\nurl: http://loki.test?key=hunter2', 'url: expected an address without ? and #'],
  ['kind: loki\nurl: http://hunter2 b', 'url: expected an address that begins'],
  ['kind: loki\nurl: http://169.254.169.254', 'url: expected the address of a log engine'],
  ['kind: loki\nurl: http://[::ffff:169.254.169.254]/', 'url: expected the address of a log engine'],
  ['kind: loki\nurl: http://metadata.google.internal', 'url: expected the address of a log engine'],
  [`${loki}\ntoken: hunter2`, 'token: whoever has the file can read this; write secret:NAME'],
  [`${loki}\ntoken: 4711`, 'token: whoever has the file can read this'],
  [`${loki}\ntoken: ""`, 'token: expected where it comes from'],
  [`${loki}\ntoken: "secret:hunter2 b"`, 'token: expected secret:NAME, whose name is of letters'],
  [`${loki}\nuser: ana\npassword: hunter2`, 'password: whoever has the file can read this'],
  [`${loki}\nuser: ana`, 'user: expected a password with it'],
  [`${loki}\npassword: secret:gate`, 'password: expected a user with it'],
  [
    `${loki}\nuser: ana\npassword: secret:gate\ntoken: secret:gate`,
    'token: expected either a token, or user',
  ],
  [
    `${loki}\nheaders: { Authorization: hunter2 }`,
    'headers.Authorization: whoever has the file can read this',
  ],
  [`${loki}\nheaders: { Host: a }`, 'headers.Host: this header is set by Quantum Admin'],
  [`${loki}\nheaders: { "a b": c }`, 'expected the name of an HTTP header'],
  [`${loki}\nheaders: { X-Scope-OrgID: ana }`, 'expected the tenant in admin.logs.forward.tenant'],
  [`${loki}\nlabels: { app: a }`, 'labels.app: this label is set by Quantum Admin'],
  [`${loki}\nlabels: { a.b: c }`, 'expected letters, digits and _ only, which is all that Loki takes'],
  [`${loki}\nlabels: { __a: c }`, 'expected the name of a label'],
  [`${loki}\nlevel: loud`, 'level: expected trace, debug'],
  [`${loki}\ntenant: "a/b"`, 'tenant: expected the name of a tenant'],
  [`${loki}\nlabel: {}`, 'label: unknown key; did you mean labels?'],
])('%j is an error that says where and what', (forward, message) => {
  const { config, problems } = read(forward)
  expect(config).toBe(null)
  const told = problems.map((problem) => problem.message).join('\n')
  expect(told).toContain(message)
  expect(told).not.toMatch(/hunter2|4711/)
  expect(problems[0]?.line).toBeGreaterThan(2)
})
