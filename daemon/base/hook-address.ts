import { isIP } from 'node:net'
import { isForbiddenAddress, isForbiddenName } from './forbidden-address.ts'

export const secretName = /^secret:[A-Za-z0-9][\w.-]*$/
export const noSecretName = 'expected secret:NAME, whose name is of letters, digits and . _ - only'

/** What is wrong with where a hook is to call, without what stands there; null when nothing is. */
export function hookAddressProblem(url: string): string | null {
  if (url.startsWith('secret:')) return secretName.test(url) ? null : noSecretName
  const at = /^https?:\/\//i.test(url) ? URL.parse(url) : null
  if (at === null) return 'expected an address that begins with http:// or https://, or secret:NAME'
  if (at.username !== '' || at.password !== '')
    return 'expected an address without user and password; they go into a header that is secret:NAME'
  const host = at.hostname.replace(/^\[|\]$/g, '')
  const isForbidden = isIP(host) === 0 ? isForbiddenName(host) : isForbiddenAddress(host)
  return isForbidden ? 'expected another address; under this one a cloud tells a machine its own keys' : null
}
