import { lineOf, longestLine, type LineBlock, type LineFinder } from './lines.ts'

/** Lines of UTF-16, which become UTF-8. Half a character of its own becomes U+FFFD. */
export class Utf16Lines implements LineFinder {
  start: number
  readonly #swapped: boolean
  /** The first byte of a character whose second has not come yet. */
  #odd: Buffer | null = null
  /** What has come of a line. */
  #held = ''
  #cutUnits = 0
  #halfEnd = false
  /** Where what has not been looked at begins. */
  #at: number

  constructor(encoding: 'utf16le' | 'utf16be', at: number) {
    this.#swapped = encoding === 'utf16be'
    this.start = at
    this.#at = at
  }

  push(chunk: Buffer, into: LineBlock[]): void {
    const text = this.#textOf(chunk)
    let from = 0
    if (this.#halfEnd && text !== '') {
      this.#halfEnd = false
      from = text.startsWith('\n') ? 1 : 0
      into.push(this.#line('', from))
    }
    lineEnd.lastIndex = from
    for (let found = lineEnd.exec(text); found !== null; found = lineEnd.exec(text)) {
      if (found[0] === '\r' && found.index === text.length - 1) {
        this.#halfEnd = true
        break
      }
      into.push(this.#line(text.slice(from, found.index), lineEnd.lastIndex))
      from = lineEnd.lastIndex
    }
    this.#hold(text.slice(from, this.#halfEnd ? -1 : undefined))
    this.#at += 2 * text.length
  }

  end(): LineBlock | null {
    if (this.start === this.#at && this.#odd === null) return null
    // Half a character at the very end is none.
    this.#at += this.#odd?.length ?? 0
    this.#odd = null
    this.#halfEnd = false
    return this.#line('', 0)
  }

  #textOf(chunk: Buffer): string {
    const all = this.#odd === null ? chunk : Buffer.concat([this.#odd, chunk])
    const even = all.length - (all.length % 2)
    this.#odd = even === all.length ? null : Buffer.from(all.subarray(even))
    const units = all.subarray(0, even)
    return (this.#swapped ? Buffer.from(units).swap16() : units).toString('utf16le')
  }

  #line(text: string, next: number): LineBlock {
    this.#hold(text)
    const end = this.#at + 2 * next
    const whole = Buffer.from(this.#held)
    const bytes = whole.subarray(0, endWithin(whole, longestLine))
    const units = bytes.length === whole.length ? this.#held.length : bytes.toString('utf8').length
    const cut = 2 * (this.#cutUnits + this.#held.length - units)
    this.#held = ''
    this.#cutUnits = 0
    this.start = end
    return lineOf(bytes, cut, end)
  }

  #hold(text: string): void {
    // No character is shorter than a byte, so no more of them can be needed.
    const taken = Math.min(text.length, longestLine - this.#held.length)
    this.#held += text.slice(0, taken)
    this.#cutUnits += text.length - taken
  }
}

const lineEnd = /\r\n|\n|\r/g

/** The longest beginning of UTF-8 that ends with a whole character. */
function endWithin(utf8: Buffer, longest: number): number {
  if (utf8.length <= longest) return utf8.length
  let end = longest
  while (((utf8[end] ?? 0) & 0xc0) === 0x80) end--
  return end
}
