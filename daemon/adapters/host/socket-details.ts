import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Clock } from '#base/clock.ts'
import { readText } from './proc-files.ts'
import type { SocketRow } from './proc-net.ts'
import type { Slices } from './slices.ts'

const run = promisify(execFile)

/** What the kernel tells about a socket over netlink only. */
interface Detail {
  /** IPV6_V6ONLY; null where it was not told. */
  readonly v6Only: boolean | null
  /** The interface it is bound to (SO_BINDTODEVICE) or its link-local address belongs to. */
  readonly device: string | null
}

const unknown: Detail = { v6Only: null, device: null }

/** Absolute, so that nobody's PATH decides what the daemon runs. */
const places = ['/usr/bin/ss', '/usr/sbin/ss', '/bin/ss', '/sbin/ss', '/run/current-system/sw/bin/ss']
const ssTimeoutMs = 2000
const retryMs = 30_000

/** Where `ss` is on this machine, or null. */
export const findSs = (): string | null => places.find((path) => existsSync(path)) ?? null

/**
 * What /proc/net does not show: whether an IPv6 socket takes IPv4 too, and its interface. Node has no netlink, so `ss`
 * is asked, once for each new socket and never while nothing is new; a socket cannot change IPV6_V6ONLY once it is bound.
 *
 * Without `ss`, a `::` socket counts as dual-stack unless another socket has the same port on 0.0.0.0, which it would
 * exclude, or the system's default is IPv6 only (net.ipv6.bindv6only); the interface is not told then.
 */
export class SocketDetails {
  readonly #ss: string | null
  readonly #clock: Clock
  #known = new Map<number, Detail>()
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(deps: { readonly ss: string | null; readonly clock: Clock }) {
    this.#ss = deps.ss
    this.#clock = deps.clock
  }

  /** Learns about the sockets among these that are new. */
  async learn(rows: readonly SocketRow[], slices: Slices): Promise<void> {
    const inodes = new Set(rows.map((row) => row.inode))
    for (const inode of this.#known.keys()) if (!inodes.has(inode)) this.#known.delete(inode)
    if (rows.every((row) => this.#known.has(row.inode))) return
    const started = this.#clock.monotonic()
    if (this.#ss === null || started < this.#notBefore) return
    const told = await askSs(this.#ss)
    // The time it ran is the most it can have cost.
    slices.charge(this.#clock.monotonic() - started)
    if (told === null) {
      this.#notBefore = this.#clock.monotonic() + retryMs
      return
    }
    for (const inode of inodes)
      if (!this.#known.has(inode)) this.#known.set(inode, told.get(inode) ?? unknown)
  }

  /** The interface in an address's scope, or null. */
  device(row: SocketRow): string | null {
    return this.#known.get(row.inode)?.device ?? null
  }

  /** Whether an IPv6 socket takes IPv4 as well. @param rows - all sockets of the same moment. */
  dualStack(row: SocketRow, rows: readonly SocketRow[]): boolean {
    if (row.family !== 'ipv6' || row.address !== '::') return false
    const v6Only = this.#known.get(row.inode)?.v6Only ?? null
    return v6Only === null ? probablyDualStack(row, rows) : !v6Only
  }
}

/** Asks `ss` for all listening sockets; null when it cannot be run or fails. */
async function askSs(path: string): Promise<Map<number, Detail> | null> {
  try {
    const options = { timeout: ssTimeoutMs, maxBuffer: 64 * 1024 * 1024, env: { LC_ALL: 'C' } }
    const { stdout } = await run(path, ['-H', '-l', '-n', '-t', '-u', '-e'], options)
    return parseSs(stdout)
  } catch {
    // Why it failed does not matter: the fallback is documented, and it is tried again later.
    return null
  }
}

/** Reads `ss -Hlntue`: `udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* uid:101 ino:2201 sk:3 v6only:1 <->`. */
export function parseSs(text: string): Map<number, Detail> {
  const details = new Map<number, Detail>()
  for (const line of text.split('\n')) {
    const inode = / ino:(\d+)/.exec(line)?.[1]
    if (inode === undefined) continue
    const local = line.split(/\s+/)[4] ?? ''
    const v6Only = / v6only:([01])/.exec(line)?.[1]
    details.set(Number(inode), {
      v6Only: v6Only === undefined ? null : v6Only === '1',
      device: /%([^%]+):[^:]*$/.exec(local)?.[1] ?? null,
    })
  }
  return details
}

function probablyDualStack(row: SocketRow, rows: readonly SocketRow[]): boolean {
  const excluded = rows.some(
    (other) =>
      other.family === 'ipv4' &&
      other.protocol === row.protocol &&
      other.port === row.port &&
      other.address === '0.0.0.0',
  )
  return !excluded && readText('/proc/sys/net/ipv6/bindv6only')?.trim() !== '1'
}
