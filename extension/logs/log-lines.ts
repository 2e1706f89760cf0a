import { printableLine } from '#base/printable.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** One record of the daemon's own log, ready to be shown. */
export interface LogLine {
  readonly level: LogLevel
  readonly text: string
}

const levels: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error'])
const isLevel = (level: unknown): level is LogLevel => levels.has(level)

const word = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Reads one line of `daemon.log`; one that is not as we write them is shown as it is. */
export function logLine(line: string): LogLine {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    // A line that a full disk cut short is still worth seeing.
    return { level: 'info', text: printableLine(line, false) }
  }
  if (typeof record !== 'object' || record === null)
    return { level: 'info', text: printableLine(line, false) }
  const { time, level, message, ...fields } = record as Readonly<Record<string, unknown>>
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`
  return {
    level: isLevel(level) ? level : 'info',
    text: printableLine(`${word(time)} ${word(message)}${rest}`.trim(), false),
  }
}
