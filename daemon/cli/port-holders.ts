import { homedir } from 'node:os'
import type { PortRow, PortWho, StopResult } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'
import { fields } from './table.ts'
import { fullTime, plural, shortPath } from './text.ts'

/** `ports who`: everything about a port's holders. */
export async function who(session: Session, port: number): Promise<void> {
  const { out } = session
  const answer = await session.query('ports.who', { port })
  if (out.json) return out.data(answer)
  if (answer.rows.length === 0) return out.line(`Nobody holds port ${port}.`)
  out.lines(describe(out, answer))
}

/** `ports free`: stops the holders that were shown, and only those. */
export async function free(session: Session, port: number): Promise<void> {
  const { out } = session
  const answer = await session.query('ports.who', { port })
  const holders = await identities(session, answer)
  const { stopped } = await session.command(
    'ports.free',
    { port, holders },
    {
      question: holders.length === 1 ? `Stop this process?` : `Stop these ${holders.length} processes?`,
      name: String(port),
      touches: describe(out, answer),
    },
  )
  if (out.json) return out.data({ stopped })
  out.lines(stopped.map(stopText))
  out.note(`Port ${port} is free.`)
}

/** What became of a process, in a sentence. */
export const stopText = ({ pid, name, signal }: StopResult): string => {
  const process = `${printable(name)} (pid ${pid})`
  if (signal === null) return `${process} had already ended.`
  return signal === 'SIGTERM'
    ? `${process} was stopped.`
    : `${process} did not stop by itself and was killed.`
}

/** Who would be stopped: each holder with the start time that makes its pid unmistakable. */
async function identities(session: Session, answer: PortWho): Promise<{ pid: number; startedAt: string }[]> {
  const pids = [...new Set(answer.rows.flatMap((row) => row.pids))]
  if (pids.length === 0) throw nobody(answer)
  const known = new Map(answer.rows.map((row) => [row.pid, row.startedAt]))
  const holders: { pid: number; startedAt: string }[] = []
  for (const pid of pids) {
    const startedAt = known.get(pid) ?? (await session.query('processes.show', { pid })).startedAt
    if (startedAt === null)
      throw new Failure('permission-denied', `When process ${pid} started is not visible to you`)
    holders.push({ pid, startedAt })
  }
  return holders
}

function nobody({ port, rows }: PortWho): Failure {
  const [row] = rows
  if (row === undefined) {
    return new Failure('not-found', `Nobody holds port ${port}`, {
      hint: '`quantum-admin ports list` shows what is open.',
    })
  }
  if (row.container !== null) {
    return new Failure('refused', `Port ${port} is published by the container ${row.container.name}`, {
      hint: `Stop the container: \`quantum-admin containers stop ${row.container.name}\`.`,
    })
  }
  return new Failure(
    'permission-denied',
    `Port ${port} is held by ${row.user ?? 'another user'}, whose processes are not visible to you`,
  )
}

/** The holders as a tree under their ancestors, and what belongs to them. */
function describe(out: Output, answer: PortWho): string[] {
  const lines: string[] = []
  for (const row of byHolder(answer.rows)) {
    const sockets = answer.rows.filter((other) => other.pid === row.pid).map(socket)
    lines.push(`${out.paint('bold', `Port ${answer.port}`)}  ${printable([...new Set(sockets)].join(', '))}`)
    lines.push(...tree(answer, row).map((line) => `  ${line}`))
    lines.push(...fields(out, facts(answer, row)).map((line) => `  ${line}`), '')
  }
  return lines.slice(0, -1)
}

/** One row for each holder; a holder often has a socket of each family. */
const byHolder = (rows: readonly PortRow[]): PortRow[] => [
  ...new Map(rows.map((row) => [row.pid, row])).values(),
]

const socket = (row: PortRow): string => {
  const address = row.dualStack ? '*' : row.family === 'ipv6' ? `[${row.address}]` : row.address
  return `${row.protocol} ${address}`
}

function tree({ ancestors }: PortWho, row: PortRow): string[] {
  if (row.pid === null)
    return [row.container === null ? 'a process that is not visible to you' : 'the container engine']
  const parents = ancestors.toReversed().map(({ pid, name }) => `${printable(name, 100)} (${pid})`)
  const others =
    row.pids.length > 1
      ? `, with ${plural(row.pids.length - 1, 'process', 'processes')} of the same socket`
      : ''
  const chain = [...parents, `${printable(row.process ?? '?', 100)} (${row.pid})${others}`]
  return chain.map((name, depth) => (depth === 0 ? name : `${'   '.repeat(depth - 1)}└─ ${name}`))
}

function facts({ worktree, audit }: PortWho, row: PortRow): (readonly [string, string])[] {
  const now = Date.now()
  return [
    ['Command', row.command ?? ''],
    ['Folder', shortPath(row.cwd, homedir())],
    ['Repository', worktree === null ? '' : worktree.repository],
    [
      'Worktree',
      worktree === null ? '' : `${shortPath(worktree.path, homedir())} on ${worktree.branch ?? 'no branch'}`,
    ],
    ['User', row.user ?? ''],
    ['Started', row.startedAt === null ? '' : fullTime(row.startedAt, now)],
    ['Container', row.container?.name ?? ''],
    ['App', row.app ?? ''],
    ['Lease', row.lease ?? ''],
    ['Started by', audit === null ? '' : `${audit.actor}, audit entry ${audit.sequence} (${audit.action})`],
  ]
}
