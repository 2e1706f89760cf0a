import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isForbiddenAddress, isForbiddenName } from './forbidden-address.ts'

/** Thrown before anything is sent. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED'
}

/** Looks names up as the system does. @param guarded - refuses what an app's file must not send us to. */
export const lookupGuarded =
  (guarded: boolean): LookupFunction =>
  (host, options, callback) => {
    if (guarded && isForbiddenName(host)) return callback(new AddressRefused(host), '', 0)
    systemLookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      const refused = guarded && addresses.some(({ address }) => isForbiddenAddress(address))
      const [first] = addresses
      if (refused || first === undefined) return callback(new AddressRefused(host), '', 0)
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
