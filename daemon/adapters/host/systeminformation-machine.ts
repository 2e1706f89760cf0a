import { cpus, loadavg } from 'node:os'
import type { Clock } from '#base/clock.ts'
import { CpuShare } from './cpu-share.ts'
import { diskUsed } from './linux-machine.ts'
import type { MachineMeter, MachineUsage } from './machine.ts'

/** What starts programs of the system is asked for no more often than this. */
const slowMs = 55_000

/** macOS and Windows. What Node.js cannot tell is told by programs of the system, which take some 100 ms. */
export class SystemInformationMachine implements MachineMeter {
  readonly #folder: string
  readonly #clock: Clock
  readonly #cpu = new CpuShare()
  #slowAt = Number.NEGATIVE_INFINITY

  /** @param folder - on the disk that is of interest. */
  constructor(folder: string, clock: Clock) {
    this.#folder = folder
    this.#clock = clock
  }

  async look(): Promise<MachineUsage> {
    const { mem } = await import('systeminformation')
    const { total, available } = await mem()
    return {
      cpuPercent: this.#cpu.since(cpuTimes()),
      memoryBytes: total - available,
      // Windows has none, and Node.js says zero there.
      load: process.platform === 'win32' ? null : (loadavg()[0] ?? null),
      diskBytes: await diskUsed(this.#folder),
      ...(await this.#counters()),
    }
  }

  async #counters(): Promise<Pick<MachineUsage, 'disks' | 'networks'>> {
    const now = this.#clock.monotonic()
    if (now - this.#slowAt < slowMs) return { disks: null, networks: null }
    this.#slowAt = now
    const { fsStats, networkStats } = await import('systeminformation')
    // All disks together, and nothing where the system does not count.
    const disk = (await fsStats()) as { readonly rx: number; readonly wx: number } | null
    const networks = (await networkStats('*')).filter(({ iface }) => !/^lo\d*$|loopback/i.test(iface))
    return {
      disks: disk === null ? null : [{ name: 'all', read: disk.rx, written: disk.wx }],
      networks: networks.map(({ iface, rx_bytes, tx_bytes }) => ({
        name: iface,
        received: rx_bytes,
        sent: tx_bytes,
      })),
    }
  }
}

function cpuTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    all += used + times.idle
  }
  return { busy, all }
}
