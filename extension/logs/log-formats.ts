import type { LogLine } from '#contract/logs.ts'
import { printableLine } from '#base/printable.ts'

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
