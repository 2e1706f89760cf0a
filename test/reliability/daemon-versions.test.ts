import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { DaemonStatus } from '#contract/system.ts'
import { Failure } from '#base/failure.ts'
import { statePaths, type DaemonFile } from '#base/state-paths.ts'
import { build } from '#base/version.ts'
import { headers } from '#base/wire.ts'
import { connectLocal } from '#client/connect.ts'
import { openSocket } from '#client/transport.ts'
import { takeInstanceLock } from '../../daemon/store/instance-lock.ts'
import { daemonScript, runCli, runProgram, startDaemon, temporaryHome } from '../support/daemon.ts'
import { openDoor, type DoorOptions, type TestDoor } from '../support/door.ts'
import { figure, full } from '../support/scale.ts'

// The code under test runs from source as version 0.0.0, so it is older than every build: as a client it is the old
// one beside a built daemon, and behind a door of the test it is the old daemon that the built command line meets.

function describeDaemon(home: string, socket: string, token: string, protocol: number): void {
  const paths = statePaths(home)
  const file: DaemonFile = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    version: build.version,
    build: build.id,
    protocol,
    socket,
    url: null,
  }
  writeFileSync(paths.daemonFile, JSON.stringify(file), { mode: 0o600 })
  writeFileSync(paths.token, `${token}\n`, { mode: 0o600 })
}

/** An older daemon that holds the state folder, with the lock, until it hands over. */
async function oldDaemon(home: string, handover?: () => unknown): Promise<TestDoor> {
  const lock = takeInstanceLock(statePaths(home).lock)
  if (lock === null) throw new Error('The lock is taken')
  const goes = (): null => {
    setTimeout(() => void door.dispose().then(() => lock.dispose()), 5)
    return null
  }
  const handlers: DoorOptions['handlers'] = { 'daemon.handover': handover ?? goes }
  const door = await openDoor({ at: { folder: home, token: 'o'.repeat(43) }, handlers })
  describeDaemon(home, door.socket, door.token, 1)
  return door
}

async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const before = performance.now()
  const result = await work
  return { result, ms: performance.now() - before }
}

test('R14: an older client works with a newer daemon and leaves it in place', async () => {
  const daemon = await startDaemon()
  const launcher = { runtime: process.execPath, script: daemonScript }
  const client = connectLocal({ home: daemon.home, client: 'test/0', launcher }, 'once')
  const status = await client.call('daemon.status', {})
  expect(status.pid).toBe(daemon.process.pid)
  expect(status.version).not.toBe(build.version)
  await client.dispose()
  await daemon.stop()
})

test('R14: a newer client asks an older daemon to hand over and goes on with its own', async () => {
  const home = temporaryHome()
  const old = await oldDaemon(home)
  const { result, ms } = await timed(runCli(home, ['ports', 'leases', '--json']))
  expect(result).toEqual({ code: 0, stdout: '[]\n', stderr: '' })
  const status = JSON.parse((await runCli(home, ['daemon', 'status', '--json'])).stdout) as DaemonStatus
  expect(status.pid).not.toBe(process.pid)
  expect(old.entered).toEqual(['daemon.handover'])
  expect(old.trail.intents[0]?.target).toMatchObject({
    action: 'handover',
    details: { version: status.version },
  })
  figure(
    'R14',
    `hand-over to a newer build in ${Math.round(ms)} ms, the new daemon's start and the CLI's included`,
  )
  expect((await runCli(home, ['daemon', 'stop', '--yes'])).code).toBe(0)
  rmSync(home, { recursive: true, force: true })
})

test('R14: where the daemon beside a newer command line is an older build, that one is started and used', async () => {
  const home = temporaryHome()
  // As while a build is made: the command line is of a later commit than the daemon, and both of this version.
  const dist = path.join(home, 'dist')
  cpSync(path.dirname(daemonScript), dist, { recursive: true })
  const { build: own } = JSON.parse((await runCli(home, ['version', '--json'])).stdout) as { build: string }
  const [seconds = '', hash] = own.split('.')
  for (const name of readdirSync(dist).filter((file) => /^cli.*\.cjs$/.test(file))) {
    const file = path.join(dist, name)
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replaceAll(hash ?? own, 'newer').replaceAll(seconds, String(Number(seconds) + 60)),
    )
  }
  const state = path.join(home, 'state')
  const program = path.join(dist, 'cli.cjs')
  const answers = []
  for (const args of [
    ['daemon', 'start', '--json'],
    ['ports', 'leases', '--json'],
  ]) {
    const { result, ms } = await timed(runProgram(program, state, args))
    expect(result).toMatchObject({ code: 0, stderr: '' })
    answers.push(ms)
  }
  if (full) expect(Math.max(...answers)).toBeLessThan(3000)
  expect((await runCli(state, ['daemon', 'stop', '--yes'])).code).toBe(0)
  rmSync(home, { recursive: true, force: true })
})

