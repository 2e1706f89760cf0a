import { scanModule, scanPage } from './module.ts'
import { sieveOf } from './suspects.ts'
import { byteTable } from './tables.ts'

/** Lines, and bytes of lines, that are looked at at once; a line is never longer. */
const mostLines = 65_536
const mostBytes = 512 * 1024
/** The memory: the byte table, the sieve, where lines begin and end, their signs, and the lines themselves. */
const sieveAt = 512
const fromAt = 2 * scanPage
const toAt = fromAt + 4 * mostLines
const signsAt = toAt + 4 * mostLines
const membersAt = signsAt + mostLines
/** Objects of JSON that have more are read without this. */
const mostMembers = 256
const textAt = membersAt + 16 * mostMembers
/** Sixteen bytes at a time are looked at, and two behind them. */
const slack = 64

/** Something may stand in the line that is to be hidden. */
export const suspectSign = 1
/** The line is not of ASCII alone. */
export const wideSign = 2

/** Tells of many lines at once which may hold a secret, and of each of them what its members are. */
export class LineSieve {
  readonly #code
  readonly #memory: Uint8Array
  readonly #from: Uint32Array
  readonly #to: Uint32Array
  readonly #signs: Uint8Array
  readonly #members: Uint32Array
  /** What lies in the memory, and from where on in the bytes. */
  #bytes: Buffer | null = null
  #base = 0
  #end = 0
  /** What is added to the signs of all lines, and of those that are wide. */
  #always = 0
  #forms: readonly string[] = []
  #whenWide = 0

  constructor() {
    const { memory, code } = scanModule(Math.ceil((textAt + mostBytes + slack) / scanPage))
    this.#code = code
    this.#memory = new Uint8Array(memory.buffer)
    this.#from = new Uint32Array(memory.buffer, fromAt, mostLines)
    this.#to = new Uint32Array(memory.buffer, toAt, mostLines)
    this.#signs = new Uint8Array(memory.buffer, signsAt, mostLines)
    this.#members = new Uint32Array(memory.buffer, membersAt, 4 * mostMembers)
    this.#memory.set(byteTable)
    this.use([])
  }

  /** From now on these are secrets too. @param forms - of four characters at least, longest first. */
  use(forms: readonly string[]): void {
    this.#forms = forms
    const sieve = sieveOf(forms)
    this.#always = sieve === null ? suspectSign : 0
    // What is no text becomes U+FFFD when it is read as text, of any bytes.
    this.#whenWide = forms.some((form) => Buffer.from(form).includes('\ufffd')) ? suspectSign : 0
    this.#memory.set(sieve ?? sieveOf([]) ?? [], sieveAt)
  }

  get forms(): readonly string[] {
    return this.#forms
  }

  /** A sign for each line. @param from - where in the bytes they begin, in order. @param to - where they end. */
  signsOf(bytes: Buffer, from: Uint32Array, to: Uint32Array): Uint8Array {
    const signs = new Uint8Array(from.length)
    for (let line = 0; line < from.length;) line += this.#some(bytes, from, to, line, signs)
    return signs
  }

  /**
   * Where the members of the object of JSON stand that a line of ASCII is: where the name and the value of each begin and end,
   * four numbers; null where it is no whole one, or not
   * among the lines that were looked at last. They are valid until the next line is asked about.
   */
  membersOf(bytes: Buffer, from: number, to: number): Uint32Array | null {
    if (bytes !== this.#bytes || from < this.#base || to > this.#end) return null
    const at = textAt - this.#base
    const count = this.#code.members(at + from, at + to, membersAt, mostMembers)
    return count < 0 ? null : this.#members.subarray(0, 4 * count)
  }

  /** @returns how many lines were looked at. */
  #some(bytes: Buffer, from: Uint32Array, to: Uint32Array, first: number, signs: Uint8Array): number {
    const base = from[first] ?? 0
    const last = Math.min(from.length, first + mostLines)
    let count = 0
    for (let line = first; line < last; line++) {
      const end = (to[line] ?? 0) - base
      if (end > mostBytes) break
      this.#from[count] = (from[line] ?? 0) - base
      this.#to[count++] = end
    }
    this.#bytes = bytes
    this.#base = base
    this.#end = base + (this.#to[count - 1] ?? 0)
    bytes.copy(this.#memory, textAt, base, this.#end)
    this.#code.sift(textAt, fromAt, toAt, count, signsAt, sieveAt, 0)
    const found = this.#signs.subarray(0, count)
    if ((this.#always | this.#whenWide) !== 0)
      for (let line = 0; line < count; line++)
        found[line] = this.#always | (found[line] ?? 0) | ((found[line] ?? 0) & wideSign && this.#whenWide)
    signs.set(found, first)
    return count
  }
}
