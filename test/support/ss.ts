import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { HostSocket } from '../../daemon/adapters/host/host.ts'

/** One row as `ss` tells it: `tcp LISTEN 0 511 [::1]:8080 [::]:* users:(("node",pid=7,fd=3))`; `pids` in rising order. */
export type SsRow = Omit<HostSocket, 'pids' | 'uid'> & { readonly pids: readonly number[] }

/** What `ss -tulnpe` says now. @throws when it cannot be run. */
export function askSs(): SsRow[] {
  const { status, stdout, error } = spawnSync('ss', ['-H', '-tulnpe'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error || status !== 0) throw new Error(`ss failed with status ${status}`, { cause: error })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(parseRow)
}

function parseRow(line: string): SsRow {
  const [protocol, , , , local = ''] = line.trim().split(/\s+/)
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`ss printed: ${line}`)
  const colon = local.lastIndexOf(':')
  const end = local.slice(0, colon)
  // A socket of both families.
  const dualStack = end === '*' || end.startsWith('*%')
  const address = end.replace('*', '::').replace(/[[\]]/g, '')
  const pids = [...line.matchAll(/pid=(\d+),fd=/g)].map(([, pid]) => Number(pid))
  return {
    protocol,
    family: address.includes(':') ? 'ipv6' : 'ipv4',
    address,
    port: Number(local.slice(colon + 1)),
    dualStack,
    pids: [...new Set(pids)].sort((a, b) => a - b),
  }
}

/** A socket as one line of text, to compare lists of them as sets. */
export const rowText = ({ protocol, family, address, port, dualStack, pids }: SsRow): string =>
  `${protocol} ${family} ${address} ${port} ${dualStack ? 'dual' : 'single'} ${[...pids].sort((a, b) => a - b).join(',')}`

/** When a process started, in clock ticks since boot. */
export function startTicks(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
}
