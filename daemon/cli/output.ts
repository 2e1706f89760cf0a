import { printableJson } from '#base/printable.ts'
import { styleText } from 'node:util'
import { isTerminal, wantsColour } from './terminal.ts'

/** What may be done to text on a terminal. */
export type Look = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface OutputOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** False after `--no-color`. */
  readonly color: boolean
}

/** Where a command's answer goes: data on stdout, everything said beside it on stderr. */
export class Output {
  readonly json: boolean
  readonly quiet: boolean
  /** Whether a person looks at stdout. */
  readonly interactive = isTerminal(process.stdout)
  readonly #colour: boolean
  readonly #noteColour: boolean

  constructor(options: OutputOptions) {
    this.json = options.json
    this.quiet = options.quiet
    this.#colour = options.color && wantsColour(process.stdout)
    this.#noteColour = options.color && wantsColour(process.stderr)
  }

  /** Characters in a line of the terminal; infinite where the answer goes to a file or another program. */
  get columns(): number {
    return this.interactive ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  get rows(): number {
    return this.interactive ? (process.stdout.rows ?? 24) : Number.POSITIVE_INFINITY
  }

  get colour(): boolean {
    return this.#colour
  }

  /** Text that is ours or has passed `printable`, in colour where the terminal has it. */
  paint(look: Look | readonly Look[], text: string): string {
    return this.#colour ? styleText(look as Look[], text, { validateStream: false }) : text
  }

  /** As {@link paint}, for what goes to stderr. */
  paintNote(look: Look | readonly Look[], text: string): string {
    return this.#noteColour ? styleText(look as Look[], text, { validateStream: false }) : text
  }

  /** The `--json` answer: indented for a person, one line for a program. */
  data(value: unknown): void {
    process.stdout.write(`${printableJson(value, this.interactive ? 2 : 0)}\n`)
  }

  line(text = ''): void {
    process.stdout.write(`${text}\n`)
  }

  lines(texts: readonly string[]): void {
    if (texts.length > 0) process.stdout.write(`${texts.join('\n')}\n`)
  }

  /** Something a person may like to know and a program must not trip over. */
  note(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`)
  }
}
