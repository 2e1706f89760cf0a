import { redactText } from '#base/redact.ts'
import type { WrittenLines } from './intake/lines.ts'
import type { MemberPlaces } from './format/json-scan.ts'
import { suspectSign, type LineSieve } from './scan/line-sieve.ts'

/** A key that goes on for more lines than this is none; what follows is shown again. */
const mostKeyLines = 400

/** Takes out of the lines of one source what nobody is to read there: secrets by their shape, and those we know. */
export class LineHiding {
  readonly #sieve: LineSieve
  #keyLines = 0

  /** @param sieve - what knows the secrets that we hold; it may be shared by many. */
  constructor(sieve: LineSieve) {
    this.#sieve = sieve
  }

  /** A sign for each line, which {@link isSuspect} reads: that many lines are looked at at once is what makes it cheap. */
  signsOf({ bytes, from, to }: WrittenLines): Uint8Array {
    return this.#sieve.signsOf(bytes, from, to)
  }

  /** The members of a line that is an object of JSON, and of ASCII; see {@link LineSieve.membersOf}. */
  membersOf({ bytes }: WrittenLines, from: number, to: number): MemberPlaces | null {
    return bytes[from] === 123 ? this.#sieve.membersOf(bytes, from, to) : null
  }

  /** Whether a line is to be cleaned; of the others nothing is hidden. They are asked for in order, as they are cleaned. */
  isSuspect(sign: number): boolean {
    return (sign & suspectSign) !== 0 || this.#keyLines > 0
  }

  clean(line: string): string {
    if (this.#keyLines > 0) return this.#withinKey(line)
    const begins = keyBegins.test(line) && !keyEnds.test(line)
    if (begins) this.#keyLines = mostKeyLines
    return redactText(this.#withoutForms(line))
  }

  /** Lines of a private key, whose first was cut off with its line. */
  #withinKey(line: string): string {
    const end = keyEnds.exec(line)
    this.#keyLines = end === null ? this.#keyLines - 1 : 0
    if (end === null) return redacted
    return redacted + redactText(this.#withoutForms(line.slice(end.index + end[0].length)))
  }

  #withoutForms(line: string): string {
    let clean = line
    for (const form of this.#sieve.forms) if (clean.includes(form)) clean = clean.replaceAll(form, redacted)
    return clean
  }
}

const redacted = '[redacted]'
const keyBegins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
const keyEnds = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
