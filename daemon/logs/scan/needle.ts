import { byteTable, isLower, isOfWord, overlap } from './tables.ts'

/** A text of ASCII that is looked for, whatever its case. */
export interface Needle {
  /** In lower case. */
  readonly bytes: Buffer
  /** Two of its places that are compared first: its rarest bytes. */
  readonly o1: number
  readonly o2: number
  /** 0x20 where that byte is a letter, else 0. */
  readonly m1: number
  readonly m2: number
  /** The bits that a block's filter has when it holds this; none when nothing can be told. */
  readonly bits: readonly number[]
}

/** Bytes of logs by how often they stand there, the most frequent first: counted over mixed logs, letters as one case. */
const frequent = Buffer.from(' e0t1a"2io3n:sr5-4d6c78l9,.pu/hmgf=b_kwyvT[]{}xjzq()')

const rarity = (byte: number): number => {
  const place = frequent.indexOf(byte)
  return place === -1 ? frequent.length : place
}

/** @param text - printable ASCII, at least one character. */
export function needleOf(text: string): Needle {
  const bytes = Buffer.from(text.toLowerCase().slice(0, overlap / 2), 'latin1')
  const places = [...bytes.keys()].toSorted((a, b) => rarity(bytes[b] ?? 0) - rarity(bytes[a] ?? 0))
  const [o1 = 0, o2 = o1] = places
  const mask = (place: number): number => (isLower(bytes[place] ?? 0) ? 0x20 : 0)
  return { bytes, o1, o2, m1: mask(o1), m2: mask(o2), bits: bitsOf(bytes) }
}

const product = (a: number, b: number): number => Math.imul(a, b) >>> 0

/** As `sign` in scan.assembly sets them, for what is sure to be hashed there as well. */
function bitsOf(bytes: Buffer): readonly number[] {
  const bits = new Set<number>()
  const hashes: number[] = []
  let gram = 0
  for (const byte of bytes) {
    gram = ((gram << 8) | byte) >>> 0
    hashes.push(product(gram, 0x9e3779b1))
  }
  // The first that depends on nothing before the needle: four hashes, of four bytes each.
  for (let at = 6; at < bytes.length; at++)
    bits.add(product(Math.min(...hashes.slice(at - 3, at + 1)), 0x85ebca6b) >>> 16)
  for (const [from, to] of innerWords(bytes)) addWord(bits, bytes, from, to)
  return [...bits]
}

/** The words that begin and end within the needle. */
function innerWords(bytes: Buffer): readonly (readonly [number, number])[] {
  const words: (readonly [number, number])[] = []
  let from = 0
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && isOfWord(bytes[at] ?? 0)) continue
    if (at - from >= 2 && from > 0 && at < bytes.length) words.push([from, at])
    from = at + 1
  }
  return words
}

function addWord(bits: Set<number>, bytes: Buffer, from: number, to: number): void {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at++) hash = product(hash ^ (byteTable[bytes[at] ?? 0] ?? 0), 0x01000193)
  let mixed = product((hash ^ (hash >>> 15) ^ (to - from)) >>> 0, 0xc2b2ae35)
  mixed = (mixed ^ (mixed >>> 16)) >>> 0
  bits.add(mixed & 0xffff)
  bits.add(mixed >>> 16)
}
