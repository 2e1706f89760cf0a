import { expect, test } from 'vitest'
import type { PortRow } from '#contract/resources.ts'
import { strangerOn } from './taken-port.ts'

const row = (more: Partial<PortRow>): PortRow => ({
  protocol: 'tcp',
  family: 'ipv4',
  address: '127.0.0.1',
  port: 8080,
  dualStack: false,
  pid: 4711,
  pids: [4711],
  process: 'node',
  command: 'node server.js',
  cwd: '/other',
  user: 'me',
  startedAt: null,
  container: null,
  app: null,
  lease: null,
  ...more,
})
const app = { name: 'shop', folder: '/shop', pid: 100 }

test.each([
  ['a process elsewhere', {}],
  ['a process elsewhere, though the app has leased the port', { lease: 'shop' }],
  ['another app, also in a folder below', { app: 'api', cwd: '/shop/api' }],
  ['a process that is not visible', { pid: null, pids: [], process: null, cwd: null }],
  ['a folder of a similar name', { cwd: '/shopping' }],
])('%s holds the port', (_who, more) => {
  expect(strangerOn(8080, [row({ port: 1 }), row(more)], app)?.port).toBe(8080)
})

test.each([
  ['the app', { app: 'shop' }],
  ['a process that somebody started in its folder', { cwd: '/shop' }],
  ['a process that somebody started below its folder', { cwd: '/shop/web' }],
  ['its own process', { pid: 1, pids: [1, 100] }],
  ['nobody over TCP', { protocol: 'udp' as const }],
  ['nobody at this port', { port: 8081 }],
])('%s is no stranger', (_who, more) => {
  expect(strangerOn(8080, [row(more)], app)).toBeNull()
})

test('an app that the daemon does not know has what runs in its folder', () => {
  const unknown = { name: null, folder: '/shop', pid: null }
  expect(strangerOn(8080, [row({ cwd: '/shop' })], unknown)).toBeNull()
  expect(strangerOn(8080, [row({})], unknown)).not.toBeNull()
})
