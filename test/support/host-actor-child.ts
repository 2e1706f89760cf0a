import { createSocket, type Socket } from 'node:dgram'
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ActorCall, ActorReply, SocketKind } from './host-actor.ts'

// Runs as a process of its own: opens, shares and closes sockets as it is told, and answers when that is done.
const open = new Map<number, Server | Socket>()
const sleepers = new Map<number, ChildProcess>()

const listen = (kind: SocketKind): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    const { host, port, ipv6Only, reusePort } = kind
    server.once('error', reject)
    server.listen({ host, port, ipv6Only, reusePort }, () => resolve(server))
  })

const bind = (kind: SocketKind): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const { host, port, ipv6Only, reusePort } = kind
    const type = host.includes(':') ? 'udp6' : 'udp4'
    const socket = createSocket({ type, ipv6Only: ipv6Only && type === 'udp6', reusePort })
    socket.once('error', reject)
    socket.bind({ address: host, port, exclusive: true }, () => resolve(socket))
  })

/** The file number of an open socket, which Node.js has but does not document. */
const fileOf = (id: number): number => {
  const { _handle: handle } = open.get(id) as unknown as { _handle: { fd: number } }
  return handle.fd
}

/** A program that holds copies of sockets as any forked child does. */
const startSleeper = (ids: readonly number[]): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const stdio = ['ignore', 'ignore', 'ignore', ...ids.map(fileOf)] as const
    const sleeper = spawn('sleep', ['600'], { stdio: [...stdio] })
    sleeper.once('error', reject)
    sleeper.once('spawn', () => resolve(sleeper))
  })

const endSleeper = (sleeper: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    sleeper.once('exit', () => resolve())
    sleeper.kill('SIGKILL')
  })

/** Closes the listening socket itself; connections it has accepted may live on, so their end is not waited for. */
async function closeNow(socket: Server | Socket): Promise<void> {
  socket.close()
  await nextTurn()
  await nextTurn()
}

async function act(call: ActorCall, handle: unknown): Promise<number | null> {
  switch (call.do) {
    case 'open':
      open.set(call.id, call.kind.protocol === 'tcp' ? await listen(call.kind) : await bind(call.kind))
      return null
    case 'take':
      open.set(call.id, handle as Server | Socket)
      return null
    case 'close': {
      const socket = open.get(call.id)
      open.delete(call.id)
      if (socket) await closeNow(socket)
      return null
    }
    case 'fork': {
      const sleeper = await startSleeper(call.ids)
      if (sleeper.pid === undefined) throw new Error('sleep has not started')
      sleepers.set(sleeper.pid, sleeper)
      return sleeper.pid
    }
    case 'end': {
      const sleeper = sleepers.get(call.pid)
      sleepers.delete(call.pid)
      if (sleeper) await endSleeper(sleeper)
      return null
    }
  }
}

const reply = (message: ActorReply): void => void process.send?.(message)

process.on('message', (call: ActorCall, handle: unknown) => {
  act(call, handle).then(
    (pid) => reply({ call: call.call, pid, error: null }),
    (error: unknown) => reply({ call: call.call, pid: null, error: String(error) }),
  )
})
process.on('disconnect', () => {
  for (const sleeper of sleepers.values()) sleeper.kill('SIGKILL')
  process.exit(0)
})
