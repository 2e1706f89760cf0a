import type { Clock } from '#base/clock.ts'
import { readText } from './proc-files.ts'
import { ProcNet, type Listing, type SocketRow, type TableName } from './proc-net.ts'

const tables = ['tcp', 'tcp6', 'udp', 'udp6'] as const satisfies readonly TableName[]

/** For so long a TCP table may be known without listing it to its end, in milliseconds: see {@link SocketTables}. */
const trustMs = 5000
/** Where sockets come and go all the time, a table is listed again at most so often. */
const maxListings = 5

interface Table extends Listing {
  readonly listedAt: number
}

/**
 * All listening and unconnected sockets of this network namespace.
 *
 * Listing a TCP table to its end costs milliseconds where there are no connections, because the kernel then walks its
 * whole connection table to find none. So it is not done while the kernel's own count of sockets equals the number of
 * listeners we know: then there are no connections, and all listeners but the last can be listed cheaply. If these are
 * known ones and the last was just seen open, nothing else can exist. If nobody we may see holds the last, it may have
 * been closed and another opened in its place, so the table is listed to its end: costly, but never an old picture.
 */
export class SocketTables {
  readonly #clock: Clock
  readonly #net = new ProcNet()
  readonly #last = new Map<TableName, Table>()
  #inUse: ReadonlyMap<TableName, number> = new Map()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param confirmed - inodes of sockets that were seen open in this scan. */
  read(confirmed: ReadonlySet<number>): SocketRow[] {
    const inUse = socketCounts()
    this.#inUse = inUse
    return tables.flatMap((name) => this.#table(name, inUse.get(name), confirmed))
  }

  /** Whether the kernel counts more or fewer sockets than at the last {@link read}. */
  stirred(): boolean {
    const inUse = socketCounts()
    return tables.some((name) => inUse.get(name) !== this.#inUse.get(name))
  }

  #table(name: TableName, inUse: number | undefined, confirmed: ReadonlySet<number>): readonly SocketRow[] {
    if (inUse === 0) {
      this.#last.delete(name)
      return []
    }
    const last = this.#last.get(name) ?? { rows: [], ends: [], listedAt: Number.NEGATIVE_INFINITY }
    const tcp = name.startsWith('tcp')
    if (tcp && inUse === last.rows.length && this.#unchanged(name, last, confirmed)) return last.rows
    let listing = this.#list(name, (last.ends.at(-1) ?? 0) + 1)
    // A listener that is gone though still open was hidden, or just stopped listening: look again.
    if (tcp && lost(last.rows, listing.rows, confirmed)) listing = this.#net.read(name, 1)
    const table = { ...withoutRepeats(listing), listedAt: this.#clock.monotonic() }
    this.#last.set(name, table)
    return table.rows
  }

  /**
   * Between two reads of one listing the kernel finds its place again by counting, and a socket closed meanwhile can
   * hide its neighbour. So a listing of several reads counts only when it lacks nothing that the one before it had.
   */
  #list(name: TableName, bytes: number): Listing {
    let asked = bytes
    let listing = this.#net.read(name, asked)
    for (let again = 0; again < maxListings && this.#net.tookSeveralReads(name, listing, asked); again++) {
      const before = listing
      asked = (before.ends.at(-1) ?? 0) + 1
      listing = this.#net.read(name, asked)
      const inodes = new Set(listing.rows.map((row) => row.inode))
      if (before.rows.every((row) => inodes.has(row.inode))) break
    }
    return listing
  }

  #unchanged(name: TableName, last: Table, confirmed: ReadonlySet<number>): boolean {
    const age = this.#clock.monotonic() - last.listedAt
    if (age > trustMs) return false
    const bytes = last.ends.at(-2)
    const seen = bytes === undefined ? [] : this.#net.peek(name, bytes)
    const unseen = new Map(last.rows.map((row) => [row.inode, row]))
    for (const row of seen) {
      const known = unseen.get(row.inode)
      if (known === undefined || known.port !== row.port || known.address !== row.address) return false
      unseen.delete(row.inode)
    }
    const [rest, more] = unseen.keys()
    return rest !== undefined && more === undefined && confirmed.has(rest)
  }
}

function lost(
  before: readonly SocketRow[],
  now: readonly SocketRow[],
  confirmed: ReadonlySet<number>,
): boolean {
  const inodes = new Set(now.map((row) => row.inode))
  return before.some((row) => confirmed.has(row.inode) && !inodes.has(row.inode))
}

/** The kernel may list a socket twice when the listing takes more than one read. */
function withoutRepeats(listing: Listing): Listing {
  const seen = new Set<number>()
  const first = listing.rows.map((row) => {
    if (row.inode === 0) return true
    const isFirst = !seen.has(row.inode)
    seen.add(row.inode)
    return isFirst
  })
  return {
    rows: listing.rows.filter((_, at) => first[at]),
    ends: listing.ends.filter((_, at) => first[at]),
  }
}

/** How many sockets of each table the kernel counts, connections included (/proc/net/sockstat, sockstat6). */
function socketCounts(): Map<TableName, number> {
  const counts = new Map<TableName, number>()
  const text = `${readText('/proc/net/sockstat') ?? ''}\n${readText('/proc/net/sockstat6') ?? ''}`
  for (const [, name = '', count] of text.matchAll(/^(TCP6?|UDP6?): inuse (\d+)/gm))
    counts.set(name.toLowerCase() as TableName, Number(count))
  return counts
}
