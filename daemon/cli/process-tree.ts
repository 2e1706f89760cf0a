import type { ProcessRow } from '#contract/resources.ts'

export interface TreeRow {
  readonly row: ProcessRow
  /** Lines of the tree in front of the name. */
  readonly branch: string
}

/** Children under their parents, siblings in the order given; a process whose parent is not listed is a root. */
export function orderedTree(rows: readonly ProcessRow[]): TreeRow[] {
  const pids = new Set(rows.map(({ pid }) => pid))
  const isRoot = (row: ProcessRow): boolean => row.ppid === row.pid || !pids.has(row.ppid)
  const children = Map.groupBy(
    rows.filter((row) => !isRoot(row)),
    ({ ppid }) => ppid,
  )
  const out: TreeRow[] = []
  const seen = new Set<number>()
  // Not recursive: a chain of a thousand shells must not end in a stack overflow.
  const stack = rows
    .filter(isRoot)
    .map((row) => ({ row, branch: '', below: '' }))
    .reverse()
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { row, branch, below } = next
    // A snapshot taken while pids are reused may hold a circle.
    if (seen.has(row.pid)) continue
    seen.add(row.pid)
    out.push({ row, branch })
    const own = children.get(row.pid) ?? []
    for (const [index, child] of [...own.entries()].reverse()) {
      const last = index === own.length - 1
      stack.push({
        row: child,
        branch: `${below}${last ? '└─ ' : '├─ '}`,
        below: `${below}${last ? '   ' : '│  '}`,
      })
    }
  }
  return out
}
