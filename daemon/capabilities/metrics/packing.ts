import { Aggregate } from '#base/aggregate.ts'
import { recordedCode } from './recorded.ts'

/** All numbers of one subject in one stretch of time, by their codes. */
export type Packed = Map<number, Aggregate>

/** Adds one stretch to another. */
export function mergeInto(into: Packed, from: Packed): void {
  for (const [code, aggregate] of from) aggregateIn(into, code)?.merge(aggregate)
}

/** What is known of a number so far; undefined for a code that is none. */
export function aggregateIn(packed: Packed, code: number): Aggregate | undefined {
  const known = packed.get(code)
  const kind = recordedCode(code)?.kind
  if (known !== undefined || kind === undefined) return known
  const made = new Aggregate(kind === 'spread')
  packed.set(code, made)
  return made
}

/*
 * Whole numbers in groups of seven bits, the lowest first (LEB128). For each number: code, weight, sum; then, unless it
 * only adds up, the least and how much greater the greatest is; then, where percentiles are wanted, how many buckets, and
 * for each how far its index is above that of the one before, and its count.
 */
export function pack(packed: Packed): Buffer {
  const numbers: number[] = []
  for (const [code, { weight, sum, least, most, buckets }] of packed) {
    const kind = recordedCode(code)?.kind
    numbers.push(code, weight, sum)
    if (kind !== 'total') numbers.push(least, most - least)
    if (buckets === null) continue
    numbers.push(buckets.size)
    let before = 0
    for (const [index, count] of [...buckets].sort(([a], [b]) => a - b)) {
      numbers.push(index - before, count)
      before = index
    }
  }
  return varints(numbers)
}

/** @throws Error for bytes that {@link pack} has not made. */
export function unpack(bytes: Uint8Array): Packed {
  const packed: Packed = new Map()
  const reader = new Reader(bytes)
  while (!reader.done) {
    const code = reader.next()
    const aggregate = aggregateIn(packed, code)
    if (aggregate === undefined) throw new Error(`No metric has the code ${code}`)
    aggregate.weight = reader.next()
    aggregate.sum = reader.next()
    if (recordedCode(code)?.kind !== 'total') {
      aggregate.least = reader.next()
      aggregate.most = aggregate.least + reader.next()
    }
    if (aggregate.buckets === null) continue
    let index = 0
    for (let left = reader.next(); left > 0; left--) {
      index += reader.next()
      aggregate.buckets.set(index, reader.next())
    }
  }
  return packed
}

function varints(numbers: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(numbers.length * 8)
  let at = 0
  for (const number of numbers) {
    // Shifts cut at 32 bits; what is kept here goes up to 53.
    let rest = number
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
    bytes[at++] = rest
  }
  return Buffer.from(bytes.subarray(0, at))
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  next(): number {
    let [value, unit] = [0, 1]
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('A number is cut off')
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
      unit *= 128
    }
  }
}
