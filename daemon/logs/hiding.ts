import { redactText } from '#base/redact.ts'

/** A key that goes on for more lines than this is none; what follows is shown again. */
const mostKeyLines = 400

/** Lines that are looked at at once. */
const together = 64

/** Takes out of the lines of one source what nobody is to read there: secrets by their shape, and those we know. */
export class LineHiding {
  readonly #forms: () => readonly string[]
  #keyLines = 0

  /** @param forms - the spellings of the secrets that we hold, longest first. */
  constructor(forms: () => readonly string[]) {
    this.#forms = forms
  }

  /**
   * Lines without secrets. What holds none as a whole holds none in any line, since no secret but a private key goes over
   * the end of a line, so most lines are looked at together.
   */
  cleanAll(lines: readonly string[]): readonly string[] {
    const clean: string[] = []
    for (let from = 0; from < lines.length; from += together) {
      const some = lines.slice(from, from + together)
      const text = some.join('\n')
      const isClean = this.#keyLines === 0 && redactText(this.#withoutForms(text)) === text
      for (const line of some) clean.push(isClean ? line : this.clean(line))
    }
    return clean
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
    for (const form of this.#forms()) if (clean.includes(form)) clean = clean.replaceAll(form, redacted)
    return clean
  }
}

const redacted = '[redacted]'
const keyBegins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
const keyEnds = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/
