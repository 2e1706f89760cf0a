import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** The file number of a socket, which Node.js has but does not document. */
const fileOf = (socket: Server | Socket): number =>
  (socket as unknown as { _handle: { fd: number } })._handle.fd

/** Many processes with many open files, among them connections and listeners. */
export interface Crowd {
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/**
 * Starts so many idle processes, each with `files` files open, of which `connections` are ends of established
 * loopback connections; each of the first `listeners` processes holds a listener too.
 */
export async function startCrowd(size: {
  readonly processes: number
  readonly files: number
  readonly connections: number
  readonly listeners: number
}): Promise<Crowd> {
  closeInherited()
  const nothing = openSync('/dev/null', 'r')
  const ends = await openConnections(size.processes * size.connections)
  const listeners = await openListeners(size.listeners)
  const children: ChildProcess[] = []
  for (let at = 0; at < size.processes; at++) {
    const sockets: (Server | Socket)[] = ends.slice(at * size.connections, (at + 1) * size.connections)
    const listener = listeners[at]
    if (listener) sockets.push(listener)
    const rest = sockets.map(fileOf)
    while (rest.length < size.files - 1) rest.unshift(nothing)
    // It waits for the end of its input, which comes when this program ends, however that does.
    const child = spawn('cat', [], { stdio: ['pipe', ...rest] })
    await once(child, 'spawn')
    children.push(child)
  }
  closeSync(nothing)
  for (const end of ends) end.destroy()
  for (const listener of listeners) listener.close()
  return {
    pids: children.map(({ pid }) => pid ?? 0),
    stop: async () => {
      const ended = children.map((child) => once(child, 'exit'))
      for (const child of children) child.kill('SIGKILL')
      await Promise.all(ended)
    },
  }
}

/** Closes what this program was started with beyond its standard files, lest every process of the crowd inherit it. */
function closeInherited(): void {
  for (const file of readdirSync('/proc/self/fd').map(Number)) {
    if (file <= 2) continue
    const flags = /^flags:\t(\d+)$/m.exec(infoOf(file))?.[1]
    // Node.js opens all of its own files with O_CLOEXEC (0o2000000).
    if (flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0) closeSync(file)
  }
}

/** The file through which the list was read is closed by now. */
const infoOf = (file: number): string =>
  existsSync(`/proc/self/fdinfo/${file}`) ? readFileSync(`/proc/self/fdinfo/${file}`, 'utf8') : ''

async function openListeners(count: number): Promise<Server[]> {
  const servers: Server[] = []
  for (let at = 0; at < count; at++) {
    const host = ['127.0.0.1', '0.0.0.0', '::', '::1'][at % 4]
    const server = createServer().listen({ host, port: 0 })
    await once(server, 'listening')
    servers.push(server)
  }
  return servers
}

/** Both ends of half as many connections. */
async function openConnections(count: number): Promise<Socket[]> {
  const accepted: Socket[] = []
  const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('The server has no port')
  const ends: Socket[] = []
  for (let at = 0; at < count / 2; at++) {
    const end = connect(address.port, '127.0.0.1')
    await once(end, 'connect')
    ends.push(end)
  }
  while (accepted.length < ends.length) await new Promise((resolve) => setImmediate(resolve))
  server.close()
  return [...ends, ...accepted]
}
