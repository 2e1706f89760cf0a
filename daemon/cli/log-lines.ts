import type { LogLevel } from '#contract/log-words.ts'
import type { LogLine } from '#contract/logs.ts'
import { messageLines } from '#base/log-records.ts'
import { printable, printableJson } from '#base/printable.ts'
import type { Look, Output } from './output.ts'

const looks: Readonly<Record<LogLevel, Look | readonly Look[]>> = {
  fatal: ['bold', 'red'],
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'dim',
  trace: 'dim',
}

/** UTF-16 units of a line that a person is shown; `logs show` has the rest. */
const longestShown = 16 * 1024
/** Before the second and every further line of a record. */
const indent = '    '
const two = (number: number): string => String(number).padStart(2, '0')

/** A moment as the clock on the wall shows it: `2026-11-22 08:00:00.000`. */
export function localTime(iso: string): string {
  const at = new Date(iso)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const milliseconds = String(at.getMilliseconds()).padStart(3, '0')
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${milliseconds}`
}

/** Shows records to a person. Which app and source a record is of is said from when there is more than one on. */
export class LogPrinter {
  readonly #out: Output
  readonly #apps = new Set<string>()
  readonly #sources = new Set<string>()

  constructor(out: Output) {
    this.#out = out
  }

  /** @param dim - for what only stands around what was looked for. */
  lines(records: readonly LogLine[], dim: (record: LogLine) => boolean = () => false): string[] {
    for (const { app, source } of records) {
      this.#apps.add(app)
      this.#sources.add(source)
    }
    return records.flatMap((record) => this.#record(record, dim(record)))
  }

  #record(record: LogLine, dim: boolean): string[] {
    const { time, level, text, messageAt } = record
    const { colour, interactive } = this.#out
    const limit = interactive ? longestShown : undefined
    const [first = '', ...rest] = messageLines(text.slice(messageAt), colour && !dim, limit)
    const word = (level ?? '').toUpperCase().padEnd(5)
    const origin = this.#origin(record)
    const head = [
      this.#out.paint('dim', localTime(time)),
      level === null ? word : this.#out.paint(dim ? 'dim' : looks[level], word),
      ...(origin === '' ? [] : [this.#out.paint(dim ? 'dim' : 'cyan', origin)]),
    ]
    const said = dim ? (line: string) => this.#out.paint('dim', line) : (line: string) => line
    return [`${head.join(' ')} ${said(first)}`.trimEnd(), ...rest.map((line) => indent + said(line))]
  }

  #origin({ app, source }: LogLine): string {
    const parts = [...(this.#apps.size > 1 ? [app] : []), ...(this.#sources.size > 1 ? [source] : [])]
    return printable(parts.join('/'))
  }
}

/** One record as `--json` prints it. */
export const jsonOf = (record: LogLine, more: object = {}): string => printableJson({ ...record, ...more })
