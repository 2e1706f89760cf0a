import type { Random } from './random.ts'

/** Good configurations of several kinds. */
export const configFiles: readonly string[] = [
  `# An app of the framework.
server:
  port: 8080
  host: 127.0.0.1
paths: { components: ./components, logs: ./logs }
datasources:
  main: { driver: postgres, database: shop, host: db.test, port: 5432, user: shop, password: "\${DB_PASSWORD:-x}" }
  local:
    driver: sqlite
    database: ./shop.db
logging: { level: INFO, file: true, filename: quantum.log }
admin:
  name: shop
  run:
    command: quantum start --port $PORT
    port: 8080
    env: { NODE_ENV: development, GREETING: "h\u00e9llo \${NAME:-you}" }
    restart: { policy: on-failure, backoff: 1s, limit: 5 }
  health: { path: /health, interval: 10s, timeout: 2s, retries: 2, failures: 3, degradedAbove: 500ms, expect: 200-399 }
  database: { primary: main, fallback: local, retry: 30s, onFailover: read-only }
`,
  `admin:
  run:
    command: npm run dev
    env: &env
      PORT: 3000
      DEBUG: true
      KEY: secret:key
    dependsOn:
      - database
      - api
  logs:
    sources:
      - { file: logs/*.log, kind: application }
      - { container: shop-db, kind: database }
    retention: { days: 14, size: 2GB }
  environments:
    production:
      target: kubernetes
      workload: deployment/shop
      tier: production
      health: { path: /ready }
  jobs:
    nightly: { command: node jobs/nightly.js, schedule: "0 3 * * *", timeout: 10m }
  tests: { command: npm test }
  docs: https://docs.example.com/shop
  include: [./services/api, ./services/web]
x-env:
  <<: *env
  MORE: |
    two
    lines
`,
  `name: older
version: 1.0.0
app: { name: older, version: 1.0.0, type: web }
environments: { production: { debug: false } }
cache: { enabled: yes }
server: { port: 8080, host: "\${HOST:0.0.0.0}" }
`,
]

const others = [
  'null',
  '-1',
  '80a0',
  '[]',
  '{}',
  '[1, {a: b}]',
  '"',
  "'",
  '*env',
  '&a',
  '!!int x',
  '|',
  '${',
  '${A}',
]
const keys = ['__proto__', 'constructor', 'port', 'run', 'unknown', '<<', '? ', '"a b"', '']

type Mutation = (text: string, random: Random) => string | Buffer

const mutations: readonly Mutation[] = [
  (text, random) => {
    const bytes = Buffer.from(text)
    for (let flips = random.int(1, 4); flips > 0; flips--) {
      const at = random.int(0, bytes.length - 1)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.int(0, 7))
    }
    return bytes
  },
  (text, random) => Buffer.from(text).subarray(0, random.int(0, text.length)),
  (text, random) => changed(text, random, () => []),
  (text, random) => changed(text, random, (line) => [line, line]),
  (text, random) =>
    changed(text, random, (line) => [`${random.pick([' ', '  ', '\t', '- ', '[', '---\n'])}${line}`]),
  (text, random) => changed(text, random, (line) => [line.trimStart()]),
  (text, random) => changed(text, random, (line) => [line.replace(/[\w-]+:/, `${random.pick(keys)}:`)]),
  (text, random) => changed(text, random, (line) => [line.replace(/: .*/, `: ${random.pick(others)}`)]),
  (text, random) =>
    changed(text, random, (line) => [line.replaceAll(/: \w+/g, () => `: ${random.pick(others)}`)]),
]

/** With other lines in the place of one. */
function changed(text: string, random: Random, change: (line: string) => readonly string[]): string {
  const lines = text.split('\n')
  const at = random.int(0, lines.length - 1)
  return lines.flatMap((line, index) => (index === at ? change(line) : [line])).join('\n')
}

/** A configuration with one to three mistakes that people make. */
export function mutatedConfig(random: Random, files: readonly string[] = configFiles): Buffer {
  let file: string | Buffer = random.pick(files)
  for (let times = random.int(1, 3); times > 0; times--) file = random.pick(mutations)(String(file), random)
  return Buffer.from(file)
}
