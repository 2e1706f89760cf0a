import { setTimeout as wait } from 'node:timers/promises'
import type { PortRow, StopResult } from '#contract/resources.ts'
import { isoTime, type Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Host, HostProcess } from '../../adapters/host/host.ts'
import type { Change } from '../../kernel/execute.ts'
import { bounded, commandLine } from './display.ts'
import { isForwarder } from './forwarder.ts'
import { Guard } from './guard.ts'

/** A process as the person was shown it. */
export interface Holder {
  readonly pid: number
  /** ISO 8601 UTC with milliseconds. */
  readonly startedAt: string
}

export interface StopDeps {
  readonly host: Host
  readonly clock: Clock
}

/** How long a process may take to end by itself, and the kernel to end it for good. */
const graceMs = 5000
const killMs = 2000
const pollMs = 20

/**
 * Stops exactly the holders that were shown. All are verified before the first signal.
 * @throws Failure `process-changed` when anybody else holds the port by now, `refused` with the reason,
 * `permission-denied` when a holder is somebody else's, `timeout` when one outlives SIGKILL.
 */
export async function freePort(
  deps: StopDeps,
  change: Change,
  asked: { readonly port: number; readonly rows: readonly PortRow[]; readonly shown: readonly Holder[] },
): Promise<readonly StopResult[]> {
  const { port, rows, shown } = asked
  const holding = new Set(rows.flatMap(({ pids }) => pids))
  const shownPids = new Set(shown.map(({ pid }) => pid))
  for (const pid of holding) {
    if (!shownPids.has(pid))
      throw new Failure('process-changed', `Port ${port} is by now also held by pid ${pid}`)
  }
  const targets = await verify(deps, shown)
  for (const { pid, process } of targets) {
    if (process && !holding.has(pid))
      throw new Failure('process-changed', `${nameOf(process)} no longer holds port ${port}`)
  }
  refuseContainers(port, rows, targets)
  const unseen = rows.find(({ pids, container }) => pids.length === 0 && container === null)
  if (unseen)
    throw new Failure(
      'permission-denied',
      `Port ${port} is held by a process of ${unseen.user ?? 'another user'} that we may not see`,
    )
  return stopAll(deps, change, targets, 'SIGTERM')
}

/** Stops one process. With `force` it gets SIGKILL at once. @throws as {@link freePort}. */
export async function stopProcess(
  deps: StopDeps,
  change: Change,
  shown: Holder,
  force: boolean,
): Promise<StopResult> {
  const targets = await verify(deps, [shown])
  const [target] = targets
  if (!target?.process) throw new Failure('process-changed', `Process ${shown.pid} has ended already`)
  const [result] = await stopAll(deps, change, targets, force ? 'SIGKILL' : 'SIGTERM')
  if (!result) throw new Error('One target gives one result')
  return result
}

interface Target {
  readonly pid: number
  /** Null when it has ended already. */
  readonly process: HostProcess | null
}

async function verify({ host }: StopDeps, shown: readonly Holder[]): Promise<readonly Target[]> {
  const guard = await Guard.of(host, process.pid)
  const targets = await Promise.all(
    shown.map(async ({ pid, startedAt }) => {
      const found = await host.process(pid)
      if (found && (found.startedAt === null || isoTime(found.startedAt) !== startedAt))
        throw new Failure('process-changed', `Pid ${pid} is another process by now: ${nameOf(found)}`)
      return { pid, process: found }
    }),
  )
  for (const target of targets) {
    if (!target.process) continue
    guard.check(target.process)
    refuseForeign(target.process)
  }
  return targets
}

/** Of several holders none may be stopped before it is known that all can be. */
function refuseForeign(target: HostProcess): void {
  const own = process.getuid?.()
  if (own === undefined || own === 0 || target.uid === null || target.uid === own) return
  throw new Failure(
    'permission-denied',
    `${nameOf(target)} belongs to ${target.user ?? `user ${target.uid}`}`,
  )
}

function refuseContainers(port: number, rows: readonly PortRow[], targets: readonly Target[]): void {
  for (const { container, pid } of rows) {
    if (!container) continue
    const holder = targets.find((target) => target.pid === pid)?.process
    if (holder && !isForwarder(holder)) continue
    throw new Failure(
      'refused',
      `Port ${port} is published by container ${container.name}; stop the container`,
      {
        hint: `Run \`quantum-admin containers stop ${container.name}\`.`,
      },
    )
  }
}

async function stopAll(
  deps: StopDeps,
  change: Change,
  targets: readonly Target[],
  first: 'SIGTERM' | 'SIGKILL',
): Promise<readonly StopResult[]> {
  const results = new Map<number, StopResult>()
  const note = () =>
    change.note({
      processes: targets.map(({ pid, process }) => ({
        pid,
        name: process ? bounded(process.name) : null,
        command: process ? commandLine(process.argv) : null,
        signal: results.get(pid)?.signal ?? null,
      })),
    })
  const signal = async (process: HostProcess, name: 'SIGTERM' | 'SIGKILL') => {
    const sent = await deps.host.signal(change, process, name)
    const before = results.get(process.pid)?.signal ?? null
    results.set(process.pid, { pid: process.pid, name: bounded(process.name), signal: sent ? name : before })
    note()
  }
  const running = targets.flatMap(({ process }) => (process ? [process] : []))
  for (const process of running) await signal(process, first)
  let left = await survivors(deps, change, running, first === 'SIGTERM' ? graceMs : killMs)
  if (first === 'SIGTERM' && left.length > 0) {
    for (const process of left) await signal(process, 'SIGKILL')
    left = await survivors(deps, change, left, killMs)
  }
  const [stuck] = left
  if (stuck)
    throw new Failure('timeout', `${nameOf(stuck)} has not ended after SIGKILL; the kernel is holding it`)
  return targets.map(({ pid }) => results.get(pid) ?? { pid, name: '', signal: null })
}

/** Waits for processes to end; answers those that have not when the time is up. */
async function survivors(
  { host, clock }: StopDeps,
  change: Change,
  processes: readonly HostProcess[],
  graceMs: number,
): Promise<readonly HostProcess[]> {
  const deadline = clock.monotonic() + graceMs
  let left = processes
  for (;;) {
    const alive = await Promise.all(left.map((process) => host.alive(process)))
    left = left.filter((_process, index) => alive[index])
    if (left.length === 0 || clock.monotonic() >= deadline) return left
    await wait(pollMs, undefined, { signal: change.signal })
  }
}

const nameOf = ({ name, pid }: HostProcess): string => `${name.slice(0, 100)} (pid ${pid})`
