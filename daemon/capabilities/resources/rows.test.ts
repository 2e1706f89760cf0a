import { expect, test } from 'vitest'
import type { EngineContainer } from '../../adapters/docker/engine.ts'
import type { HostProcess, HostSocket } from '../../adapters/host/host.ts'
import { bounded } from './display.ts'
import { portRows } from './port-rows.ts'
import { processRows } from './process-rows.ts'
import { isQuantumCommand } from './quantum.ts'

const processOf = (pid: number, more: Partial<HostProcess> = {}): HostProcess => ({
  pid,
  startKey: String(pid),
  ppid: 1,
  group: 1,
  name: 'node',
  argv: ['node', 'server.js'],
  cwd: '/home/ana/shop',
  uid: 1000,
  user: 'ana',
  startedAt: 1_700_000_000_000 + pid,
  cpuPercent: null,
  memoryBytes: 1,
  containerId: null,
  ...more,
})

const socketOf = (port: number, more: Partial<HostSocket> = {}): HostSocket => ({
  protocol: 'tcp',
  family: 'ipv4',
  address: '0.0.0.0',
  port,
  dualStack: false,
  pids: [],
  uid: 1000,
  ...more,
})

const containerOf = (name: string, ports: EngineContainer['ports'], labels = {}): EngineContainer => ({
  id: name.padEnd(64, '0'),
  name,
  image: 'shop',
  state: 'running',
  status: 'Up',
  health: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  ports,
  labels,
  pid: null,
})

const rowsOf = (
  sockets: readonly HostSocket[],
  processes: readonly HostProcess[] = [],
  containers: readonly EngineContainer[] = [],
) =>
  portRows({
    sockets,
    containers,
    process: (pid) => processes.find((process) => process.pid === pid),
    userName: (uid) => (uid === 0 ? 'root' : null),
    leaseOf: (port) => (port === 3000 ? 'shop' : null),
    appOf: () => null,
    appOfFolder: () => null,
  })

const published = (address: string, hostPort: number, protocol: 'tcp' | 'udp' | 'sctp' = 'tcp') => ({
  address,
  hostPort,
  containerPort: 80,
  protocol,
})

test('a socket is joined with its process and its lease', () => {
  expect(rowsOf([socketOf(3000, { pids: [7, 9] })], [processOf(7), processOf(9)])).toEqual([
    {
      protocol: 'tcp',
      family: 'ipv4',
      address: '0.0.0.0',
      port: 3000,
      dualStack: false,
      pid: 7,
      pids: [7, 9],
      process: 'node',
      command: 'node server.js',
      cwd: '/home/ana/shop',
      user: 'ana',
      startedAt: '2023-11-14T22:13:20.007Z',
      container: null,
      app: null,
      lease: 'shop',
    },
  ])
})

test('a socket of a process that we may not see still tells its owner', () => {
  const [row] = rowsOf([socketOf(22, { uid: 0 })])
  expect(row).toMatchObject({ pid: null, process: null, user: 'root', container: null })
})

test("a proxy's listener on a published port belongs to the container, and is not listed twice", () => {
  const proxy = processOf(50, { name: 'docker-proxy', user: 'root', uid: 0 })
  const shop = containerOf('shop', [published('0.0.0.0', 8080), published('::', 8080)], {
    'com.docker.compose.project': 'store',
  })
  const rows = rowsOf(
    [socketOf(8080, { pids: [50] }), socketOf(8080, { pids: [50], family: 'ipv6', address: '::' })],
    [proxy],
    [shop],
  )
  expect(rows).toHaveLength(2)
  for (const row of rows)
    expect(row).toMatchObject({ pid: 50, container: { id: shop.id, name: 'shop' }, app: 'store' })
})

test('a rootless forwarder that listens on both families at once stands for both publications', () => {
  const shop = containerOf('shop', [published('0.0.0.0', 8080), published('::', 8080)])
  const socket = socketOf(8080, { pids: [50], family: 'ipv6', address: '::', dualStack: true })
  const rows = rowsOf([socket], [processOf(50, { name: 'rootlessport' })], [shop])
  expect(rows).toEqual([expect.objectContaining({ port: 8080, container: { id: shop.id, name: 'shop' } })])
})

test('the proxy of another user, which we may not see, is still the container', () => {
  const shop = containerOf('shop', [published('0.0.0.0', 8080)])
  const rows = rowsOf([socketOf(8080, { uid: 0 })], [], [shop])
  expect(rows).toEqual([
    expect.objectContaining({ pid: null, user: 'root', container: { id: shop.id, name: 'shop' } }),
  ])
})

test('a published port without a listener on the host is a row without a process; SCTP is none', () => {
  const shop = containerOf('shop', [published('127.0.0.1', 9000, 'udp'), published('0.0.0.0', 9001, 'sctp')])
  expect(rowsOf([], [], [shop])).toEqual([
    expect.objectContaining({ protocol: 'udp', address: '127.0.0.1', port: 9000, pid: null, user: null }),
  ])
})

test("a stranger's listener on a published port is not taken for the container", () => {
  const shop = containerOf('shop', [published('0.0.0.0', 8080)])
  const rows = rowsOf([socketOf(8080, { pids: [7] })], [processOf(7)], [shop])
  expect(rows.map(({ pid, container }) => [pid, container?.name ?? null])).toEqual([
    [null, 'shop'],
    [7, null],
  ])
})

test('a process in a container is told with the name its engine gives, or the short id', () => {
  const shop = containerOf('shop', [])
  const rows = processRows({
    processes: [processOf(7, { containerId: shop.id }), processOf(8, { containerId: 'f'.repeat(64) })],
    sockets: [socketOf(80, { pids: [7, 8] }), socketOf(80, { pids: [7], family: 'ipv6', address: '::' })],
    containers: [shop],
    appOf: () => null,
    appOfFolder: () => null,
    isQuantum: () => false,
  })
  expect(rows.map(({ container, kind, ports }) => [container?.name, kind, ports])).toEqual([
    ['shop', 'container', [80]],
    ['ffffffffffff', 'container', [80]],
  ])
})

test.each([
  [['quantum', 'start'], true],
  [['/usr/bin/python3', '/usr/local/bin/quantum', 'start', '--port', '8080'], true],
  [['python', '-m', 'quantum', 'start'], true],
  [['python3.12', '-u', '-m', 'quantum.cli', 'start'], true],
  [['/venv/bin/gunicorn', '-b', ':8080', 'quantum.wsgi:app'], true],
  [['python3', '/venv/bin/gunicorn', 'quantum.server.wsgi'], true],
  [['quantum', 'test'], false],
  [['vim', 'quantum', 'start'], false],
  [['gunicorn', 'shop.wsgi:app'], false],
  [['python3'], false],
  [[], false],
])('%j is a process of the framework: %s', (argv, expected) => {
  expect(isQuantumCommand(argv)).toBe(expected)
})

test('hostile text is passed on as it is, up to 4 KiB and never with half a character', () => {
  const hostile = '\u001b]0;owned\u0007\n\u202e<img src=x>'
  expect(bounded(hostile)).toBe(hostile)
  const long = `${'a'.repeat(4094)}\u{1f600}${'b'.repeat(5000)}`
  expect(bounded(long)).toBe(`${'a'.repeat(4094)}…`)
  expect(bounded('x'.repeat(1_000_000))).toHaveLength(4096)
  const [row] = rowsOf(
    [socketOf(1, { pids: [7] })],
    [processOf(7, { name: hostile, argv: [hostile, 'y'.repeat(9000)] })],
  )
  expect(row?.process).toBe(hostile)
  expect(row?.command).toHaveLength(4096)
})
