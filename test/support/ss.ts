import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** One socket as `ss -tulnp` prints it. */
export interface SsSocket {
  readonly protocol: 'tcp' | 'udp'
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly port: number
  readonly dualStack: boolean
  /** In rising order. */
  readonly pids: readonly number[]
}

/** Everything that listens, as `ss` sees it at this moment. */
export async function ssSockets(): Promise<SsSocket[]> {
  const { stdout } = await run('ss', ['-H', '-tulnp'], { maxBuffer: 64 * 1024 * 1024 })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine)
}

/** `tcp LISTEN 0 511 [::1]:8080 [::]:* users:(("node",pid=7,fd=3))`; `*` is a socket of both families. */
function parseLine(line: string): SsSocket {
  const [protocol, , , , local = ''] = line.trim().split(/\s+/)
  const match = /^(.*):(\d+)$/.exec(local)
  const host = match?.[1]
  if ((protocol !== 'tcp' && protocol !== 'udp') || host === undefined) throw new Error(`ss printed: ${line}`)
  const dualStack = host === '*'
  const pids = [...line.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid))
  return {
    protocol,
    family: dualStack || host.startsWith('[') ? 'ipv6' : 'ipv4',
    address: dualStack ? '::' : host.replace(/^\[(.*)\]/, '$1'),
    port: Number(match?.[2]),
    dualStack,
    pids: [...new Set(pids)].sort((a, b) => a - b),
  }
}
