import { homedir, tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { socketPath, stateFolder } from './state-paths.ts'

test('the state folder is the one named, else where the platform keeps state', () => {
  expect(stateFolder({ QUANTUM_ADMIN_HOME: '/srv/qa' }, 'linux')).toBe('/srv/qa')
  expect(stateFolder({}, 'linux')).toBe(path.join(homedir(), '.local', 'state', 'quantum-admin'))
  expect(stateFolder({ XDG_STATE_HOME: '/var/state' }, 'linux')).toBe('/var/state/quantum-admin')
  expect(stateFolder({ XDG_STATE_HOME: 'relative' }, 'linux')).toBe(
    path.join(homedir(), '.local', 'state', 'quantum-admin'),
  )
})

test('a socket path of 100 bytes stays in the state folder, a longer one moves', () => {
  const fits = `/${'a'.repeat(100 - '/daemon.sock'.length - 1)}`
  expect(socketPath(fits, {}, 'linux')).toBe(`${fits}/daemon.sock`)
  const long = `${fits}b`
  const moved = socketPath(long, {}, 'linux')
  expect(moved).toMatch(/\/quantum-admin-[0-9a-f]{24}\/daemon\.sock$/)
  expect(moved.startsWith(tmpdir())).toBe(true)
  expect(socketPath(long, { XDG_RUNTIME_DIR: '/run/user/1000' }, 'linux')).toMatch(
    /^\/run\/user\/1000\/quantum-admin-/,
  )
  expect(socketPath(long, {}, 'linux')).toBe(moved)
  expect(socketPath(`${long}c`, {}, 'linux')).not.toBe(moved)
})

test('length is counted in bytes, not characters', () => {
  expect(socketPath(`/${'ü'.repeat(50)}`, {}, 'linux')).toContain('quantum-admin-')
})
