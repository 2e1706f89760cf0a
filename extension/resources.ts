import type { ContainerRow, PortRow, ProcessRow } from '#contract/resources.ts'

/** Sockets of one port that one holder has open, shown as one: IPv4 and IPv6, or several addresses. */
export interface PortHolding {
  readonly id: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly rows: readonly PortRow[]
  /** The row that knows most. */
  readonly row: PortRow
}

/** Groups sockets by port, protocol and holder, lowest port first. */
export function portHoldings(rows: readonly PortRow[]): readonly PortHolding[] {
  const groups = new Map<string, PortRow[]>()
  for (const row of rows) {
    const id = `${row.port}/${row.protocol}/${row.pid ?? row.container?.id ?? ''}`
    const group = groups.get(id)
    if (group === undefined) groups.set(id, [row])
    else group.push(row)
  }
  return [...groups]
    .flatMap(([id, group]) => {
      const row = group.find((one) => one.container !== null || one.lease !== null) ?? group[0]
      return row === undefined ? [] : [{ id, protocol: row.protocol, port: row.port, rows: group, row }]
    })
    .sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol) || a.id.localeCompare(b.id))
}

/** Processes by parent. A process whose parent is not on the list stands at the top. */
export interface ProcessTree {
  readonly roots: readonly ProcessRow[]
  childrenOf(pid: number): readonly ProcessRow[]
}

export function processTree(rows: readonly ProcessRow[]): ProcessTree {
  const pids = new Set(rows.map((row) => row.pid))
  const children = new Map<number, ProcessRow[]>()
  const roots: ProcessRow[] = []
  for (const row of rows) {
    // A process that claims to be its own parent would never be reached from a root.
    if (row.ppid === row.pid || !pids.has(row.ppid)) {
      roots.push(row)
      continue
    }
    const siblings = children.get(row.ppid)
    if (siblings === undefined) children.set(row.ppid, [row])
    else siblings.push(row)
  }
  return { roots, childrenOf: (pid) => children.get(pid) ?? [] }
}

/**
 * Sorts what a developer looks for to the top: processes of the Quantum framework, then what listens, then the
 * newest; kernel threads, which have no command, come last.
 */
export function byInterest(a: ProcessRow, b: ProcessRow): number {
  const rank = (row: ProcessRow): number => {
    if (row.kind === 'quantum') return 0
    if (row.ports.length > 0) return 1
    return row.command === null || row.command === '' ? 3 : 2
  }
  return rank(a) - rank(b) || b.pid - a.pid
}

/** Whether every word of the filter is found somewhere; case does not matter, and no filter finds all. */
export function matches(filter: string, fields: readonly (string | number | null | undefined)[]): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const text = fields
    .filter((field) => field !== null && field !== undefined)
    .join('\n')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}

export const portFields = ({ rows, row, port, protocol }: PortHolding) => [
  `:${port}`,
  protocol,
  ...rows.map((one) => one.address),
  row.process,
  row.command,
  row.cwd,
  row.user,
  ...row.pids,
  row.container?.name,
  row.app,
  row.lease,
]

export const processFields = (row: ProcessRow) => [
  row.pid,
  row.name,
  row.command,
  row.cwd,
  row.user,
  row.container?.name,
  row.app,
  row.kind,
  ...row.ports.map((port) => `:${port}`),
]

export const containerFields = (row: ContainerRow) => [
  row.id,
  row.name,
  row.image,
  row.state,
  row.health,
  row.app,
  ...row.ports.map((port) => `:${port.hostPort}`),
]
