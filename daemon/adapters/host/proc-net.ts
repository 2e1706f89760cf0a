import { closeSync, openSync, readSync } from 'node:fs'
import { systemCode } from '#base/failure.ts'
import { addressText } from './address.ts'

/** One line of /proc/net/{tcp,tcp6,udp,udp6}. */
export interface SocketRow {
  readonly protocol: 'tcp' | 'udp'
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly port: number
  readonly uid: number
  /** Names the socket in /proc/PID/fd; 0 when it belongs to no file. */
  readonly inode: number
}

export type TableName = 'tcp' | 'tcp6' | 'udp' | 'udp6'

/** TCP_LISTEN and, for UDP, TCP_CLOSE: bound and unconnected (include/net/tcp_states.h). */
const wantedState = { tcp: '0A', udp: '07' } as const

const line =
  /^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)/

/** The state and, where it is a listening or unconnected socket, the row of one line; null for the header. */
export function parseLine(text: string, table: TableName): { state: string; row: SocketRow | null } | null {
  const match = line.exec(text)
  if (match === null) return null
  const [, address = '', port = '', state = '', uid, inode] = match
  const protocol = table.startsWith('tcp') ? 'tcp' : 'udp'
  if (state !== wantedState[protocol]) return { state, row: null }
  return {
    state,
    row: {
      protocol,
      family: table.endsWith('6') ? 'ipv6' : 'ipv4',
      address: addressText(address),
      port: Number.parseInt(port, 16),
      uid: Number(uid),
      inode: Number(inode),
    },
  }
}

/** The kernel hands out at most this much per read of such a file. */
const pageBytes = 4096
/** About what one row takes. */
const rowBytes = 192

/** One table as it was listed. */
export interface Listing {
  readonly rows: readonly SocketRow[]
  /** Bytes of the listing up to the end of each row: the heading and the rows before it included. */
  readonly ends: readonly number[]
}

/** Reads the kernel's tables of sockets of this network namespace. */
export class ProcNet {
  readonly #buffer = Buffer.allocUnsafe(pageBytes)

  /**
   * The wanted sockets of one table. The kernel lists every TCP listener before the first connection
   * (tcp_seq_start in net/ipv4/tcp_ipv4.c), so reading stops at the first line in another state.
   * @param bytes - what the first read asks for. Each row that is asked for beyond the listeners makes the kernel
   * search a hash table of up to half a million buckets for a connection, so it should be just one.
   */
  read(table: TableName, bytes: number): Listing {
    const rows: SocketRow[] = []
    const ends: number[] = []
    let at = 0
    const tcp = table.startsWith('tcp')
    for (const text of this.#lines(table, tcp ? bytes : pageBytes, Number.POSITIVE_INFINITY)) {
      at += text.length + 1
      const parsed = parseLine(text, table)
      if (parsed?.row) {
        rows.push(parsed.row)
        ends.push(at)
      } else if (tcp && parsed !== null) break
    }
    return { rows, ends }
  }

  /** Whether a listing that {@link read} made with so many bytes did not come in one piece. */
  tookSeveralReads(table: TableName, { ends }: Listing, bytes: number): boolean {
    const first = table.startsWith('tcp') ? Math.min(bytes, pageBytes) : pageBytes
    return (ends.at(-1) ?? 0) > first
  }

  /** The rows within the first so many bytes of a listing; the kernel looks no further than one row after them. */
  peek(table: TableName, bytes: number): SocketRow[] {
    const rows: SocketRow[] = []
    for (const text of this.#lines(table, bytes, bytes)) {
      const row = parseLine(text, table)?.row
      if (row) rows.push(row)
    }
    return rows
  }

  *#lines(table: TableName, firstBytes: number, maxBytes: number): Generator<string, void, undefined> {
    const file = openTable(table)
    if (file === null) return
    try {
      let rest = ''
      let left = maxBytes
      for (let size = firstBytes; left > 0; size = Math.max(rowBytes, size * 2)) {
        const length = readSync(file, this.#buffer, 0, Math.min(size, left, pageBytes), null)
        if (length === 0) return
        left -= length
        const lines = (rest + this.#buffer.toString('latin1', 0, length)).split('\n')
        rest = lines.pop() ?? ''
        yield* lines
      }
    } finally {
      closeSync(file)
    }
  }
}

/** A machine without IPv6 has no tcp6. */
function openTable(table: TableName): number | null {
  try {
    return openSync(`/proc/net/${table}`, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  }
}
