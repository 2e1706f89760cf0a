import { expect, test } from 'vitest'
import { conditionProblem, parseCondition, type JsonCondition } from './json-condition.ts'
import { readConfig } from './read-config.ts'

const read = (health: string) =>
  readConfig(Buffer.from(`admin:\n  health: ${health}\n`), { file: 'q.yaml', environment: {} })
const problem = (health: string): string => {
  const { problems } = read(health)
  return problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n')
}

test('a check is of one thing, and what is said once counts as said for it', () => {
  const { config, problems } = read(
    `{ failures: 3 of 5, successes: 2, checks: {
      api: { url: "https://api.test/x", expect: 204, headers: { Authorization: "secret:api" }, json: '.a[0] >= 3' },
      cache: { tcp: "[::1]:6379" }, queue: { tcp: 5672, interval: 1s }, self: { process: true },
      db: { database: main }, disk: { command: "test -w ." }, box: { container: shop-db } } }`,
  )
  expect(problems).toEqual([])
  expect(config?.health.failures).toEqual({ count: 3, of: 5 })
  expect(config?.health.checks.map(({ name, target }) => [name, target])).toMatchObject([
    [
      'api',
      {
        kind: 'http',
        url: 'https://api.test/x',
        expect: [[204, 204]],
        json: [{ path: ['a', 0], operator: '>=', value: 3 }],
      },
    ],
    ['cache', { kind: 'tcp', host: '::1', port: 6379 }],
    ['queue', { kind: 'tcp', host: '127.0.0.1', port: 5672 }],
    ['self', { kind: 'process' }],
    ['db', { kind: 'database', database: 'main' }],
    ['disk', { kind: 'command', command: 'test -w .' }],
    ['box', { kind: 'container', container: 'shop-db' }],
  ])
})

test.each([
  [
    '{ interval: 0s }',
    '2:23 admin.health.interval: expected a duration such as 10s or 5m, of at least 1s, got "0s"',
  ],
  [
    '{ interval: 0 }',
    '2:23 admin.health.interval: expected a duration such as 10s or 5m, of at least 1s, got 0',
  ],
  [
    '{ failures: 5 of 3 }',
    '2:23 admin.health.failures: expected a number from 1 to 100, or such as 3 of 5, got "5 of 3"',
  ],
  ['{ path: /x, url: "http://a/" }', '2:3 admin.health: expected either path or url'],
  [
    '{ url: "http://ana:pw@a/" }',
    '2:18 admin.health.url: expected an address that begins with http:// or https://, without a password, got "http://ana:pw@a/"',
  ],
  ['{ url: "file:///etc/passwd" }', /^2:18 admin\.health\.url: expected an address/],
  ['{ headers: { "a b": c } }', /^2:24 admin\.health\.headers\["a b"\]: expected the name of an HTTP header/],
  ['{ headers: { a: "b\\r\\nc: d" } }', /^2:27 admin\.health\.headers\.a: expected text on one line/],
  [
    '{ checks: { a: {} } }',
    '2:23 admin.health.checks.a: expected exactly one of path, url, tcp, port, process, container, database or command',
  ],
  ['{ checks: { a: { tcp: 1, port: true } } }', /^2:23 admin\.health\.checks\.a: expected exactly one of/],
  [
    '{ checks: { a: { tcp: "db:99999" } } }',
    /^2:33 admin\.health\.checks\.a\.tcp: expected a port of this machine, or host:port/,
  ],
  ['{ json: status == up }', /^2:19 admin\.health\.json: expected a condition such as \.status == "healthy"/],
])('health %s is refused, naming the place and what was expected', (health, expected) => {
  if (typeof expected === 'string') expect(problem(health)).toBe(expected)
  else expect(problem(health)).toMatch(expected)
})

test('pauses come again and again, and who is told is an address, a secret or a command', () => {
  const { config, problems } = read(
    `{ path: /x, pauses: [{ schedule: "0 3 * * 0", for: 30m, timezone: Europe/Berlin, checks: [http] }],
      notify: { webhook: { url: secret:slack, headers: { Authorization: "secret:key", X-Team: shop },
        body: '{"content": "{{text}}"}' }, command: "./tell.sh" } }`,
  )
  expect(problems).toEqual([])
  expect(config?.health.pauses).toEqual([
    { schedule: '0 3 * * 0', timezone: 'Europe/Berlin', forMs: 1_800_000, checks: ['http'] },
  ])
  expect(config?.health.notify).toEqual({
    webhook: {
      url: 'secret:slack',
      headers: { Authorization: 'secret:key', 'X-Team': 'shop' },
      body: '{"content": "{{text}}"}',
    },
    command: './tell.sh',
  })
})

