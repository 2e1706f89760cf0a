import { expect, test } from 'vitest'
import { toHealth } from './health-config.ts'
import { readConfig } from './read-config.ts'

const environment = { DB_URL: 'postgres://db.test/shop', WEB_PORT: '8090', PASSWORD: 'hunter2' }
const read = (text: string) =>
  readConfig(new TextEncoder().encode(text), { file: '/app/quantum.config.yaml', environment })

/** The problems of a file as `line:column message`, warnings with a `?` before them. */
const problems = (text: string): readonly string[] =>
  read(text).problems.map(
    ({ severity, line, column, message }) =>
      `${severity === 'warning' ? '?' : ''}${line}:${column} ${message}`,
  )

/** Parts of a mapping in `admin`, each on a line of its own from line 2 on. */
const admin = (...lines: readonly string[]) => ['admin:', ...lines.map((line) => `  ${line}`)].join('\n')

const whole = `
server: { port: 8080, host: 127.0.0.1, debug: true, reload: yes }
paths: { logs: ./logs }
datasources:
  main: { driver: postgres, host: db.test, port: "\${DB_PORT}", user: shop, password: "\${NOT_OURS}" }
logging: { level: INFO, file: true }
admin:
  name: shop
  run:
    command: npm run dev -- --port \${PORT}
    port: 8080
    env: { NODE_ENV: development, DB_URL: "\${DB_URL}", TOKEN: secret:token, PORT: 3000, VERSION: 1.10, DEBUG: true }
    restart: { policy: on-failure, backoff: 1s, limit: 5 }
    dependsOn: [database, shop/api]
    autostart: true
  health: { path: /health, interval: 10s, timeout: 2s, retries: 2, failures: 3, degradedAbove: 500ms, expect: 200-399 }
  logs:
    sources:
      - { file: logs/*.log, kind: application }
      - { file: /var/log/nginx/access.log, kind: access }
      - { container: shop-db, kind: database }
    retention: { days: 14, size: 2GB }
  database: { primary: main, fallback: local, retry: 30s, onFailover: read-only }
  environments:
    development: { target: process }
    staging:     { target: docker, image: shop, port: 8081, strategy: blue-green }
    production:  { target: kubernetes, integration: prod-cluster, namespace: web, workload: deployment/shop,
                   tier: production, approval: typed, health: { path: /ready } }
  jobs:  { nightly: { command: node jobs/nightly.js, schedule: "0 3 * * *", timeout: 10m } }
  tests: { command: npm test }
  docs:  https://docs.example.com/shop
  include: [./services/api, ./services/web]
`

test('a whole file is read: durations in ms, variables put in, environment as written', () => {
  expect(read(whole)).toEqual({
    problems: [],
    config: {
      name: 'shop',
      hasAdmin: true,
      datasources: expect.any(Array) as unknown,
      server: { host: '127.0.0.1', port: 8080 },
      run: {
        command: 'npm run dev -- --port ${PORT}',
        port: 8080,
        env: {
          NODE_ENV: 'development',
          DB_URL: 'postgres://db.test/shop',
          TOKEN: 'secret:token',
          PORT: '3000',
          VERSION: '1.10',
          DEBUG: 'true',
        },
        secretEnv: ['DB_URL', 'TOKEN'],
        restart: { policy: 'on-failure', backoffMs: 1000, limit: 5 },
        dependsOn: ['database', 'shop/api'],
        autostart: true,
      },
      health: {
        ...toHealth({}),
        intervalMs: 10_000,
        timeoutMs: 2000,
        retries: 2,
        failures: { count: 3, of: 3 },
        degradedAboveMs: 500,
        http: { ...toHealth({}).http, path: '/health', expect: [[200, 399]] },
      },
      environments: [
        { name: 'development', target: 'process', tier: null, health: toHealth({}) },
        { name: 'staging', target: 'docker', tier: null, health: toHealth({}) },
        {
          name: 'production',
          target: 'kubernetes',
          tier: 'production',
          health: { ...toHealth({}), http: { ...toHealth({}).http, path: '/ready' } },
        },
      ],
      jobs: [
        {
          name: 'nightly',
          command: 'node jobs/nightly.js',
          schedule: '0 3 * * *',
          timezone: null,
          timeoutMs: 600_000,
          overlap: 'skip',
          missed: 'once',
        },
      ],
      tests: { command: 'npm test', report: null, timeoutMs: null },
      logs: {
        files: [
          { file: 'logs/*.log', kind: 'application' },
          { file: '/var/log/nginx/access.log', kind: 'access' },
        ],
        containers: [{ name: 'shop-db', kind: 'database' }],
        days: 14,
        bytes: 2 * 1024 ** 3,
        forward: null,
      },
      include: ['./services/api', './services/web'],
      docs: 'https://docs.example.com/shop',
    },
  })
})

