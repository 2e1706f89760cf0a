import { spawnSync, type SpawnSyncOptionsWithStringEncoding } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Measured, Series } from '../support/host-measure.ts'
import { median, type Bench, type BenchRow } from './bench.ts'

const program = fileURLToPath(new URL('../support/host-measure.ts', import.meta.url))

// Where the time goes (CPU profile, quiet machine): of the process list most is the kernel writing /proc/PID/stat
// (4.9 us each through a descriptor kept open, 10.6 with opening and closing it); of the cold scan three quarters are
// readlink(2) of open files, which ss does as well; of the rescan a third is the kernel walking its hash table of
// listeners twice, the rest one readlink(2) per holder and one stat(2) per relative of one.

/** Our own pids and network, so that nobody else's processes and sockets come and go while it is measured. */
const apart = [
  '--net',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  'ip link set lo up && exec "$@"',
  'sh',
]

/** Whether we may make namespaces here; without, the machine's other processes are part of what is measured. */
const mayStandApart = (): boolean => spawnSync('unshare', [...apart, 'true']).status === 0

function measure(): Measured {
  const options: SpawnSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }
  const { status, stdout, error } = mayStandApart()
    ? spawnSync('unshare', [...apart, process.execPath, program], options)
    : spawnSync(process.execPath, [program], options)
  if (status !== 0) throw new Error(`Measuring failed with status ${status}`, { cause: error })
  // The line above is from our own program.
  return JSON.parse(stdout) as Measured
}

export const bench: Bench = () => {
  const { series, heapKb } = measure()
  console.log(`ports: memory kept by the scanner: ${heapKb.toFixed(0)} KB of heap`)
  const row = (
    what: string,
    ours: keyof Series,
    name: string,
    peer: keyof Series,
    rule: Pick<BenchRow, 'ratio' | 'goal'>,
  ): BenchRow => ({
    what,
    unit: 'ms',
    ours: median(series[ours]),
    peer: { name, value: median(series[peer]) },
    ...rule,
  })
  const faster = (goal: number) => ({ ratio: 'peer-over-ours' as const, goal })
  return Promise.resolve([
    row('unchanged rescan', 'rescan', 'ss -tlnp', 'ss', faster(100)),
    row('cold scan', 'cold', 'ss -tlnp', 'ss', { ratio: 'ours-over-peer', goal: 1 }),
    row('process list', 'list', 'ps aux', 'ps', faster(4)),
    row('process list', 'list', 'systeminformation', 'systeminformation', faster(50)),
  ])
}
