import type { LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { isForbiddenAddress, isForbiddenName } from '#base/forbidden-address.ts'
import { AddressRefused, lookupGuarded } from '#base/guarded-lookup.ts'

/** A host as the URL parser writes it, so that an address is one in all its spellings. Without brackets. */
export function canonicalHost(host: string): string {
  const parsed = URL.parse(`http://${host.includes(':') ? `[${host}]` : host}/`)
  return (parsed?.hostname ?? host).replace(/^\[|\]$/g, '')
}

/** @throws AddressRefused for an address that needs no look-up, and for names of a cloud. */
export function refuseForbidden(host: string): void {
  const plain = host.replace(/^\[|\]$/g, '')
  if (isForbiddenName(plain) || (isIP(plain) !== 0 && isForbiddenAddress(plain)))
    throw new AddressRefused(host)
}

/**
 * So many look-ups at once: the system's own take a thread each, of four that files are read by as well, and one of a
 * dead name server takes its time.
 */
const mostLookups = 2
/** What a name led to is good for so long where nobody can be asked now, in milliseconds; of so many names. */
const keptMs = 5 * 60_000
const mostKept = 10_000

type Found = readonly LookupAddress[]

/**
 * Looks names up and refuses what they lead to where that is forbidden. The connection goes to the very addresses that
 * were judged: what is looked up twice could be another one the second time.
 */
export class SharedLookup {
  readonly #under = new Map<string, Promise<Found>>()
  readonly #waiting: (() => void)[] = []
  readonly #kept = new Map<string, { readonly found: Found; readonly until: number }>()
  #running = 0

  readonly lookup: LookupFunction = (host, options, callback) => void this.#answer(host, options, callback)

  async #answer(...[host, options, callback]: Parameters<LookupFunction>): Promise<void> {
    let all: Found
    try {
      all = await this.#addresses(host)
    } catch (error) {
      // What looks names up throws what the system says.
      return callback(error as NodeJS.ErrnoException, '', 0)
    }
    const { family: wanted } = options
    const found = wanted === 4 || wanted === 6 ? all.filter(({ family }) => family === wanted) : all
    const [first] = found
    if (first === undefined) callback(notFound(host), '', 0)
    else if (options.all === true) callback(null, [...found])
    else callback(null, first.address, first.family)
  }

  /** Whoever asks for a name that is being looked up waits for that. */
  #addresses(host: string): Promise<Found> {
    const under = this.#under.get(host)
    if (under !== undefined) return under
    const found = this.#find(host).finally(() => this.#under.delete(host))
    this.#under.set(host, found)
    return found
  }

  async #find(host: string): Promise<Found> {
    // RFC 6761: always this machine.
    if (/^(?:[^.]+\.)*localhost\.?$/i.test(host))
      return [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]
    if (this.#running >= mostLookups) {
      // Names that nobody answers for take all turns there are: who was found before need not wait for them.
      const kept = this.#kept.get(host)
      if (kept !== undefined && kept.until > performance.now()) return kept.found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
    try {
      const found = await lookUp(host)
      this.#keep(host, found)
      return found
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  #keep(host: string, found: Found): void {
    if (this.#kept.size >= mostKept) this.#kept.clear()
    this.#kept.set(host, { found, until: performance.now() + keptMs })
  }
}

const guarded = lookupGuarded(true)

const lookUp = (host: string): Promise<Found> =>
  new Promise((resolve, reject) =>
    guarded(host, { all: true }, (error, found) => {
      if (error !== null) reject(error)
      // Asked for all of them, it answers a list.
      else resolve(found as LookupAddress[])
    }),
  )

const notFound = (host: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${host} was not found`), { code: 'ENOTFOUND' })
