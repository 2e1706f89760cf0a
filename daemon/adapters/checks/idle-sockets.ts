import type { Agent } from 'node:http'
import type { Socket } from 'node:net'

/** So many connections wait for the next check, to all servers together: each takes a file of the process. */
const mostIdle = 200

/** Keeps an agent from keeping more connections open than that. @param idle - shared by all agents. */
export function boundIdle<T extends Agent>(agent: T, idle: Set<Socket>): T {
  // Node.js documents both as hooks of an agent (`keepSocketAlive`, `reuseSocket`); its types lack what they give.
  const hooks = agent as unknown as {
    keepSocketAlive: (socket: Socket) => boolean
    reuseSocket: (socket: Socket, request: unknown) => void
  }
  const watched = new WeakSet<Socket>()
  const [keep, reuse] = [hooks.keepSocketAlive.bind(agent), hooks.reuseSocket.bind(agent)]
  hooks.keepSocketAlive = (socket) => {
    if (idle.size >= mostIdle || !keep(socket)) return false
    if (!watched.has(socket)) socket.once('close', () => idle.delete(socket))
    watched.add(socket)
    idle.add(socket)
    return true
  }
  hooks.reuseSocket = (socket, request) => {
    idle.delete(socket)
    reuse(socket, request)
  }
  return agent
}
