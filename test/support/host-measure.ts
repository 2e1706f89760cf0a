import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { processes as systemProcesses } from 'systeminformation'
import { systemClock } from '#base/clock.ts'
import { LinuxHost } from '../../daemon/adapters/host/linux-host.ts'
import { startCrowd } from './host-crowd.ts'

// Runs as a process of its own and prints what it measured as one line of JSON.
/** 500 processes with 20 files each, 2,000 ends of connections and 20 listeners among them. */
const crowd = { processes: 500, files: 20, connections: 4, listeners: 20 }
const turns = 15
/** A daemon has been scanning for long: its code is compiled. */
const warmTurns = 40
/** systeminformation takes seconds and answers from memory for 500 ms. */
const slowTurns = 5
const memoryMs = 510
const settleMs = 2500

export type Series = Record<'rescan' | 'cold' | 'ss' | 'list' | 'ps' | 'systeminformation', number[]>

const timed = async (into: number[], act: () => unknown): Promise<void> => {
  const started = performance.now()
  await act()
  into.push(performance.now() - started)
}

const run = (program: string, ...args: string[]): void => {
  const { status, error } = spawnSync(program, args, { maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) throw new Error(`${program} failed with status ${status}`, { cause: error })
}

/** KB of heap that a scanner keeps between scans: what is in use with it, less what is in use without it. */
async function heapKept(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const inUse = () => {
    gc()
    return process.memoryUsage().heapUsed / 1024
  }
  const hosts = [new LinuxHost({ clock: systemClock })]
  for (let scan = 0; scan < 5; scan++) {
    await hosts[0]?.sockets()
    await hosts[0]?.processes()
  }
  const kept = inUse()
  hosts.length = 0
  return kept - inUse()
}

/** Milliseconds of each run, and the heap that a scanner keeps. */
export interface Measured {
  readonly series: Series
  readonly heapKb: number
}

async function measure(): Promise<Measured> {
  const series: Series = { rescan: [], cold: [], ss: [], list: [], ps: [], systeminformation: [] }
  const heapKb = await heapKept()
  const host = new LinuxHost({ clock: systemClock })
  for (let warm = 0; warm < warmTurns; warm++) {
    await host.sockets()
    await host.processes()
  }
  for (let turn = 0; turn < turns; turn++) {
    await timed(series.ss, () => run('ss', '-tlnp'))
    await timed(series.cold, () => new LinuxHost({ clock: systemClock }).sockets())
    // Starting processes is what the programs beside us do; it is not part of a scan with nothing new.
    await host.sockets()
    await wait(150)
    for (let again = 0; again < 5; again++) await timed(series.rescan, () => host.sockets('quickly'))
    await timed(series.ps, () => run('ps', 'aux'))
    await timed(series.list, () => host.processes())
  }
  for (let turn = 0; turn < slowTurns; turn++) {
    await wait(memoryMs)
    await timed(series.systeminformation, () => systemProcesses())
    await timed(series.list, () => host.processes())
  }
  return { series, heapKb }
}

const others = await startCrowd(crowd)
try {
  // New processes are read anew for a while; most processes of a machine are not new.
  await wait(settleMs)
  console.log(JSON.stringify(await measure()))
} finally {
  await others.stop()
}
