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
    const folder = `/proc/${pid}/fd`
    const names = readFolder(folder)
    const sockets: number[] = []
    for (const name of names ?? []) {
      const path = `${folder}/${name}`
      const inode = socketInode(readLink(path))
      if (inode === null) continue
      sockets.push(inode, Number(name))
      if (!found.has(inode)) found.set(inode, { pid, path })
    }
    const start = this.#walked.get(pid)?.start ?? Number.NaN
    // Listing our own folder opens one file more.
    const count = names === null ? -1 : names.length - (pid === process.pid ? 1 : 0)
    this.#walked.set(pid, { count, sockets, scan, start })
    return found
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

function socketInode(link: string | null): number | null {
  // Most links are files: one comparison spares them the expression.
  if (link === null || link.charCodeAt(0) !== 115) return null
  const inode = socketLink.exec(link)?.[1]
  return inode === undefined ? null : Number(inode)
}

/** Whether a holder still has that very socket open. */
export const stillHolds = (holder: Holder, inode: number): boolean =>
  readLink(holder.path) === `socket:[${inode}]`
