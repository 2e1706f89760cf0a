import type { LogLine } from '#contract/logs.ts'
import { printableLine } from '#base/printable.ts'
import type { ExportFormat } from '../../webviews/logs/messages.ts'

const columns = ['time', 'level', 'app', 'source', 'kind', 'text'] as const

/** What stands before the first record of an export. */
export const headingOf = (format: ExportFormat): string =>
  format === 'csv' ? `${columns.join(',')}\r\n` : ''

/** A record as an export writes it, with its line end. */
export function recordOf(line: LogLine, format: ExportFormat): string {
  if (format === 'csv') return `${columns.map((column) => cellOf(line[column] ?? '')).join(',')}\r\n`
  if (format === 'txt') return `${textOf(line)}\n`
  const { id, time, timeFrom, level, app, source, kind, text } = line
  return `${JSON.stringify({ id, time, timeFrom, level, app, source, kind, text })}\n`
}

/** A record as text for people: without colours, and with nothing in it that acts. Its further lines are indented. */
export function textOf({ time, level, app, source, text, messageAt }: LogLine, withLevel = true): string {
  const [first = '', ...rest] = text
    .slice(messageAt)
    .replace(/\r?\n$/, '')
    .split('\n')
    .map((line) => printableLine(line.replace(/\r$/, ''), false))
  const words = [time, ...(withLevel ? [(level ?? '-').toUpperCase().padEnd(5)] : []), app, source]
  const head = words.map((word) => printableLine(word, false)).join(' ')
  return [`${head}  ${first}`, ...rest.map((line) => `    ${line}`)].join('\n')
}

/** A cell that no spreadsheet takes for a formula. Line ends stay, within quotes (RFC 4180). */
function cellOf(value: string): string {
  const safe = /^\s*[=+\-@\t\r＝＋－＠]/u.test(value) ? `'${value}` : value
  return /[",'\r\n\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