test.each([
  '',
  '# only this\n',
  '---\n',
  '\n\n',
  '{}',
  'null',
  'admin:\n',
  'admin: {}\n',
  'admin:\n  run:\n  jobs:\n',
])('a file that says nothing, such as %j, is an empty configuration', (text) => {
  expect(read(text).problems).toEqual([])
  expect(read(text).config).toEqual({
    name: null,
    hasAdmin: text.startsWith('admin'),
    datasources: [],
    server: { host: null, port: null },
    run: {
      command: null,
      port: null,
      env: {},
      secretEnv: [],
      restart: null,
      dependsOn: [],
      autostart: false,
    },
    health: toHealth({}),
    environments: [],
    jobs: [],
    tests: { command: null, report: null, timeoutMs: null },
    logs: { files: [], containers: [], days: null, bytes: null, forward: null },
    include: [],
    docs: null,
  })
})

test.each([
  ['run: { port: 80a0 }', '2:16 admin.run.port: expected a number from 1 to 65535, got "80a0"'],
  ['run: { port: 0 }', '2:16 admin.run.port: expected a number from 1 to 65535, got 0'],
  ['run: { port: 65536 }', '2:16 admin.run.port: expected a number from 1 to 65535, got 65536'],
  ['run: { port: 80.5 }', '2:16 admin.run.port: expected a number from 1 to 65535, got 80.5'],
  ['run: { port: [80] }', '2:16 admin.run.port: expected a number from 1 to 65535, got a list'],
  ['run: { autostart: yes }', '2:21 admin.run.autostart: expected true or false, got "yes"'],
  ['run: npm start', '2:8 admin.run: expected a mapping of keys to values, got "npm start"'],
  ['run: { comand: x }', '2:10 admin.run.comand: unknown key; did you mean command?'],
  ['run: { comand: }', '2:10 admin.run.comand: unknown key; did you mean command?'],
  [
    'run: { volumes: x }',
    '2:10 admin.run.volumes: unknown key; expected command, port, env, restart, dependsOn, autostart',
  ],
  ['run: { env: { A: [1] } }', '2:20 admin.run.env.A: expected text; write "" for none, got a list'],
  ['run: { env: { A: } }', '2:20 admin.run.env.A: expected text; write "" for none, got nothing'],
  ['run: { env: { "A=B": x } }', '2:17 admin.run.env["A=B"]: expected the name of a variable, without ='],
  ['run: { command: "a\\0b" }', '2:19 admin.run.command: expected a command, as text, got "a\\u0000b"'],
  ['run: { command: 12 }', '2:19 admin.run.command: expected a command, as text, got 12'],
  [
    'run: { restart: { policy: no } }',
    '2:29 admin.run.restart.policy: expected never, on-failure or always, got "no"',
  ],
  ['health: { interval: 10 }', /^2:23 admin\.health\.interval: expected a duration such as 10s.* got 10$/],
  [
    'health: { interval: 0s }',
    /^2:23 admin\.health\.interval: expected a duration .*of at least 1s, got "0s"$/,
  ],
  ['health: { expect: 399-200 }', /^2:21 admin\.health\.expect: expected an HTTP status .*, got "399-200"$/],
  ['health: { path: health }', '2:19 admin.health.path: expected a path that begins with /, got "health"'],
  [
    'logs: { sources: [{ file: a, container: b }] }',
    '2:21 admin.logs.sources[0]: expected either file or container',
  ],
  [
    'logs: { retention: { size: 2 } }',
    '2:30 admin.logs.retention.size: expected a size such as 10KB, 10MB or 2GB, got 2',
  ],
  [
    'environments: { dev: { tagret: docker } }',
    '2:26 admin.environments.dev.tagret: unknown key; did you mean target?',
  ],
  [
    'jobs: { nightly: { schedule: "0 3 * * *" } }',
    '2:11 admin.jobs.nightly.command: expected a command, as text, but this key is missing',
  ],
  [
    'jobs: { nightly: { command: x, schedule: daily } }',
    '2:44 admin.jobs.nightly.schedule: expected five fields of cron, such as "0 3 * * *", got "daily"',
  ],
  ['docs: javascript:alert(1)', /^2:9 admin\.docs: expected an address that begins with http/],
  ['include: ./api', '2:12 admin.include: expected a list of folders, got "./api"'],
  ['name: "my shop"', /^2:9 admin\.name: expected letters, digits .*, got "my shop"$/],
])('admin with `%s` is refused, naming place, key and what was expected', (line, expected) => {
  const { config } = read(admin(line))
  expect(config).toBeNull()
  const [first, ...others] = problems(admin(line))
  if (typeof expected === 'string') expect(first).toBe(expected)
  else expect(first).toMatch(expected)
  expect(others).toEqual([])
})