test.each([
  [
    '{ pauses: [{ schedule: "0 3 * *", for: 30m }] }',
    '2:34 admin.health.pauses[0].schedule: expected five fields of cron, such as "0 3 * * *", got "0 3 * *"',
  ],
  [
    '{ pauses: [{ schedule: "0 25 * * *", for: 30m }] }',
    /^2:34 admin\.health\.pauses\[0\]\.schedule: expected five fields of cron.*hour/,
  ],
  [
    '{ pauses: [{ schedule: "0 3 * * *", for: 0m }] }',
    /admin\.health\.pauses\[0\]\.for: expected a duration/,
  ],
  [
    '{ pauses: [{ schedule: "0 3 * * *", for: 40d }] }',
    /pauses\[0\]\.for: expected a duration .* of at most 24d/,
  ],
  [
    '{ pauses: [{ schedule: "0 3 * * *", for: 1h, timezone: Mars/Base, checks: [htp] }] }',
    '2:66 admin.health.pauses[0].timezone: expected a time zone such as Europe/Berlin or UTC, got "Mars/Base"\n2:86 admin.health.pauses[0].checks[0]: there is no check "htp" here',
  ],
  [
    '{ notify: { webhook: { url: ftp://ana:hunter2@a/ } } }',
    '2:39 admin.health.notify.webhook.url: expected an address that begins with http:// or https://, or secret:NAME',
  ],
  [
    '{ notify: { webhook: { url: "http://ana:hunter2@a/" } } }',
    /expected an address without user and password/,
  ],
  [
    '{ notify: { webhook: { url: "http://[::ffff:169.254.169.254]/" } } }',
    /a cloud tells a machine its own keys$/,
  ],
  [
    '{ notify: { webhook: { url: "http://a/", headers: { X-Token: hunter2 } } } }',
    /headers\.X-Token: whoever has the file can read this/,
  ],
  [
    '{ notify: { webhook: { url: "http://a/", body: "{{titel}}" } } }',
    /body: there is no \{\{titel\}\} to put in; there are \{\{id\}\}/,
  ],
  ['{ notify: { webhook: { url: "http://a/", body: "text={{text}}" } } }', /body: expected JSON, such as/],
])('health %s is refused, and says nothing of what may be a secret', (health, expected) => {
  const said = problem(health)
  if (typeof expected === 'string') expect(said).toBe(expected)
  else expect(said).toMatch(expected)
  expect(said).not.toContain('hunter2')
})

const answer = { status: 'healthy', 'odd name': 1, items: [{ lag: 4 }], up: true, none: null }

test.each([
  ['.status == "healthy"', null],
  ['.status != "down"', null],
  ['["odd name"] == 1', null],
  ['.items[0].lag < 5', null],
  ['.items[0].lag >= 5', '.items[0].lag is 4 (expected .items[0].lag >= 5)'],
  ['.up == true', null],
  ['.none == null', null],
  ['.status == "up"', '.status is "healthy" (expected .status == "up")'],
  ['.items == 1', '.items is a list (expected .items == 1)'],
  ['.missing == 1', 'there is no .missing in the answer'],
  ['.constructor == 1', 'there is no .constructor in the answer'],
  ['.status < 5', '.status is "healthy" (expected .status < 5)'],
])('of an answer the condition %s says %j', (text, expected) => {
  expect(conditionProblem(parseCondition(text) as JsonCondition, answer)).toBe(expected)
})

test.each([
  '',
  'status',
  '.a',
  '.a =',
  '.a = 1',
  '.a == ',
  '.a == up',
  '.a == [1]',
  '.a < "x"',
  '.a..b == 1',
  '[x] == 1',
  '.a == 1 .b',
])('%j is no condition', (text) => {
  expect(typeof parseCondition(text)).toBe('string')
})

test('a condition of 1 MB is read in moments', () => {
  const started = performance.now()
  for (const piece of ['.a', '[0]', '["', ' ', '.a == "'])
    parseCondition(piece.repeat(2 ** 20 / piece.length))
  expect(performance.now() - started).toBeLessThan(2000)
})

test('several ranges of statuses are one text, and a heartbeat goes to an address or a secret', () => {
  const { config, problems } = read(
    `{ expect: "200-299, 304,401", push: "secret:kuma", checks: {
      a: { port: true, push: "https://kuma.test/api/push/x?status=up" } },
      kuma: { url: "https://kuma.test", statusPage: shop } }`,
  )
  expect(problems).toEqual([])
  expect(config?.health.http.expect).toEqual([
    [200, 299],
    [304, 304],
    [401, 401],
  ])
  expect([config?.health.push, config?.health.checks[0]?.push]).toEqual([
    'secret:kuma',
    'https://kuma.test/api/push/x?status=up',
  ])
  expect(config?.health.kuma).toEqual({
    url: 'https://kuma.test',
    statusPage: 'shop',
    key: null,
    monitors: null,
    intervalMs: 60_000,
  })
  expect(problem('{ expect: "200,99" }')).toContain('admin.health.expect: expected an HTTP status')
  expect(problem('{ push: "javascript:alert(1)" }')).toContain('admin.health.push: expected the push URL')
  expect(problem('{ kuma: { url: "https://kuma.test" } }')).toContain('expected either statusPage, or key')
  expect(problem('{ kuma: { url: "https://kuma.test", key: uk1_plain } }')).toContain(
    'expected secret:<name>',
  )
})
