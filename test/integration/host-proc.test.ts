import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import type { HostSocket } from '../../daemon/adapters/host/host.ts'
import { LinuxHost } from '../../daemon/adapters/host/linux-host.ts'
import { withChange } from '../support/change.ts'
import { Actor } from '../support/host-actor.ts'
import { askSs, rowText } from '../support/ss.ts'

const look = fileURLToPath(new URL('../support/host-look.ts', import.meta.url))
const run = promisify(execFile)
const root = process.getuid?.() === 0

const undo: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const act of undo.splice(0).reverse()) await act()
})

const host = () => new LinuxHost({ clock: systemClock })

async function start(program: string, args: readonly string[] = []): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  undo.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  })
  await once(child, 'spawn')
  return child
}

async function listen(port = 0): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  undo.push(() => void server.close())
  await once(server, 'listening')
  return server
}

const portOf = (server: Server): number => {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

test.each([
  ['looks like the rest of its own state', ') R 1 (x) S 2'],
  ['has lines', 'a\nb: c\n'],
  ['has escape codes', '\u001b[2J\u001b]0;x\u0007'],
  ['is not only letters', 'naïve 名 \u202e'],
])('a program whose name %s is told as it is', async (_, name) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'names-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  const program = path.join(folder, name)
  copyFileSync('/bin/sleep', program)
  const child = await start(program, ['600'])
  const found = await host().process(child.pid ?? 0)
  expect(found).toMatchObject({ pid: child.pid, ppid: process.pid, argv: [program, '600'] })
  // The kernel keeps 15 bytes of a name, wherever that cuts.
  const kept = Buffer.from(name).subarray(0, 15).toString()
  expect(found?.name).toBe(kept)
})

test('arguments of any size and content are told as given, the empty ones too', async () => {
  const args = ['x'.repeat(4096), '', 'a\nb', '\u001b[31m', '--flag=$(id);`id`', '']
  const child = await start(process.execPath, ['-e', 'setInterval(() => 0, 1000)', ...args])
  const found = await host().process(child.pid ?? 0)
  expect(found?.argv?.slice(3)).toEqual(args)
})

test('a process that becomes another program is shown as that, and is not sent the signal meant for the first', async () => {
  const looking = host()
  const child = await start('/bin/sh', ['-c', 'read line; exec sleep 600'])
  const pid = child.pid ?? 0
  const listed = async () => (await looking.processes()).processes.find((process) => process.pid === pid)
  const before = await listed()
  if (!before) throw new Error('The shell was not found')
  expect(before.argv?.[0]).toBe('/bin/sh')
  child.stdin?.write('go\n')
  const other = host()
  await expect.poll(async () => (await other.process(pid))?.argv).toEqual(['sleep', '600'])
  await expect(withChange((change) => looking.signal(change, before, 'SIGTERM'))).rejects.toMatchObject({
    code: 'process-changed',
  })
  expect(await listed()).toMatchObject({ startKey: before.startKey, name: 'sleep', argv: ['sleep', '600'] })
  expect(child.signalCode).toBeNull()
})

test('a zombie has ended', async () => {
  // The shell's child ends once another program, which never waits for it, has taken the shell's place.
  const untilReplaced = 'shell=$$; (until [ "$(cat /proc/$shell/comm)" = sleep ]; do :; done) &'
  const child = await start('/bin/sh', ['-c', `${untilReplaced} echo $!; exec sleep 600`])
  const [line] = (await once(child.stdout ?? process.stdin, 'data')) as [Buffer]
  const pid = Number(line.toString())
  const looking = host()
  await expect.poll(() => looking.process(pid)).toBeNull()
  const { processes } = await looking.processes()
  expect(processes.some((process) => process.pid === pid)).toBe(false)
  // It is still there as a zombie: its parent runs and has not asked for it.
  expect(readdirSync('/proc')).toContain(String(pid))
})

test('the id of a thread is no process', async () => {
  const threads = readdirSync('/proc/self/task').map(Number)
  const other = threads.find((id) => id !== process.pid)
  expect(other).toBeDefined()
  expect(await host().process(other ?? 0)).toBeNull()
  expect(await host().process(process.pid)).not.toBeNull()
})

test('hundreds of listeners are all found, before and after half of them are closed', async () => {
  const looking = host()
  const servers: Server[] = []
  for (let at = 0; at < 300; at++) servers.push(await listen())
  const ports = new Set(servers.map(portOf))
  const compare = async () => {
    // Somebody else may have one of these ports on another address.
    const mine = ({ port, pids }: Pick<HostSocket, 'port' | 'pids'>) =>
      ports.has(port) && pids.includes(process.pid)
    const listed = (await looking.sockets()).sockets.filter(mine)
    expect(listed.map(rowText).sort()).toEqual(askSs().filter(mine).map(rowText).sort())
    return listed.length
  }
  expect(await compare()).toBe(300)
  for (const server of servers.filter((_, at) => at % 2 === 0)) {
    server.close()
    await once(server, 'close')
  }
  expect(await compare()).toBe(150)
})

test('a socket handed to a process that has long been there names both holders at the next look', async () => {
  const looking = host()
  const actor = await Actor.start()
  undo.push(() => actor.stop())
  const server = await listen()
  const port = portOf(server)
  const pids = async () =>
    (await looking.sockets()).sockets.filter((socket) => socket.port === port).map((socket) => socket.pids)
  for (let again = 0; again < 3; again++) expect(await pids()).toEqual([[process.pid]])
  await actor.take(1, server)
  expect(await pids()).toEqual([[process.pid, actor.pid]])
})

if (root) {
  test('of a stranger we see the socket and its owner, not the process; and may not signal it', async () => {
    const server = await listen()
    const child = await start('/bin/sleep', ['600'])
    const args = ['--no-warnings', look, '65534', String(portOf(server)), String(child.pid)]
    const { stdout } = await run(process.execPath, args)
    const { rows, found, signal } = JSON.parse(stdout) as Record<string, unknown>
    expect(rows).toMatchObject([{ pids: [], uid: 0 }])
    expect(found).toMatchObject({ pid: child.pid, uid: 0, user: 'root', cwd: null })
    expect(signal).toBe('permission-denied')
    expect(child.signalCode).toBeNull()
  })

  test('sockets of another network namespace are not listed', async () => {
    const serve =
      "require('node:net').createServer().listen(29150, '0.0.0.0', () => process.stdout.write('up'))"
    const child = await start('unshare', ['--net', process.execPath, '-e', serve])
    if (child.stdout) await once(child.stdout, 'data')
    const { sockets } = await host().sockets()
    expect(sockets.some((socket) => socket.port === 29_150)).toBe(false)
  })
}
