import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { CpuShare } from './cpu-share.ts'
import type { DiskCounters, MachineMeter, MachineUsage, NetworkCounters } from './machine.ts'
import { readText } from './proc-files.ts'

/** Reads /proc: a look takes about a millisecond. */
export class LinuxMachine implements MachineMeter {
  readonly #folder: string
  readonly #cpu = new CpuShare()

  /** @param folder - on the disk that is of interest. */
  constructor(folder: string) {
    this.#folder = folder
  }

  async look(): Promise<MachineUsage> {
    return {
      cpuPercent: this.#cpu.since(cpuTimes(readText('/proc/stat') ?? '')),
      memoryBytes: memoryUsed(readText('/proc/meminfo') ?? ''),
      load: loadavg()[0] ?? null,
      diskBytes: await diskUsed(this.#folder),
      disks: disksOf(readText('/proc/diskstats') ?? '', isDisk),
      networks: networksOf(readText('/proc/net/dev') ?? '', isDevice),
    }
  }
}

/** Bytes that are in use on the disk of a folder; null where that cannot be known. */
export async function diskUsed(folder: string): Promise<number | null> {
  const found = await statfs(folder).catch(() => null)
  return found === null ? null : (found.blocks - found.bfree) * found.bsize
}

/** Ticks of all cores together (proc_stat(5)): waiting for a disk is idle, guests are part of user. */
function cpuTimes(stat: string): { readonly busy: number; readonly all: number } {
  const [, user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, softIrq = 0, steal = 0] = stat
    .slice(0, stat.indexOf('\n'))
    .split(/ +/)
    .map(Number)
  const busy = user + nice + system + irq + softIrq + steal
  return { busy, all: busy + idle + wait }
}

/** Kernels before 3.14 do not say what is available. */
export function memoryUsed(meminfo: string): number | null {
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? Number.NaN)
  const used = (kibibytes('MemTotal') - kibibytes('MemAvailable')) * 1024
  return Number.isNaN(used) ? null : used
}

/** The kernel counts disks in sectors of 512 bytes, whatever theirs are (iostats.rst). */
const sector = 512

/** Disks that data lies on: what is made of others (LVM, RAID, loops) would be counted twice. */
export function disksOf(diskstats: string, isOwn: (name: string) => boolean): readonly DiskCounters[] {
  return diskstats.split('\n').flatMap((line) => {
    const [, , name = '', , , read, , , , written] = line.trim().split(/ +/)
    return name !== '' && isOwn(name)
      ? [{ name, read: Number(read) * sector, written: Number(written) * sector }]
      : []
  })
}

const isDisk = (name: string): boolean =>
  !/^(?:loop|ram|zram|dm-|md|sr|fd)\d/.test(name) && existsSync(`/sys/block/${name}`)

/** Devices; in a container, where there are none, all but the loopback. */
export function networksOf(dev: string, isOwn: (name: string) => boolean): readonly NetworkCounters[] {
  const all = dev.split('\n').flatMap((line) => {
    const [name = '', rest] = line.trim().split(/: */)
    const numbers = (rest ?? '').split(/ +/).map(Number)
    const [received = Number.NaN, sent = Number.NaN] = [numbers[0], numbers[8]]
    return Number.isNaN(received + sent) || name === 'lo' ? [] : [{ name, received, sent }]
  })
  const own = all.filter(({ name }) => isOwn(name))
  return own.length > 0 ? own : all
}

/** Bridges, pairs of containers and tunnels carry what a device carries as well. */
const isDevice = (name: string): boolean => existsSync(`/sys/class/net/${name}/device`)
