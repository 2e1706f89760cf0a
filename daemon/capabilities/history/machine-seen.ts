import type { AppExit } from '#contract/apps.ts'
import type { ContainerRow, PortRow } from '#contract/resources.ts'
import { redactText } from '#base/redact.ts'
import type { Seen } from './seen.ts'

/** Who listens where, as far as it tells one listener from another. */
export interface Listener {
  readonly port: number
  readonly pid: number | null
  readonly process: string
  readonly command: string | null
  readonly app: string | null
  /** Milliseconds since the epoch; null when it is not known. */
  readonly startedAt: number | null
}

const longest = 120

/** One for each port and holder. Containers are told of as such. */
export function listenersOf(rows: readonly PortRow[]): ReadonlyMap<string, Listener> {
  const found = new Map<string, Listener>()
  // Of one that is only just starting or ending nobody knows yet whose it is; a port that is leased is known, and so is
  // whose the other ports of its process are.
  const owners = new Map(
    rows.flatMap(({ pid, app, lease }) => (app === null && lease === null ? [] : [[pid, app ?? lease]])),
  )
  for (const { protocol, port, pid, process, command, app, lease, startedAt, container } of rows)
    // A process that was seen and has no name has ended while it was looked at, or was only just made.
    if (protocol === 'tcp' && container === null && (pid === null || process !== null))
      found.set(`${port} ${pid ?? ''}`, {
        port,
        pid,
        process: process ?? 'a process',
        command: command === null ? null : redactText(command.replace(/\s+/g, ' ')).slice(0, longest),
        app: app ?? lease ?? (pid === null ? null : (owners.get(pid) ?? null)),
        startedAt: startedAt === null ? null : Date.parse(startedAt),
      })
  return found
}

interface Span {
  /** When each of the looks was. */
  readonly before: number
  readonly now: number
}

/** Who has begun or ceased to listen between two looks. */
export function listenersSeen(
  before: ReadonlyMap<string, Listener>,
  now: ReadonlyMap<string, Listener>,
  span: Span,
): readonly Seen[] {
  const ended = [...before]
    .filter(([key]) => !now.has(key))
    .map(([, one]) => listenerSeen(one, 'ended', span))
  const started = [...now]
    .filter(([key]) => !before.has(key))
    .map(([, one]) => listenerSeen(one, 'started', span))
  return [...ended, ...started]
}

function listenerSeen(one: Listener, turn: 'started' | 'ended', { before, now }: Span): Seen {
  const { port, pid, process, command, app, startedAt } = one
  const who = `${process}${pid === null ? '' : ` (pid ${pid})`}`
  // Who has only just been started began to listen after that.
  const after = turn === 'started' && startedAt !== null && startedAt > before ? startedAt : before
  return {
    key: `port ${port} ${pid} ${turn} ${now}`,
    kind: 'port',
    turn,
    at: now,
    after: Math.min(after, now),
    app,
    title: turn === 'ended' ? `${who} no longer listens on port ${port}` : `${who} listens on port ${port}`,
    detail: command,
    file: null,
    line: null,
    names: [String(port), process, ...(app === null ? [] : [app]), ...(pid === null ? [] : [`pid ${pid}`])],
  }
}

/** The newest run of an app. */
export interface EndedRun {
  readonly app: string
  readonly run: string
  /** Another one whenever something becomes of it. */
  readonly state: string
  readonly exit: AppExit | null
  /** Whether somebody wants it to run: then it ended by itself. */
  readonly isWanted: boolean
  readonly port: number | null
}

export function endSeen({ app, run, exit, isWanted, port }: EndedRun): Seen | null {
  if (exit === null || !isWanted) return null
  const at = Date.parse(exit.at)
  return {
    key: `end ${app} ${run}`,
    kind: 'end',
    turn: 'ended',
    at,
    after: null,
    app,
    title: `${app} ended by itself`,
    detail: exit.reason,
    file: null,
    line: null,
    names: [app, ...(port === null ? [] : [String(port)]), ...(exit.signal === null ? [] : [exit.signal])],
  }
}

/** Containers that began or ceased to run, or became unhealthy. */
export function containersSeen(
  before: readonly ContainerRow[],
  now: readonly ContainerRow[],
  span: Span,
): readonly Seen[] {
  const was = new Map(before.map((row) => [row.id, row]))
  const is = new Map(now.map((row) => [row.id, row]))
  const gone = before.filter(({ id, state }) => !is.has(id) && state === 'running')
  return [
    ...gone.map((row) => containerSeen(row, 'ended', 'was removed', span)),
    ...now.flatMap((row) => {
      const old = was.get(row.id)
      const [ran, runs] = [old?.state === 'running', row.state === 'running']
      if (ran && !runs) return [containerSeen(row, 'ended', `is ${row.state}`, span)]
      if (!ran && runs) return [containerSeen(row, 'started', 'was started', span)]
      const isIll = row.health === 'unhealthy' && old?.health !== 'unhealthy'
      return isIll ? [containerSeen(row, 'ended', 'is unhealthy', span)] : []
    }),
  ]
}

function containerSeen(
  row: ContainerRow,
  turn: 'started' | 'ended',
  words: string,
  { before, now }: Span,
): Seen {
  const service = row.labels['com.docker.compose.service']
  return {
    key: `container ${row.id} ${turn} ${now}`,
    kind: 'container',
    turn,
    at: now,
    after: before,
    app: row.app,
    title: `Container ${row.name} ${words}`,
    detail: `${row.image}, ${row.status}`,
    file: null,
    line: null,
    names: [
      row.name,
      ...(service === undefined ? [] : [service]),
      ...row.ports.map(({ hostPort }) => String(hostPort)),
      ...(row.app === null ? [] : [row.app]),
    ],
  }
}
