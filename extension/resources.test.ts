import { expect, test } from 'vitest'
import type { PortRow, ProcessRow } from '#contract/resources.ts'
import { byInterest, matches, portFields, portHoldings, processTree } from './resources.ts'

const port = (values: Partial<PortRow>): PortRow => ({
  protocol: 'tcp',
  family: 'ipv4',
  address: '127.0.0.1',
  port: 3000,
  dualStack: false,
  pid: 10,
  pids: [10],
  process: 'node',
  command: 'node server.js',
  cwd: '/home/ana/shop',
  user: 'ana',
  startedAt: '2026-01-01T00:00:00.000Z',
  container: null,
  app: null,
  lease: null,
  ...values,
})

const process = (pid: number, ppid: number): ProcessRow => ({
  pid,
  ppid,
  name: `p${pid}`,
  command: null,
  cwd: null,
  user: null,
  startedAt: null,
  cpuPercent: null,
  memoryBytes: null,
  ports: [],
  container: null,
  app: null,
  kind: 'other',
})

test('one holder on both families is one entry, two holders of a port are two', () => {
  const holdings = portHoldings([
    port({ port: 8080, pid: null, pids: [] }),
    port({}),
    port({ family: 'ipv6', address: '::1', lease: 'shop' }),
    port({ address: '127.0.0.2', pid: 11, pids: [11] }),
    port({ protocol: 'udp' }),
  ])
  expect(holdings.map(({ id, rows }) => [id, rows.length])).toEqual([
    ['3000/tcp/10', 2],
    ['3000/tcp/11', 1],
    ['3000/udp/10', 1],
    ['8080/tcp/', 1],
  ])
  expect(holdings[0]?.row.lease).toBe('shop')
})

test('a process without its parent, or that is its own, stands at the top', () => {
  const tree = processTree([process(1, 0), process(2, 1), process(3, 2), process(9, 8), process(7, 7)])
  expect(tree.roots.map(({ pid }) => pid)).toEqual([1, 9, 7])
  expect(tree.childrenOf(1).map(({ pid }) => pid)).toEqual([2])
  expect(tree.childrenOf(3)).toEqual([])
})

test('what listens stands before what does not, the newest first, and kernel threads last', () => {
  const rows = [
    process(2, 0),
    { ...process(5, 1), command: 'sh' },
    { ...process(6, 1), command: 'sh' },
    { ...process(3, 1), command: 'node', ports: [3000] },
    { ...process(4, 1), command: 'gunicorn', kind: 'quantum' as const },
  ]
  expect(rows.sort(byInterest).map(({ pid }) => pid)).toEqual([4, 3, 6, 5, 2])
})

test('a filter finds each of its words anywhere in an entry', () => {
  const [holding] = portHoldings([port({})])
  const fields = holding === undefined ? [] : portFields(holding)
  expect(matches('', fields)).toBe(true)
  expect(matches('NODE shop', fields)).toBe(true)
  expect(matches(':3000', fields)).toBe(true)
  expect(matches('node billing', fields)).toBe(false)
})
