import { describe, expect, test } from 'vitest'
import { readInspection, readList } from './container-rows.ts'

const id = 'a'.repeat(64)
const rowOf = (container: Record<string, unknown>) => readList([{ Id: id, ...container }])[0]?.row

describe('reading what engines list', () => {
  test.each([
    ['Up 3 minutes (healthy)', 'healthy'],
    ['Up 3 minutes (unhealthy)', 'unhealthy'],
    ['Up 3 seconds (health: starting)', 'starting'],
    ['Up 3 seconds (starting)', 'starting'],
    ['Up 3 seconds', null],
    ['Exited (0) 2 hours ago', null],
    ['Up 3 minutes (Paused)', null],
  ])('%s is health %s', (status, health) => {
    expect(rowOf({ State: 'running', Status: status })?.health).toBe(health)
  })

  test('hostile names and labels pass as data', () => {
    const nasty = '\u001b]0;x\u0007\r\n\u202e<script>$(reboot)'
    const json = JSON.stringify({ Id: id, Names: [`/${nasty}`], Image: nasty, Labels: { [nasty]: nasty } })
    const [container] = readList([JSON.parse(json.replace('"Labels":{', '"Labels":{"__proto__":"p",'))])
    expect(container?.row).toMatchObject({ name: nasty, image: nasty })
    expect(Object.entries(container?.row.labels ?? {})).toContainEqual([nasty, nasty])
    expect(Object.getPrototypeOf(container?.row.labels)).toBe(Object.prototype)
  })

  test('a container is named by its own name, not by a link to it', () => {
    expect(rowOf({ Names: ['/web/db', '/db'] })?.name).toBe('db')
    expect(rowOf({ Names: null })?.name).toBe(id.slice(0, 12))
    expect(rowOf({ Names: [] })?.name).toBe(id.slice(0, 12))
  })

  test('only published ports are rows, in one order', () => {
    const ports = [
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 9000, Type: 'tcp' },
      { IP: '', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 'x' },
    ]
    const expected = [
      { address: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { address: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ]
    expect(rowOf({ Ports: ports })?.ports).toEqual(expected)
    expect(rowOf({ Ports: ports.reverse() })?.ports).toEqual(expected)
  })

  test.each([
    ['configured', '', 'created'],
    ['Running', 'Up', 'running'],
    ['stopped', 'Exited (0)', 'exited'],
    ['something new', 'Up 3 seconds', 'running'],
  ])('the state %s of another engine is %s', (state, status, expected) => {
    expect(rowOf({ State: state, Status: status })?.state).toBe(expected)
  })

  test('what is no list of containers is refused', () => {
    for (const answer of ['text', {}, [{ Id: '../etc' }], [null]]) expect(() => readList(answer)).toThrow()
    expect(readList(null)).toEqual([])
  })
})

test('the year 1 of a container that never ran is no start', () => {
  const answer = { Id: id, State: { Status: 'created', StartedAt: '0001-01-01T00:00:00Z' }, Config: {} }
  expect(readInspection(answer)).toMatchObject({
    startedAt: null,
    pid: null,
    exitCode: null,
    stopTimeoutSeconds: 10,
  })
})
