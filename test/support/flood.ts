import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { newToken } from '../../daemon/kernel/auth.ts'
import { exchange, openRaw, upgradeHead, type Address } from './raw.ts'

// A stranger's floods, run as a process of their own so that what they cost is not taken for the daemon's:
// node flood.ts NAME ADDRESS HOST COUNT, with the address as JSON. Prints how often each HTTP status came back.

const [name = '', address = '', host = '', count = '0'] = process.argv.slice(2)
const door = JSON.parse(address) as Address

/** Many connections that never finish their handshake, though they go on sending. */
async function slow(): Promise<void> {
  const sockets: Socket[] = []
  while (sockets.length < Number(count)) {
    const socket = await openRaw(door).catch(() => null)
    if (socket === null) {
      // The system's queue of those who wait to be accepted is full.
      await sleep(5)
      continue
    }
    socket.setMaxListeners(0)
    socket.on('error', () => {})
    socket.write(`GET /rpc HTTP/1.1\r\nHost: ${host}\r\nX: `)
    sockets.push(socket)
  }
  for (let i = 0; i < 20; i++) {
    for (const socket of sockets) if (socket.writable) socket.write('h')
    await sleep(25)
  }
  for (const socket of sockets) socket.destroy()
}

/** As many bytes as are taken, up to 100 MB, behind each kind of beginning. */
async function big(): Promise<void> {
  const refused = upgradeHead('GET', '/rpc', [`Host: ${host}`, `Authorization: Bearer ${newToken()}`])
  for (const beginning of [
    `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 104857600\r\n\r\n`,
    `POST /rpc HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\n6400000\r\n`,
    `GET /rpc HTTP/1.1\r\nHost: ${host}\r\nX: `,
    refused,
  ]) {
    const socket = await openRaw(door)
    socket.on('error', () => {})
    socket.write(beginning)
    await pour(socket)
  }
}

async function pour(socket: Socket): Promise<void> {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  for (let i = 0; i < 100 && socket.writable; i++) {
    const taken = new Promise<void>((resolve) => socket.write(megabyte, () => resolve()))
    await Promise.race([taken, closed, sleep(3000)])
  }
  socket.destroy()
}

/** One frame of 100 MB from somebody who has logged in. */
async function frame(): Promise<void> {
  const token = process.env['FLOOD_TOKEN'] ?? ''
  const lines = [`Host: ${host}`, `Authorization: Bearer ${token}`, 'X-Quantum-Admin-Protocol: 1']
  const socket = await openRaw(door)
  socket.on('error', () => {})
  socket.write(upgradeHead('GET', '/rpc', lines))
  await once(socket, 'data')
  // A text frame, masked with zeros, with a length of 64 bits (RFC 6455, section 5.2).
  socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 0, 0, 0, 0]))
  await pour(socket)
}

/** Guesses tokens, eight at a time. */
async function tokens(): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  let left = Number(count)
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) {
        const lines = [`Host: ${host}`, `Authorization: Bearer ${newToken()}`, 'X-Quantum-Admin-Protocol: 1']
        const { status } = await exchange(door, upgradeHead('GET', '/rpc', lines))
        statuses[String(status)] = (statuses[String(status)] ?? 0) + 1
      }
    }),
  )
  return statuses
}

const floods: Readonly<Record<string, () => Promise<Record<string, number> | void>>> = {
  slow,
  big,
  frame,
  tokens,
}
process.stdout.write(JSON.stringify((await floods[name]?.()) ?? {}))
process.exit()