test('every mistake is told at once, in the order of the file', () => {
  const text = ['servr: {}', admin('run:', '  port: x', '  prot: 1', 'health: { path: x }')].join('\n')
  expect(problems(text)).toEqual([
    '?1:1 servr: unknown section; did you mean server?',
    '4:11 admin.run.port: expected a number from 1 to 65535, got "x"',
    '5:5 admin.run.prot: unknown key; did you mean port?',
    '6:19 admin.health.path: expected a path that begins with /, got "x"',
  ])
})

test('in sections of the framework only what we use is an error', () => {
  expect(problems('server: { port: eighty, workers: 4 }')).toEqual([
    '1:17 server.port: expected a number from 1 to 65535, got "eighty"',
  ])
  const text = 'datasources: { main: { driver: oracle } }\ndeploy: [anything]\ncache: 1\nx-mine: 1'
  expect(problems(text)).toEqual([
    '?1:32 datasources.main.driver: expected sqlite, postgres, postgresql, mysql or mariadb, got "oracle"',
    '?4:1 x-mine: unknown section',
  ])
  expect(read(text).config).not.toBeNull()
})

test('a name is taken from admin, then from the older keys of the framework', () => {
  expect(read('name: a\napp: { name: b }\nadmin: { name: c }').config?.name).toBe('c')
  expect(read('name: a\napp: { name: b }').config?.name).toBe('a')
  expect(read('app: { name: b, type: api }').config?.name).toBe('b')
  const odd = 'name: My Shop\napp: { name: b }'
  expect(read(odd).config?.name).toBe('b')
  expect(problems(odd)).toEqual([expect.stringMatching(/^\?1:7 name: not used as the app's name/)])
})

test('a number or a boolean may come from a variable', () => {
  const text = admin(
    'run: { port: "${WEB_PORT}", autostart: "${AUTO:-true}" }',
    'health: { expect: "${OK:-200}" }',
  )
  expect(read(text).config).toMatchObject({
    run: { port: 8090, autostart: true },
    health: { http: { expect: [[200, 200]] } },
  })
})

test('a variable that is missing is one error, where it stands', () => {
  expect(problems(admin('run: { port: "8${NONE}" }'))).toEqual([
    '2:18 admin.run.port: the variable NONE is not set; set it, or give it a default: ${NONE:-default}',
  ])
})

test('variables are left alone in sections that are not ours', () => {
  expect(problems('datasources: { main: { password: "${NONE}" } }\nmail: "${NONE:x}"')).toEqual([])
})

test('a single colon is a warning and stays as it is', () => {
  expect(problems(admin('run: { env: { A: "x${NONE:y}" } }'))).toEqual([
    expect.stringMatching(/^\?2:22 admin\.run\.env\.A: a single colon makes no default/),
  ])
})

test('a single colon that leaves no value is one error, which says how it is written', () => {
  const expected = expect.stringMatching(/^2:17 admin\.run\.port: a single colon .*\$\{NONE:-default\}$/)
  expect(problems(admin('run: { port: "${NONE:80}" }'))).toEqual([expected])
  expect(problems('server:\n  port: ${PORT:8080}\n')).toHaveLength(1)
})

test('a command may use what its own environment sets', () => {
  expect(problems(admin('run: { command: "serve ${MODE} ${PORT}", env: { MODE: fast } }'))).toEqual([])
  expect(problems(admin('run: { command: "serve ${MODES}", env: { MODE: fast } }'))).toHaveLength(1)
})

test('the scope of a package is no part of an app that is named after it', () => {
  expect(problems(admin('run: { dependsOn: ["@acme/api"] }'))).toEqual([
    '2:22 admin.run.dependsOn[0]: expected the name of an app, which has no @ in front: api, got "@acme/api"',
  ])
})

test('variables that take their value from elsewhere are told apart, since they may hold a secret', () => {
  const { config } = read(
    admin('run: { env: { A: plain, B: "${PASSWORD}", C: "secret:key", D: "${NONE:-x}" } }'),
  )
  expect(config?.run.secretEnv).toEqual(['B', 'C', 'D'])
})

test('the value of a variable is never told', () => {
  expect(problems(admin('run: { port: "${PASSWORD}" }', 'include: "${PASSWORD}"')).join()).not.toContain(
    'hunter2',
  )
})
