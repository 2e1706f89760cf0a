import { parseLogQuery } from '#contract/log-query.ts'
import { logLevels, type LogLevel } from '#contract/log-words.ts'
import type { LogFilter } from '#contract/logs.ts'
import type { KeptRecord } from '../segments/frame.ts'

/** The fields of a line in the tests of searches: members of JSON, else pairs. */
export function fieldsOf(line: string): Record<string, string> {
  if (line.startsWith('{')) {
    const members = Object.entries(JSON.parse(line) as Record<string, unknown>)
    return Object.fromEntries(members.map(([name, value]) => [name, String(value)]))
  }
  const pairs = line.matchAll(/(\w+)=(\S+)/g)
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value])) as Record<string, string>
}

/** The sign of Kelvin is none of our letters. */
const lower = (text: string): string => text.replaceAll('\u212a', '?').toLocaleLowerCase('en')

/** What a person would find who reads everything. */
export function isWanted(filter: LogFilter, one: KeptRecord & { app: string }): boolean {
  const text = one.bytes.toString('utf8')
  const parsed = parseLogQuery(filter.query ?? '')
  if ('problem' in parsed) throw new Error(parsed.problem.message)
  return (
    (filter.apps?.includes(one.app) ?? true) &&
    (filter.sources?.includes(one.source) ?? true) &&
    (filter.levels?.includes(one.level ?? 'none') ?? true) &&
    (filter.kinds?.includes(one.kind) ?? true) &&
    one.time >= Date.parse(filter.since ?? '0001-01-01T00:00:00Z') &&
    one.time <= Date.parse(filter.until ?? '9999-01-01T00:00:00Z') &&
    parsed.conditions.every((condition) => {
      if (condition.kind === 'text') {
        return lower(text).includes(lower(condition.text)) !== condition.not
      }
      if (condition.kind === 'regex') {
        const [flags, pattern] = condition.pattern.startsWith('(?i)')
          ? ['iu', condition.pattern.slice(4)]
          : ['u', condition.pattern]
        return new RegExp(pattern, flags).test(text) !== condition.not
      }
      if (condition.name === 'level') {
        const place = logLevels.indexOf(one.level as LogLevel)
        const wanted = logLevels.indexOf(condition.value as LogLevel)
        return (condition.operator === '=' ? place === wanted : place >= wanted) !== condition.not
      }
      const { name, operator, value, not } = condition
      const own: Record<string, string> = { source: one.source, app: one.app, kind: one.kind }
      const found = own[name] ?? fieldsOf(text)[name]
      if (found === undefined) return not
      const [a, b] = [found.toLowerCase(), value.toLowerCase()]
      const holds = operator === '=' ? a === b : operator === '~' ? a.includes(b) : Number(a) >= Number(b)
      return holds !== not
    })
  )
}
