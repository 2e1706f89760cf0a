import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** What one actor can be told to do. It answers each with `{ id }`, or with `{ id, error }`. */
export type ActorOrder =
  | {
      readonly do: 'open'
      readonly id: number
      readonly protocol: 'tcp' | 'udp'
      readonly address: string
      readonly port: number
      readonly ipv6Only: boolean
      /** Connects a UDP socket, so that it is no longer one that anybody can send to. */
      readonly connect: boolean
      /** Shares the socket with a child, as a server that forks does. */
      readonly share: boolean
    }
  | { readonly do: 'close'; readonly id: number; readonly part: 'own' | 'child' }

interface Opened {
  readonly own: Server | Socket
  readonly child: ChildProcess | null
}

const opened = new Map<number, Opened>()

/** Every server of Node on a POSIX system has a handle with its descriptor; the types do not tell. */
const descriptorOf = (server: Server): number =>
  (server as unknown as { readonly _handle: { readonly fd: number } })._handle.fd

async function open(order: Extract<ActorOrder, { do: 'open' }>): Promise<void> {
  const { protocol, address, port, ipv6Only } = order
  if (protocol === 'udp') {
    const socket = createSocket(address.includes(':') ? { type: 'udp6', ipv6Only } : { type: 'udp4' })
    socket.bind({ port, address })
    await once(socket, 'listening')
    if (order.connect) {
      socket.connect(9, address.includes(':') ? '::1' : '127.0.0.1')
      await once(socket, 'connect')
    }
    opened.set(order.id, { own: socket, child: null })
    return
  }
  const server = createServer().listen({ port, host: address, ipv6Only })
  await once(server, 'listening')
  let child: ChildProcess | null = null
  if (order.share) {
    child = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', descriptorOf(server)] })
    await once(child, 'spawn')
  }
  opened.set(order.id, { own: server, child })
}

async function close({ id, part }: Extract<ActorOrder, { do: 'close' }>): Promise<void> {
  const { own, child } = opened.get(id) ?? {}
  if (part === 'child') {
    if (child?.kill('SIGKILL')) await once(child, 'exit')
    return
  }
  await new Promise<void>((resolve) => own?.close(() => resolve()))
}

process.on('message', (order: ActorOrder) => {
  void (order.do === 'open' ? open(order) : close(order)).then(
    () => process.send?.({ id: order.id }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})
process.on('disconnect', () => {
  for (const { child } of opened.values()) child?.kill('SIGKILL')
  process.exit()
})
