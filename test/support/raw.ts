import { randomBytes } from 'node:crypto'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A door as a stranger reaches it. */
export type Address = { readonly path: string } | { readonly port: number; readonly host?: string }

/** What came back over a raw socket until it was closed, upgraded or silent. */
export interface RawAnswer {
  /** The HTTP status, or null when the connection ended without one. */
  readonly status: number | null
  readonly text: string
}

/** A socket without any HTTP client in between: Node's own would mend what a test sends broken on purpose. */
export function openRaw(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket =
      'path' in address
        ? connectPlain(address.path, () => resolve(socket))
        : connectTls(
            { host: address.host ?? '127.0.0.1', port: address.port, rejectUnauthorized: false },
            () => resolve(socket),
          )
    socket.once('error', reject)
  })
}

/** The head of an upgrade request. `lines` are sent as they are. */
export const upgradeHead = (method: string, target: string, lines: readonly string[]): string =>
  `${[
    `${method} ${target} HTTP/1.1`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...lines,
  ].join('\r\n')}\r\n\r\n`

/** Sends bytes and reads until the answer's head is there or the connection ends. */
export async function exchange(address: Address, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = await openRaw(address)
  return new Promise((resolve) => {
    let text = ''
    const end = (): void => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? Number.NaN) || null, text })
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      if (head === -1) return
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0)
      if (text.startsWith('HTTP/1.1 101') || text.length >= head + 4 + length) end()
    })
    socket.on('error', () => {})
    socket.on('close', end)
    socket.write(bytes)
  })
}
