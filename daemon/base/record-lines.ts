/** What ends a line somewhere, and NUL, which ends a text in some programs. */
const breaking = /[\0\n\v\f\r\u0085\u2028\u2029]/g
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' }

/** A character as JSON would escape it. */
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Text as one line, for every reader: what would end it is written as an escape. */
export const onOneLine = (text: string): string =>
  text.replaceAll(breaking, (character) => named[character] ?? escaped(character))

/** Line separators that JSON leaves as they are, but that end a line for some readers. */
const separators = /[\u0085\u2028\u2029]/g

/** One line of JSON, whatever the value holds. */
export const jsonLine = (value: object): string =>
  `${JSON.stringify(value).replaceAll(separators, escaped)}\n`

/**
 * A cell of CSV that no spreadsheet takes for a formula (an apostrophe is set before `= + - @`, tab and CR) and that
 * never breaks its line: what would is written as an escape.
 */
function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[\s]*[=+\-@\t\r＝＋－＠]/u.test(value) ? `'${value}` : value
  const line = onOneLine(safe)
  return /[",'\t]/.test(line) || line !== value ? `"${line.replaceAll('"', '""')}"` : line
}

/** One line of CSV (RFC 4180: it ends with CR LF). */
export const csvLine = (cells: readonly (string | number | null)[]): string =>
  `${cells.map(csvCell).join(',')}\r\n`
