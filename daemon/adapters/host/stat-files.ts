import { closeSync, openSync, readSync } from 'node:fs'
import { systemCode } from '#base/failure.ts'
import { orNull, readText } from './proc-files.ts'

/** At most so many stay open, and never more than this share of the files this process may have open. */
const mostKept = 1024
const shareOfLimit = 4
/** They stay open between two looks of somebody who watches, and are given back when none follows. */
const keptMs = 10_000
/** Longer than the line can be: a name of 64 bytes and some fifty numbers. */
const lineBytes = 4096

/**
 * Reads /proc/PID/stat of many processes again and again through descriptors that stay open: opening and closing takes
 * as long as the reading. A descriptor is one process's for good: once that has ended, the kernel answers ESRCH even
 * when its number is another process's by then (proc(5) binds an open file to the process, not to the pid).
 */
export class StatFiles {
  readonly #kept = new Map<number, number>()
  readonly #line = Buffer.allocUnsafe(lineBytes)
  #most: number
  #idle: NodeJS.Timeout | undefined

  /** @param most - how many may stay open. */
  constructor(most = Math.min(mostKept, Math.floor(openFilesLimit() / shareOfLimit))) {
    this.#most = most
  }

  /** How many are open. */
  get size(): number {
    return this.#kept.size
  }

  /** The line of a process, or null when it is gone or closed to us. */
  read(pid: number): string | null {
    const kept = this.#kept.get(pid)
    if (kept === undefined) return this.#readFirst(pid)
    const line = this.#readOpen(kept)
    if (line !== null) return line
    this.#giveBack(pid, kept)
    return this.#readFirst(pid)
  }

  /** To be called after each round with the processes that were in it: gives back what belongs to others. */
  retain(pids: { has(pid: number): boolean }): void {
    for (const [pid, descriptor] of this.#kept) if (!pids.has(pid)) this.#giveBack(pid, descriptor)
    this.#idle ??= setTimeout(() => this.#giveAllBack(), keptMs).unref()
    this.#idle.refresh()
  }

  #readFirst(pid: number): string | null {
    const path = `/proc/${pid}/stat`
    if (this.#kept.size >= this.#most) return readText(path)
    try {
      const descriptor = orNull(() => openSync(path, 'r'))
      if (descriptor === null) return null
      this.#kept.set(pid, descriptor)
      return this.#readOpen(descriptor)
    } catch (error) {
      if (!outOfDescriptors.has(systemCode(error) ?? '')) throw error
      // Others need them more than we do, also at the next round.
      this.#most = Math.floor(this.#kept.size / 2)
      this.#giveAllBack()
      return readText(path)
    }
  }

  #readOpen(descriptor: number): string | null {
    const length = orNull(() => readSync(descriptor, this.#line, 0, lineBytes, 0))
    return length === null ? null : this.#line.toString('utf8', 0, length)
  }

  #giveBack(pid: number, descriptor: number): void {
    this.#kept.delete(pid)
    closeSync(descriptor)
  }

  #giveAllBack(): void {
    for (const [pid, descriptor] of this.#kept) this.#giveBack(pid, descriptor)
  }
}

const outOfDescriptors = new Set(['EMFILE', 'ENFILE'])

/** How many files this process may have open (getrlimit(2), RLIMIT_NOFILE, the soft one). */
const openFilesLimit = (): number =>
  Number(/^Max open files +(\d+)/m.exec(readText('/proc/self/limits') ?? '')?.[1] ?? 0)
