import { once } from 'node:events'
import { isIP, Socket, type LookupFunction } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { usualAuthorities } from '#base/authorities.ts'
import { isForbiddenAddress } from '#base/forbidden-address.ts'
import { AddressRefused, lookupGuarded } from '#base/guarded-lookup.ts'
import type { ProbeTarget } from './prober.ts'
import { speakerOf } from './sniff.ts'

/** Enough to tell one kind of server from another. */
const keptBytes = 256

/** What happened on the wire, beneath the driver. */
export class Wire {
  connected = false
  #first: Buffer[] = []
  #kept = 0

  /** The first bytes that came, at most {@link keptBytes}. */
  get first(): Buffer {
    return Buffer.concat(this.#first)
  }

  /** What kind of server answered, by its first bytes. */
  get speaks(): string | null {
    return speakerOf(this.first)
  }

  /** Whether anything came. */
  get heard(): boolean {
    return this.#kept > 0
  }

  /** Watches a socket that is not connected yet. */
  watch(socket: Socket): void {
    socket.once('connect', () => (this.connected = true))
    const push = socket.push.bind(socket)
    // Not by 'data', which would set the stream flowing before the driver listens.
    socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (Buffer.isBuffer(chunk)) this.#keep(chunk)
      return push(chunk, encoding)
    }
  }

  #keep(chunk: Buffer): void {
    if (this.#kept >= keptBytes) return
    // A copy: the rest of a large chunk must not stay in memory for it.
    const part = Buffer.from(chunk.subarray(0, keptBytes - this.#kept))
    this.#first.push(part)
    this.#kept += part.length
  }
}

/** Looks names up as the system does, and refuses what they lead to where the target is guarded. */
export const lookupFor = ({ guarded }: ProbeTarget): LookupFunction => lookupGuarded(guarded)

/** Host and port of a target that has them. @throws AddressRefused, also for an address that needs no look-up. */
export function placeOf(target: ProbeTarget): { readonly host: string; readonly port: number } {
  const { host, port } = target
  if (host === null || port === null) throw new Error('A target on the network has host and port')
  if (target.guarded && isIP(host.replace(/%.*$/s, '')) !== 0 && isForbiddenAddress(host))
    throw new AddressRefused(host)
  return { host, port }
}

/** A socket that connects as the target says, whatever address a driver gives it. */
export class TargetSocket extends Socket {
  readonly #target: ProbeTarget

  constructor(target: ProbeTarget, wire: Wire) {
    super()
    this.#target = target
    wire.watch(this)
  }

  override connect(): this {
    const options = { ...placeOf(this.#target), lookup: lookupFor(this.#target), autoSelectFamily: true }
    return super.connect(options)
  }
}

/** The certificates that are trusted: the usual ones, and the target's. */
const authorities = ({ ca }: ProbeTarget): string[] =>
  ca === null ? usualAuthorities() : [...usualAuthorities(), ca]

/** How TLS is spoken with the target. */
export function tlsOptions(
  target: ProbeTarget,
): ConnectionOptions & { readonly rejectUnauthorized: boolean } {
  const { host } = placeOf(target)
  return {
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: target.tls !== 'unverified',
    ...(target.tls === 'unverified' ? {} : { ca: authorities(target) }),
  }
}

/**
 * A socket to the target. Where TLS begins at once it is handed over when that is agreed: what is written before
 * would hide why it was not.
 */
export async function openSocket(target: ProbeTarget, wire: Wire): Promise<Socket> {
  const plain = new TargetSocket(target, wire).connect()
  if (target.tls === 'off') return plain
  const secure = connectTls({ ...tlsOptions(target), host: placeOf(target).host, socket: plain })
  await once(secure, 'secureConnect')
  return secure
}
