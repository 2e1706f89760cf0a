import { parseLogQuery } from '#contract/log-query.ts'
import { logLevels, type LogKind, type LogLevel } from '#contract/log-words.ts'
import type { LogFilter } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import { noSuchApp, notFound } from './not-found.ts'
import { queryFailure } from './query-failure.ts'
import type { Session } from './session.ts'

/** What narrows lines down, as it is typed. */
export interface FilterOptions {
  readonly level?: LogLevel
  readonly kind?: LogKind | 'errors'
  readonly source: readonly string[]
  readonly search?: string
  readonly regex?: string
  readonly field: readonly string[]
  readonly since?: string
  readonly until?: string
}

/** @throws Failure `wrong-use`, `log-query-invalid`, `not-found` for an app or a source that is none. */
export async function logFilter(
  session: Session,
  apps: readonly string[],
  options: FilterOptions,
): Promise<LogFilter> {
  const { source, since, until } = options
  if (since !== undefined && until !== undefined && since > until)
    throw new Failure('wrong-use', `--until (${until}) must not be before --since (${since})`)
  const query = await queryOf(options)
  await checkNames(session, apps, source)
  const levels = levelsOf(options)
  return {
    ...(apps.length === 0 ? {} : { apps: [...new Set(apps)] }),
    ...(source.length === 0 ? {} : { sources: [...new Set(source)] }),
    ...(levels === undefined ? {} : { levels }),
    ...(options.kind === undefined || options.kind === 'errors' ? {} : { kinds: [options.kind] }),
    ...(query === '' ? {} : { query }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  }
}

/** The level that was asked for and those that are graver. */
function levelsOf({ level, kind }: FilterOptions): LogLevel[] | undefined {
  const least = kind === 'errors' ? logLevels.indexOf('error') : 0
  if (level === undefined && least === 0) return undefined
  return logLevels.slice(Math.max(least, level === undefined ? 0 : logLevels.indexOf(level)))
}

/** All that is looked for, as one query. @throws Failure `log-query-invalid`, `wrong-use`. */
export async function queryOf({
  search = '',
  regex,
  field,
}: Pick<FilterOptions, 'search' | 'regex' | 'field'>): Promise<string> {
  const typed = parseLogQuery(search)
  if ('problem' in typed) throw await queryFailure('--search', search, typed.problem)
  const terms = [
    ...(search.trim() === '' ? [] : [search]),
    ...(regex === undefined ? [] : [patternTerm(regex)]),
    ...field.map(fieldTerm),
  ]
  const query = terms.join(' ')
  const whole = parseLogQuery(query)
  if ('problem' in whole)
    throw new Failure('wrong-use', `--search, --regex and --field together: ${whole.problem.message}`)
  return query
}

function patternTerm(regex: string): string {
  // A slash would end the pattern; one that is escaped already stays so.
  const pattern = regex.replaceAll(/\\[^]|\//g, (part) => (part === '/' ? String.raw`\/` : part))
  const term = `/${pattern}/`
  const parsed = parseLogQuery(term)
  if ('conditions' in parsed && parsed.conditions.length === 1 && parsed.conditions[0]?.kind === 'regex')
    return term
  throw new Failure('wrong-use', `--regex must be a regular expression (RE2), not ${JSON.stringify(regex)}`)
}

/** A field's name, what compares it, and its value, which is taken as it stands. */
const fieldForm = /^([^\s"':=~!<>]+)(==|!=|!~|>=|<=|[:=~<>])([^]*)$/u

function fieldTerm(given: string): string {
  const [, name = '', operator = '', value = ''] = fieldForm.exec(given) ?? []
  const term = `${name}${operator}"${value.replaceAll(/["\\]/g, (unit) => `\\${unit}`)}"`
  const parsed = parseLogQuery(term)
  if ('conditions' in parsed && parsed.conditions.length === 1 && parsed.conditions[0]?.kind === 'field')
    return term
  const problem = 'problem' in parsed ? `: ${parsed.problem.message.replace(/; or put it .*$/, '')}` : ''
  throw new Failure(
    'wrong-use',
    `--field must be NAME=VALUE such as status=500, user.id~ana or ms>=250, not ${JSON.stringify(given)}${problem}`,
  )
}

/** @throws Failure `not-found` for an app or a source that is none. */
async function checkNames(
  session: Session,
  apps: readonly string[],
  sources: readonly string[],
): Promise<void> {
  if (apps.length === 0 && sources.length === 0) return
  const [listed, { rows }] = await Promise.all([
    session.query('apps.list', {}),
    session.query('logs.sources', {}),
  ])
  // What is kept of an app that was removed can still be read.
  const known = [...listed.rows.map(({ name }) => name), ...rows.map(({ app }) => app)]
  for (const app of apps) if (!known.includes(app)) throw notFound('app', app, known, noSuchApp)
  const chosen = rows.filter(({ app }) => apps.length === 0 || apps.includes(app))
  const names = chosen.map(({ source }) => source)
  for (const source of sources)
    if (!names.includes(source))
      throw notFound('source', source, names, '`quantum-admin logs sources` shows them all.')
}
