import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { dataOf, startListener, type Listener } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.

const time = z.iso.datetime({ precision: 3, offset: false })
const name = z.string().nullable()
const containerRef = z.strictObject({ id: z.string(), name: z.string() }).nullable()
const portRow = z.strictObject({
  protocol: z.enum(['tcp', 'udp']),
  family: z.enum(['ipv4', 'ipv6']),
  address: z.string(),
  port: z.int().min(1).max(65_535),
  dualStack: z.boolean(),
  pid: z.int().nullable(),
  pids: z.array(z.int()),
  process: name,
  command: name,
  cwd: name,
  user: name,
  startedAt: time.nullable(),
  container: containerRef,
  app: name,
  lease: name,
})
const processRow = z.strictObject({
  pid: z.int(),
  ppid: z.int(),
  name: z.string(),
  command: name,
  cwd: name,
  user: name,
  startedAt: time.nullable(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.int().nullable(),
  ports: z.array(z.int()),
  container: containerRef,
  app: name,
  kind: z.enum(['quantum', 'container', 'other']),
})
const lease = z.strictObject({ name: z.string(), kind: z.string(), port: z.int(), createdAt: time })
const entry = z.strictObject({
  id: z.string(),
  sequence: z.int().min(1),
  timestamp: time,
  actor: z.strictObject({ id: z.string(), name: z.string(), client: z.string(), address: z.string() }),
  action: z.string(),
  resource: z.strictObject({ type: z.string(), id: z.string(), name: z.string() }),
  project: name,
  details: z.record(z.string(), z.unknown()),
  outcome: z.enum(['pending', 'ok', 'failed', 'refused', 'interrupted']),
  errorCode: name,
  durationMs: z.number().nullable(),
})
const status = z.strictObject({
  pid: z.int(),
  state: z.enum(['running', 'stopping']),
  version: z.string(),
  protocol: z.int(),
  startedAt: time,
  socket: z.string(),
  url: name,
})
const verification = z.strictObject({
  ok: z.literal(true),
  entries: z.int(),
  checkpoints: z.int(),
  firstBadSequence: z.int().nullable(),
  reason: name,
})
const overview = z.strictObject({
  machine: z.strictObject({
    hostname: z.string(),
    platform: z.string(),
    cpus: z.int().min(1),
    load: z.number(),
    memory: z.strictObject({ totalBytes: z.int(), usedBytes: z.int() }),
    disk: z.strictObject({ totalBytes: z.int(), usedBytes: z.int() }),
    uptimeSeconds: z.number(),
  }),
  counts: z.strictObject({
    apps: z.strictObject({ running: z.int(), failed: z.int(), stopped: z.int() }),
    ports: z.int().min(1),
    processes: z.int().min(1),
    containers: z.strictObject({ running: z.int(), stopped: z.int() }),
    leases: z.int(),
    checks: z.strictObject({
      healthy: z.int(),
      degraded: z.int(),
      unhealthy: z.int(),
      unknown: z.int(),
      paused: z.int(),
    }),
  }),
  incidents: z.array(z.never()),
  engine: z.strictObject({
    state: z.enum(['connected', 'absent', 'denied', 'unreachable']),
    reason: name,
  }),
  activity: z.array(entry).min(1),
})
const who = z.strictObject({
  port: z.int(),
  rows: z.array(portRow).min(1),
  ancestors: z.array(z.strictObject({ pid: z.int(), name: z.string(), command: name })).min(1),
  worktree: z.strictObject({ path: z.string(), branch: name, repository: z.string() }).nullable(),
  audit: z
    .strictObject({ sequence: z.int(), action: z.string(), actor: z.string(), timestamp: time })
    .nullable(),
})
const token = z.strictObject({
  id: z.string(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
})
const user = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: z.enum(['viewer', 'operator', 'admin']),
  createdAt: time,
  tokens: z.array(token),
})
const check = z.strictObject({ name: z.string(), ok: z.boolean(), message: z.string(), hint: name })

let daemon: TestDaemon
let listener: Listener

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  listener = await startListener()
  await daemon.cli('ports', 'lease', 'first')
  await daemon.cli('users', 'add', 'ana', '--role', 'operator')
  await daemon.cli('users', 'token', 'ana')
})
afterAll(async () => {
  await listener.stop()
  await daemon.stop()
})

const shapes: readonly (readonly [string, z.ZodType])[] = [
  ['overview', overview],
  ['ports list', z.array(portRow).min(1)],
  ['ports lease shop', lease],
  ['ports lease shop-db --kind database', lease],
  ['ports leases', z.array(lease).min(1)],
  ['ports who PORT', who],
  ['ports release first --yes', lease],
  ['processes list', z.array(processRow).min(2)],
  ['processes list --tree --sort memory', z.array(processRow).min(2)],
  ['processes show PID', processRow],
  ['containers list', z.array(z.never())],
  ['audit list', z.strictObject({ entries: z.array(entry).min(1), next: name })],
  ['audit show 1', entry],
  ['audit verify', verification],
  ['audit verify --offline', verification],
  [
    'audit checkpoint',
    z.strictObject({
      sequence: z.int(),
      hash: z.string(),
      timestamp: time,
      signature: z.string(),
      root: z.string(),
    }),
  ],
  ['users list', z.array(user).min(1)],
  ['users add bo', user],
  ['users token bo --expires 7d', z.strictObject({ id: z.string(), token: z.string(), expiresAt: time })],
  ['users remove bo --yes', z.strictObject({ name: z.literal('bo') })],
  ['daemon status', status],
  ['daemon start', status],
  ['doctor', z.array(check).min(4)],
  ['docs', z.strictObject({ url: z.null(), path: z.string() })],
  [
    'version',
    z.strictObject({ version: z.string(), build: z.string(), node: z.string(), platform: z.string() }),
  ],
]

test.each(shapes)(
  '%s --json has the promised shape, on one line, with nothing beside it',
  async (line, shape) => {
    const words = line.replace('PORT', String(listener.port)).replace('PID', String(listener.pid)).split(' ')
    const result = await daemon.cli(...words, '--json')
    const problems = shape.safeParse(dataOf(result)).error?.issues ?? []
    expect(problems).toEqual([])
    expect(result.stdout.split('\n')).toHaveLength(2)
    expect(result.stderr).toBe('')
  },
)

test('ports free answers what became of each process', async () => {
  const other = await startListener()
  const result = await daemon.cli('ports', 'free', String(other.port), '--yes', '--json')
  expect(dataOf(result)).toEqual({ stopped: [{ pid: other.pid, name: 'node', signal: 'SIGTERM' }] })
})

test('processes stop answers what became of the process', async () => {
  const other = await startListener()
  const result = await daemon.cli('processes', 'stop', String(other.pid), '--force', '--yes', '--json')
  expect(dataOf(result)).toEqual({ pid: other.pid, name: 'node', signal: 'SIGKILL' })
})

test('every verb without --json says something to a person and ends with 0', async () => {
  for (const [line] of shapes) {
    if (/^(ports release|users (add|token|remove))/.test(line)) continue
    const words = line.replace('PORT', String(listener.port)).replace('PID', String(listener.pid)).split(' ')
    const result = await daemon.cli(...words)
    expect({ line, code: result.code, said: result.stdout.length > 10 }).toEqual({
      line,
      code: 0,
      said: true,
    })
  }
})
