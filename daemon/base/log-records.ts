import type { LogLine } from '#contract/logs.ts'
import { csvLine, onOneLine } from './record-lines.ts'
import { printableJson, printableLine } from './printable.ts'

/** What records of a log are exported as. */
export const logFormats = ['txt', 'jsonl', 'csv'] as const
export type LogFormat = (typeof logFormats)[number]

const columns = ['id', 'app', 'source', 'time', 'time_from', 'level', 'kind', 'text'] as const

/** What stands before the first record. */
export const logHeading = (format: LogFormat): string => (format === 'csv' ? csvLine(columns) : '')

/** What a record says, harmless for a terminal, line by line. @param limit - UTF-16 units of a line. */
export function messageLines(text: string, colours: boolean, limit = Number.POSITIVE_INFINITY): string[] {
  const lines = text.replace(/[\r\n]+$/, '').split('\n')
  return lines.map((line) => printableLine(line.replace(/\r+$/, ''), colours, limit))
}

/** Text on one line, without what a terminal would act on. */
const plain = (text: string): string => onOneLine(messageLines(text, false).join('\n'))

/** A record as each form writes it: one line, whatever the record holds, with its end. */
export const logRecord: Readonly<Record<LogFormat, (record: LogLine) => string>> = {
  jsonl: (record) => `${printableJson(record)}\n`,
  txt: (record) => {
    const { time, level, app, source, text, messageAt } = record
    return `${time} ${(level ?? '-').toUpperCase().padEnd(5)} ${app}/${onOneLine(source)} ${plain(text.slice(messageAt))}\n`
  },
  csv: (record) => {
    const { id, app, source, time, timeFrom, level, kind, text } = record
    return csvLine([id, app, source, time, timeFrom, level, kind, plain(text)])
  },
}
