import { OpenSockets, stillHolds, type Holder } from './open-sockets.ts'
import { readText } from './proc-files.ts'
import { parseStat } from './proc-stat.ts'
import type { Census } from './process-census.ts'
import type { Slices } from './slices.ts'

/** What one socket's holders are, by pid. */
type Holders = Map<number, Holder>

/** When to ask everybody again for the holder of a socket. */
interface Orphan {
  readonly retryAt: number
  readonly wait: number
}

/**
 * A socket that was just being handed over has a holder by the next scan; another user's never has. A search for the
 * holder walks every process, so it comes after 1 scan, then after so many times as many, up to the longest wait.
 */
const waitGrowth = 8
const longestWait = 1024

/** Each scan checks so many processes for a changed number of open files, and walks about so many files again. */
const checksPerScan = 8
const filesPerScan = 4
/** More files than this a close look does not read for what is merely likely; it takes some 4 us for each. */
const mostFilesClosely = 5000

/** What a scan knows and how it goes about it. */
interface Update {
  readonly census: Census
  /** Every process there is. */
  readonly pids: ReadonlySet<number>
  readonly slices: Slices
  /** Whether processes related to holders are walked though the number of their files is as it was. */
  readonly closely: boolean
}

/**
 * Knows which processes hold which listening socket, without walking every process each time.
 *
 * Exact at each scan: sockets that are new, and holders that began by starting (fork), that ended, or that closed
 * their copy. A process that was there before and is handed a copy of a known socket (SCM_RIGHTS) is found at once when
 * it is the parent or child of a holder and either the look is a close one or the process has another number of files
 * open than before; else by the rolling check, in the end after (files of the machine / {@link filesPerScan}) scans.
 */
export class SocketOwners {
  readonly #open = new OpenSockets()
  #held = new Map<number, Holders>()
  /** Sockets of which nobody we may see is a holder, though all were asked: seldom worth a full walk again. */
  #orphans = new Map<number, Orphan>()
  readonly #relatives = new Map<number, readonly number[]>()
  /** Processes whose remembered sockets proved wrong. */
  #suspects = new Set<number>()
  #toCheck: number[] = []
  #toWalk: number[] = []
  #credit = 0
  #scan = 0

