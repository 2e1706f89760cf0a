import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '#base/clock.ts'
import { Failure } from '#base/failure.ts'
import type { Host, HostProcess, ProcessIdentity } from '../../adapters/host/host.ts'
import type { Programs } from '../../adapters/process/programs.ts'
import type { Change } from '../../kernel/execute.ts'
import type { RunProcesses } from './run-processes.ts'

export interface StopRunDeps {
  readonly host: Host
  readonly programs: Programs
  readonly processes: RunProcesses
  readonly clock: Clock
  readonly graceMs: number
}

/** A run to be ended, and what it is called where it does not end. */
export interface RunToStop {
  readonly stored: { readonly app: string; readonly run: string; readonly pid: number | null }
  readonly leader: ProcessIdentity | null
}

/** How long the kernel may take to end it for good. */
const killMs = 5000
const pollMs = 25

/**
 * Ends every process of a run: SIGTERM to its whole group, and to those that left the group; SIGKILL to who is left
 * after the grace. Each is verified just before its signal.
 * @returns whether any had to be killed. @throws Failure `timeout` when one outlives SIGKILL.
 */
export async function stopAll(deps: StopRunDeps, change: Change, run: RunToStop): Promise<boolean> {
  if (await ended(deps, change, run, 'SIGTERM', deps.graceMs)) return false
  if (await ended(deps, change, run, 'SIGKILL', killMs)) return true
  throw new Failure('timeout', `${run.stored.app} has not ended after SIGKILL; the kernel is holding it`)
}

/** Signals all there are, and all that appear meanwhile. @returns whether none is left when the time is up. */
async function ended(
  { host, programs, processes, clock }: StopRunDeps,
  change: Change,
  { stored, leader }: RunToStop,
  signal: 'SIGTERM' | 'SIGKILL',
  patienceMs: number,
): Promise<boolean> {
  const deadline = clock.monotonic() + patienceMs
  const signalled = new Set<string>()
  const ledBy = leader !== null && leader.pid === stored.pid && (await host.alive(leader)) ? leader.pid : null
  // One signal for all at once, so that none sees another one go first and starts it anew.
  const grouped = ledBy !== null && programs.signalGroup(change, ledBy, signal)
  for (;;) {
    const living = (await processes.of(new Map([[stored.run, leader?.pid ?? null]]))).get(stored.run) ?? []
    if (living.length === 0) return true
    for (const one of living) {
      const key = `${one.pid} ${one.startKey}`
      // A second SIGTERM tells many programs to drop what they are finishing.
      const reached = grouped && signal === 'SIGTERM' && one.group === ledBy
      if (signalled.has(key) || reached) continue
      if (await signalOne(host, change, one, signal)) signalled.add(key)
    }
    await untilEnded(host, living, clock, deadline)
    if (clock.monotonic() >= deadline) return false
  }
}

/** @returns false when it has become another program meanwhile, and is to be looked at again. */
async function signalOne(
  host: Host,
  change: Change,
  target: HostProcess,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<boolean> {
  try {
    await host.signal(change, target, signal)
    return true
  } catch (error) {
    if (error instanceof Failure && error.code === 'process-changed') return false
    throw error
  }
}

async function untilEnded(
  host: Host,
  processes: readonly HostProcess[],
  clock: Clock,
  deadline: number,
): Promise<void> {
  let left = processes
  while (left.length > 0 && clock.monotonic() < deadline) {
    const alive = await Promise.all(left.map((process) => host.alive(process)))
    left = left.filter((_process, index) => alive[index])
    if (left.length > 0) await wait(pollMs)
  }
}
