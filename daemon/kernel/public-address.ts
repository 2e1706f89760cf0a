import { X509Certificate } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { Failure, messageOf } from '#base/failure.ts'

const everyInterface = new BlockList()
everyInterface.addAddress('0.0.0.0', 'ipv4')
everyInterface.addAddress('::', 'ipv6')
everyInterface.addAddress('::ffff:0.0.0.0', 'ipv6')

/** Whether an address means every interface, however it is spelt. */
const isEveryInterface = (address: string): boolean =>
  everyInterface.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/**
 * Turns the host of `--listen` into the address to bind. It is resolved here and the address is bound, so
 * that no spelling (`0`, `0x0`, `::ffff:0:0`, a name) means every interface without `--public`.
 * @throws Failure `wrong-use`.
 */
export async function bindAddress(host: string, isPublic: boolean): Promise<string> {
  let addresses: readonly { readonly address: string }[]
  try {
    addresses = await lookup(host, { all: true })
  } catch (error) {
    throw new Failure(
      'wrong-use',
      `--listen: ${JSON.stringify(host)} is no address of this machine: ${messageOf(error)}`,
      { cause: error },
    )
  }
  const first = addresses[0]?.address
  if (first === undefined) throw new Failure('wrong-use', `--listen: ${JSON.stringify(host)} has no address`)
  if (!isPublic && addresses.some(({ address }) => isEveryInterface(address))) {
    throw new Failure('wrong-use', `--listen ${host} means every interface of this machine`, {
      hint: 'Name one address, or add --public if all of them are meant.',
    })
  }
  return first
}

/**
 * The Host headers a TLS listener accepts: what it was told to listen on and the names in its certificate.
 * @throws Failure `wrong-use` when the certificate cannot be read.
 */
export function acceptedHosts(
  cert: Buffer,
  host: string,
  address: string,
  port: number,
): ReadonlySet<string> {
  let names: string
  try {
    names = new X509Certificate(cert).subjectAltName ?? ''
  } catch (error) {
    throw new Failure('wrong-use', `--tls-cert is no certificate in PEM form: ${messageOf(error)}`, {
      cause: error,
    })
  }
  const certified = [...names.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map((match) => match[1] ?? '')
  const all = [host, address, ...certified].filter((name) => !name.includes('*') && !isWildcard(name))
  return new Set(
    all.flatMap((name) => {
      const bracketed = isIP(name) === 6 ? `[${shortest(name)}]` : name.toLowerCase()
      return port === 443 ? [bracketed, `${bracketed}:443`] : [`${bracketed}:${port}`]
    }),
  )
}

const isWildcard = (name: string): boolean => isIP(name) !== 0 && isEveryInterface(name)

/** The form in which a URL, and so a client's Host header, spells an IPv6 address. */
const shortest = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1)