  /** Begins a scan: looks whether each known holder still has its socket. @returns the inodes seen open. */
  confirm(): ReadonlySet<number> {
    const confirmed = new Set<number>()
    for (const [inode, holders] of this.#held)
      for (const [pid, holder] of holders) {
        if (stillHolds(holder, inode)) confirmed.add(inode)
        else {
          holders.delete(pid)
          this.#suspects.add(pid)
        }
      }
    return confirmed
  }

  /**
   * Brings the holders of these sockets up to date.
   * @returns the sockets that nobody was found to hold, and that were not given up before: worth another try at once.
   */
  async update(
    inodes: ReadonlySet<number>,
    { census, pids, slices, closely }: Update,
  ): Promise<ReadonlySet<number>> {
    // Whoever was walked before these sockets were listed may have opened one since: nobody is spared again.
    this.#scan++
    this.#forget(inodes, census)
    const missing = new Set<number>()
    for (const inode of inodes)
      if ((this.#held.get(inode)?.size ?? 0) === 0) {
        this.#held.set(inode, new Map())
        if ((this.#orphans.get(inode)?.retryAt ?? 0) <= this.#scan) missing.add(inode)
      }
    await this.#walkAll([...census.fresh, ...this.#suspects], slices)
    this.#suspects = new Set()
    await this.#walkAll(this.#relatedToWalk(closely), slices)
    await this.#walkAll(this.#rollingStep(pids), slices)
    if (missing.size > 0) await this.#search(missing, pids, slices)
    // At the first scan everything is new and nothing is noted yet.
    this.#relate(this.#relatives.size === 0 ? [] : census.fresh)
    const unheld = this.#unheld(missing)
    for (const inode of missing) if (!unheld.has(inode)) this.#orphans.delete(inode)
    const hopeless = new Set([...unheld].filter((inode) => this.#orphans.has(inode)))
    this.giveUp(hopeless)
    return new Set([...unheld].filter((inode) => !hopeless.has(inode)))
  }

  /** Gives up, for longer each time, on sockets whose holders we are most likely not allowed to see. */
  giveUp(inodes: ReadonlySet<number>): void {
    for (const inode of inodes) {
      const wait = Math.min(longestWait, (this.#orphans.get(inode)?.wait ?? 1 / waitGrowth) * waitGrowth)
      this.#orphans.set(inode, { retryAt: this.#scan + wait, wait })
    }
  }

  /** The holders of a socket, the one that started first in front, equals by pid. */
  pids(inode: number): number[] {
    const holders = this.#held.get(inode)
    if (holders === undefined) return []
    if (holders.size < 2) return [...holders.keys()]
    return [...holders.keys()].sort((a, b) => this.#open.startOf(a) - this.#open.startOf(b) || a - b)
  }

  /** Finds every holder of sockets that nobody was known to hold. */
  async #search(missing: ReadonlySet<number>, pids: ReadonlySet<number>, slices: Slices): Promise<void> {
    // A socket may have been opened long before it listens: then the last walk has seen it already.
    for (const [inode, holders] of this.#open.remembered(missing))
      for (const holder of holders) {
        if (stillHolds(holder, inode)) this.#held.get(inode)?.set(holder.pid, holder)
        else this.#suspects.add(holder.pid)
      }
    const newestFirst = [...pids].reverse()
    await this.#walkAll(
      newestFirst.filter((pid) => this.#mayHaveChanged(pid)),
      slices,
    )
    // One file closed and another opened leaves their number as it was: only a full walk tells.
    for (const pid of newestFirst) {
      if (this.#unheld(missing).size === 0) return
      await this.#walkAll([pid], slices)
    }
  }

  #mayHaveChanged(pid: number): boolean {
    return !this.#open.walkedIn(pid, this.#scan) && this.#open.changed(pid)
  }

  async #walkAll(pids: Iterable<number>, slices: Slices): Promise<void> {
    for (const pid of pids) {
      if (this.#open.walkedIn(pid, this.#scan)) continue
      for (const [inode, holder] of this.#open.walk(pid, this.#scan)) this.#held.get(inode)?.set(pid, holder)
      if (slices.due) await slices.pause()
    }
  }

  #unheld(inodes: ReadonlySet<number>): Set<number> {
    return new Set([...inodes].filter((inode) => (this.#held.get(inode)?.size ?? 0) === 0))
  }

  #forget(inodes: ReadonlySet<number>, census: Census): void {
    for (const pid of [...census.gone, ...census.fresh]) {
      this.#open.forget(pid)
      this.#suspects.delete(pid)
      this.#relatives.delete(pid)
      for (const holders of this.#held.values()) holders.delete(pid)
    }
    for (const inode of this.#held.keys()) if (!inodes.has(inode)) this.#held.delete(inode)
    for (const inode of this.#orphans.keys()) if (!inodes.has(inode)) this.#orphans.delete(inode)
  }

  /** Which of the related are walked again: all in a close look, else those that have more or fewer files open. */
  #relatedToWalk(closely: boolean): readonly number[] {
    const related = [...this.#related()]
    const files = related.reduce((sum, pid) => sum + this.#open.size(pid), 0)
    return closely && files <= mostFilesClosely ? related : related.filter((pid) => this.#mayHaveChanged(pid))
  }

  /** The processes that a holder most likely hands its socket to, holders included. */
  #related(): Set<number> {
    const related = new Set<number>()
    for (const [pid, others] of this.#relatives) {
      related.add(pid)
      for (const other of others) related.add(other)
    }
    return related
  }

  /** Notes parent and children of each holder; again when one of them has a new child. */
  #relate(fresh: readonly number[]): void {
    for (const pid of fresh) this.#relatives.delete(parentOf(pid))
    const holders = new Set([...this.#held.values()].flatMap((held) => [...held.keys()]))
    for (const pid of this.#relatives.keys()) if (!holders.has(pid)) this.#relatives.delete(pid)
    for (const pid of holders) if (!this.#relatives.has(pid)) this.#relatives.set(pid, relativesOf(pid))
  }

  /** The next few processes if their number of open files changed, and one more if it is due. */
  #rollingStep(pids: ReadonlySet<number>): number[] {
    if (this.#toCheck.length === 0) this.#toCheck = [...pids]
    if (this.#toWalk.length === 0) this.#toWalk = [...pids]
    const walks = this.#toCheck.splice(-checksPerScan).filter((pid) => this.#mayHaveChanged(pid))
    this.#credit += filesPerScan
    const next = this.#toWalk.at(-1)
    if (next !== undefined && this.#credit >= this.#open.size(next)) {
      this.#credit = Math.max(0, this.#credit - this.#open.size(next))
      this.#toWalk.pop()
      walks.push(next)
    }
    return walks.filter((pid) => pids.has(pid))
  }
}

const parentOf = (pid: number): number => parseStat(readText(`/proc/${pid}/stat`) ?? '')?.ppid ?? 0

function relativesOf(pid: number): readonly number[] {
  const children = readText(`/proc/${pid}/task/${pid}/children`)?.trim().split(' ') ?? []
  return [parentOf(pid), ...children.map(Number)].filter((other) => other > 1)
}
