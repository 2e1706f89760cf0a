import { printable } from '#base/printable.ts'
import { isTerminal } from './terminal.ts'
import type { Session } from './session.ts'

const width = 24

/** A bar on stderr that long work moves along, where a person looks at it. */
export class Progress {
  readonly #shown: boolean
  #last = ''

  constructor({ out }: Session) {
    this.#shown = isTerminal(process.stderr) && !out.quiet && !out.json
  }

  /** @param percent - 0 to 100, or null when the end is not in sight. */
  show(message: string, percent: number | null): void {
    if (!this.#shown) return
    const done = percent === null ? 0 : Math.round((Math.min(100, Math.max(0, percent)) / 100) * width)
    const bar =
      percent === null
        ? ''
        : `${'█'.repeat(done)}${'░'.repeat(width - done)} ${percent.toFixed(0).padStart(3)} %  `
    const text = `${bar}${printable(message, 60)}`
    if (text === this.#last) return
    this.#last = text
    process.stderr.write(`\r${text}\u001b[K`)
  }

  /** Takes the bar away, so that what follows begins on a clean line. */
  clear(): void {
    if (this.#last !== '') process.stderr.write('\r\u001b[K')
    this.#last = ''
  }
}
