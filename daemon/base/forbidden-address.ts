import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Where clouds tell a machine its own keys, and what only this machine's link has. */
const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('168.63.129.16', 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('fd00:ec2::254', 'ipv6')
forbidden.addAddress('fd20:ce::254', 'ipv6')

const forbiddenNames: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
])

/** Whether a name is one under which a cloud tells a machine its own keys; most of these resolve nowhere else. */
export const isForbiddenName = (host: string): boolean =>
  forbiddenNames.has(host.toLowerCase().replace(/\.+$/, ''))

/**
 * Whether an address, as a look-up gives it, is one that an app's file must not send us to.
 * @param address - IPv4 in four decimal parts, or IPv6 with or without a zone.
 */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.replace(/%.*$/s, '').replace(/^\[|\]$/g, '')
  if (isIPv4(plain)) return forbidden.check(plain, 'ipv4')
  if (!isIPv6(plain)) return false
  if (forbidden.check(plain, 'ipv6')) return true
  return embedded(plain).some((inner) => forbidden.check(inner, 'ipv4'))
}

/** IPv4 addresses that an IPv6 address may be carried to: mapped, compatible, NAT64, 6to4, ISATAP, Teredo. */
function embedded(address: string): readonly string[] {
  const words = wordsOf(address)
  const at = (index: number, flip = 0): string => {
    const [high, low] = [(words[index] ?? 0) ^ flip, (words[index + 1] ?? 0) ^ flip]
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const [first = 0, second = 0] = words
  const isZero = (from: number, to: number): boolean => words.slice(from, to).every((word) => word === 0)
  return [
    ...(isZero(0, 4) || (first === 0x64 && second === 0xff9b) ? [at(6)] : []),
    ...(first === 0x2002 ? [at(1)] : []),
    ...((words[4] ?? 0) % 0x200 === 0 && words[5] === 0x5efe ? [at(6)] : []),
    ...(first === 0x2001 && second === 0 ? [at(6, 0xffff)] : []),
  ]
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): readonly number[] {
  // The URL parser writes every spelling, an IPv4 tail included, in hexadecimal words.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16))
  const [left, right] = [parse(head), parse(tail ?? '')]
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}
