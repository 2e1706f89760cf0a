import { existsSync } from 'node:fs'
import { readFolder, readLink, readStat, readText } from './proc-files.ts'
import { parseStat } from './proc-stat.ts'

/** Open sockets of one process, as it was found at its last walk. */
interface Walked {
  /** How many files were open; -1 when we may not look. */
  readonly count: number
  /** Inode and file number by turns: a flat list, since there is one for every process of the machine. */
  readonly sockets: readonly number[]
  /** Number of the scan that walked it. */
  readonly scan: number
  /** Clock ticks since boot; read only for holders, NaN until then. */
  start: number
}

/** One process's copy of a socket. */
export interface Holder {
  readonly pid: number
  readonly path: string
}

const socketLink = /^socket:\[(\d+)\]$/

/** Remembers which process has which sockets open, and tells cheaply whether that may have changed. */
export class OpenSockets {
  readonly #walked = new Map<number, Walked>()
  // Since Linux 6.2 the size of /proc/PID/fd is the number of open files.
  readonly #counts = (readStat('/proc/self/fd')?.size ?? 0) > 0

  /** Walks the open files of one process. @returns the inode of every socket among them and where it is open. */
  walk(pid: number, scan: number): ReadonlyMap<number, Holder> {
    const found = new Map<number, Holder>()
    const sockets: number[] = []
    const note = (file: number, link: string) => {
      const inode = socketInode(link)
      if (inode === null) return
      sockets.push(inode, file)
      if (!found.has(inode)) found.set(inode, { pid, path: `/proc/${pid}/fd/${file}` })
    }
    const count = this.#readFiles(pid, note)
    const start = this.#walked.get(pid)?.start ?? Number.NaN
    this.#walked.set(pid, { count, sockets, scan, start })
    return found
  }

  /**
   * Calls `note` with every open file of a process. @returns how many there are, or -1 when we may not look.
   * Most processes use the lowest numbers without a gap: then it is enough to know how many, and as many links read
   * one after the other are all there are. That spares a fifth of the time; where there is a gap the folder is listed.
   */
  #readFiles(pid: number, note: (file: number, link: string) => void): number {
    const folder = `/proc/${pid}/fd`
    const count = this.#counts ? (readStat(folder)?.size ?? 0) : 0
    let next = 0
    if (count > 0 && existsSync(`${folder}/${count - 1}`))
      for (; next < count; next++) {
        const link = readLink(`${folder}/${next}`)
        if (link === null) break
        note(next, link)
      }
    if (next > 0 && next === count) return count
    const names = readFolder(folder)
    if (names === null) return -1
    for (const name of names) {
      if (Number(name) < next) continue
      const link = readLink(`${folder}/${name}`)
      if (link !== null) note(Number(name), link)
    }
    // Listing our own folder opens one file more.
    return names.length - (pid === process.pid ? 1 : 0)
  }

  /** How many files a walk of this process reads. */
  size(pid: number): number {
    return Math.max(0, this.#walked.get(pid)?.count ?? 0)
  }

  /** Whether it has been walked in this scan. */
  walkedIn(pid: number, scan: number): boolean {
    return this.#walked.get(pid)?.scan === scan
  }

  /** Whether it has opened or closed files since its last walk, as far as their number shows. */
  changed(pid: number): boolean {
    const walked = this.#walked.get(pid)
    if (walked === undefined) return true
    if (!this.#counts || walked.count < 0) return false
    return (readStat(`/proc/${pid}/fd`)?.size ?? 0) !== walked.count
  }

  /** Holders of these inodes as remembered from the last walks. */
  remembered(inodes: ReadonlySet<number>): Map<number, Holder[]> {
    const found = new Map<number, Holder[]>()
    for (const [pid, { sockets }] of this.#walked)
      for (let at = 0; at < sockets.length; at += 2) {
        const inode = sockets[at] ?? 0
        if (!inodes.has(inode)) continue
        const holder = { pid, path: `/proc/${pid}/fd/${sockets[at + 1]}` }
        const holders = found.get(inode)
        if (holders === undefined) found.set(inode, [holder])
        else if (holders.at(-1)?.pid !== pid) holders.push(holder)
      }
    return found
  }

  /** When a process started, in clock ticks since boot; infinite when it has ended. */
  startOf(pid: number): number {
    const walked = this.#walked.get(pid)
    if (walked !== undefined && !Number.isNaN(walked.start)) return walked.start
    const stat = parseStat(readText(`/proc/${pid}/stat`) ?? '')
    const start = stat === null ? Number.POSITIVE_INFINITY : Number(stat.startTicks)
    if (walked !== undefined) walked.start = start
    return start
  }

  forget(pid: number): void {
    this.#walked.delete(pid)
  }
}

function socketInode(link: string): number | null {
  // Most links are files: one comparison spares them the expression.
  if (link.charCodeAt(0) !== 115) return null
  const inode = socketLink.exec(link)?.[1]
  return inode === undefined ? null : Number(inode)
}

/** Whether a holder still has that very socket open. */
export const stillHolds = (holder: Holder, inode: number): boolean =>
  readLink(holder.path) === `socket:[${inode}]`
