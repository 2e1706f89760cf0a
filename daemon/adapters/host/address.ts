import { endianness } from 'node:os'

const littleEndian = endianness() === 'LE'

/** The bytes of an address as /proc/net prints it: 32-bit words in the machine's own order. */
function bytesOf(hex: string): number[] {
  const bytes: number[] = []
  for (let word = 0; word < hex.length; word += 8) {
    const four = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(word + at, word + at + 2), 16))
    bytes.push(...(littleEndian ? four.reverse() : four))
  }
  return bytes
}

/** Text of an address of /proc/net/tcp (8 hex digits) or tcp6 (32), IPv6 in its shortest form (RFC 5952). */
export function addressText(hex: string): string {
  const bytes = bytesOf(hex)
  return bytes.length === 4 ? bytes.join('.') : ipv6Text(bytes)
}

function ipv6Text(bytes: readonly number[]): string {
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`
  return compress(groups)
}

/** Replaces the longest run of at least two zero groups, the first of equals, by `::` (RFC 5952, 4.2). */
function compress(groups: readonly number[]): string {
  let start = 0
  let length = 0
  for (let at = 0; at < groups.length; at++) {
    let end = at
    while (groups[end] === 0) end++
    if (end - at > length) {
      start = at
      length = end - at
    }
    at = Math.max(at, end)
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`
}
