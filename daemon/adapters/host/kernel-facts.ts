import { endianness } from 'node:os'
import type { Clock } from '#base/clock.ts'
import { readBytes, readText } from './proc-files.ts'

/** Entry types of the auxiliary vector (getauxval(3)). */
const pageSizeEntry = 6
const clockTicksEntry = 17

/** What the kernel's numbers are counted in. */
export interface KernelFacts {
  readonly pageBytes: number
  readonly ticksPerSecond: number
  /** Wall clock at boot in milliseconds, as seen once: later clock changes do not move any process's start. */
  readonly bootedAt: number
}

export function readKernelFacts(clock: Clock): KernelFacts {
  const vector = auxiliaryVector()
  const uptime = Number(readText('/proc/uptime')?.split(' ')[0] ?? 0)
  return {
    pageBytes: vector.get(pageSizeEntry) ?? 4096,
    ticksPerSecond: vector.get(clockTicksEntry) ?? 100,
    bootedAt: clock.now() - uptime * 1000,
  }
}

/** What the kernel told this very process at its start: pairs of machine words. Closed to a process that changed its user. */
function auxiliaryVector(): Map<number, number> {
  const bytes = readBytes('/proc/self/auxv') ?? Buffer.alloc(0)
  const word = ['arm', 'ia32', 'mips', 'mipsel', 'ppc'].includes(process.arch) ? 4 : 8
  const low = endianness() === 'LE' ? 0 : word - 4
  const read = (at: number) =>
    endianness() === 'LE' ? bytes.readUInt32LE(at + low) : bytes.readUInt32BE(at + low)
  const vector = new Map<number, number>()
  for (let at = 0; at + 2 * word <= bytes.length; at += 2 * word) vector.set(read(at), read(at + word))
  return vector
}
