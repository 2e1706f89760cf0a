import { isLower, overlap } from './tables.ts'

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

/** As `sign` in scan.assembly sets them: one for every four bytes in a row. Fewer than four bytes have none. */
function bitsOf(bytes: Buffer): readonly number[] {
  const bits = new Set<number>()
  let gram = 0
  for (const [at, byte] of bytes.entries()) {
    gram = ((gram << 8) | byte) >>> 0
    if (at >= 3) bits.add(Math.imul(gram, 0x9e3779b1) >>> 16)
  }
  return [...bits]
}
