import { l10n } from 'vscode'
import type { LogFilter } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import type { Ask } from '../document-texts.ts'
import { isFilter } from '../../webviews/logs/view.ts'
import { listOf, text } from '../../webviews/ui/check.ts'
import { textOf } from './log-formats.ts'
import { newestLines } from './log-search.ts'

/** More than these an editor shows slowly; an export has all. */
const most = 10_000

/** A filter as part of an address. */
export const logDocumentKey = (filter: LogFilter): string =>
  Buffer.from(JSON.stringify(filter)).toString('base64url')

const isApps = listOf(text(200), 200)

/** @throws Failure `invalid-params` for an address that nobody of us made. */
function filterOfKey(key: string): LogFilter {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(key, 'base64url').toString())
  } catch {
    value = null
  }
  if (typeof value === 'object' && value !== null) {
    const { apps, ...filter } = value as Readonly<Record<string, unknown>>
    if (isFilter(filter) && (apps === undefined || isApps(apps)))
      return { ...filter, ...(apps === undefined ? {} : { apps }) }
  }
  throw new Failure('invalid-params', 'This address names no lines of a log')
}

/** The newest lines that a filter finds, as text. */
export async function logsText(ask: Ask, key: string): Promise<string> {
  const { lines, more } = await newestLines(ask, filterOfKey(key), most)
  if (lines.length === 0) return l10n.t('No line matches')
  const shown = lines.map((line) => textOf(line)).join('\n')
  return more
    ? `${l10n.t('Only the newest {0} lines are shown here; an export has all.', most)}\n${shown}`
    : shown
}