test('R14: an older daemon that cannot hand over is named as the reason, at once', async () => {
  const home = temporaryHome()
  const refuse = () => {
    throw new Failure('audit-unavailable', 'The disk is full')
  }
  const old = await oldDaemon(home, refuse)
  const { result, ms } = await timed(runCli(home, ['ports', 'leases', '--json']))
  expect(result.code).toBe(1)
  expect(result.stderr).toContain('audit-unavailable')
  if (full) expect(ms).toBeLessThan(1000)
  await old.dispose()
  rmSync(home, { recursive: true, force: true })
})

test('R14: a client of another protocol gets a clear error, and neither side is harmed', async () => {
  const daemon = await startDaemon()
  const endpoint = { socket: daemon.describe().socket, token: daemon.token(), client: 'test/0' }
  for (const protocol of [0, 2, 99]) {
    const attempt = openSocket({ ...endpoint, protocol }, new AbortController().signal)
    const { result, ms } = await timed(attempt.catch((error: unknown) => error as Failure))
    expect(result).toMatchObject({
      code: 'daemon-incompatible',
      message: expect.stringContaining(`protocol ${protocol}`),
    })
    if (full) expect(ms).toBeLessThan(1000)
  }
  const client = daemon.client()
  await expect(client.call('daemon.status', {})).resolves.toMatchObject({ state: 'running' })
  await client.dispose()
  await daemon.stop()
})

test('R14: a daemon of an older protocol is asked to hand over in its own protocol', async () => {
  const home = temporaryHome()
  const socket = path.join(home, 'daemon.sock')
  const lock = takeInstanceLock(statePaths(home).lock)
  const asked: unknown[] = []
  const sockets = new WebSocketServer({ noServer: true })
  sockets.on('headers', (lines) => {
    lines.push(
      `${headers.protocol}: 0`,
      `${headers.version}: 0.0.1`,
      `${headers.build}: 1.old`,
      `${headers.pid}: 1`,
    )
  })
  const server = createServer()
  server.on('upgrade', (request: IncomingMessage, peer: Socket, head: Buffer) => {
    if (request.headers[headers.protocol] !== '0') {
      const body = '{"error":{"code":"daemon-incompatible","message":"I speak protocol 0"}}'
      return void peer.end(`HTTP/1.1 426 Upgrade Required\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    }
    sockets.handleUpgrade(request, peer, head, (accepted) => {
      accepted.on('message', (data: Buffer) => {
        asked.push((JSON.parse(data.toString('utf8')) as { method: string }).method)
        accepted.send('{"jsonrpc":"2.0","id":0,"result":null}')
        accepted.close(1012)
        server.close()
        void lock?.dispose()
      })
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  describeDaemon(home, socket, 'p'.repeat(43), 0)
  expect(await runCli(home, ['ports', 'leases', '--json'])).toMatchObject({ code: 0, stderr: '' })
  expect(asked).toEqual(['daemon.handover'])
  expect(JSON.parse(readFileSync(statePaths(home).daemonFile, 'utf8'))).toMatchObject({ protocol: 1 })
  expect((await runCli(home, ['daemon', 'stop', '--yes'])).code).toBe(0)
  rmSync(home, { recursive: true, force: true })
})

test('what answers at the address but is no daemon of ours is said to be none', async () => {
  const home = temporaryHome()
  const socket = path.join(home, 'daemon.sock')
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n',
    '',
  ]
  for (const answer of answers) {
    const server = createServer()
    server.on('connection', (peer) => void peer.end(answer))
    server.listen(socket)
    await once(server, 'listening')
    const attempt = openSocket({ socket, token: 't', client: 'test/0' }, new AbortController().signal)
    await expect(attempt).rejects.toMatchObject({ code: 'daemon-unreachable' })
    server.close()
    await once(server, 'close')
  }
  rmSync(home, { recursive: true, force: true })
})
