import { mostLogLines } from '#contract/log-words.ts'
import type { LogFilter, LogLine, LogPage } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import { localTime } from './log-lines.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'

/** Pages of what matches, the newest first; each in the order of time. At most `limit` lines in all. */
export async function* pagesBack(
  session: Session,
  filter: LogFilter,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<LogPage> {
  const progress = new Progress(session)
  let found = 0
  let before: string | undefined
  try {
    for (;;) {
      const page = await session.query('logs.search', {
        ...filter,
        limit: Math.min(mostLogLines, limit - found),
        ...(before === undefined ? {} : { before }),
      })
      found += page.lines.length
      yield page
      if (page.older === null || found >= limit) return
      before = page.older
      const back = page.searchedTo === null ? '' : `, searched back to ${localTime(page.searchedTo)}`
      progress.show(`${plural(found, 'record')}${back}`, null)
    }
  } finally {
    progress.clear()
  }
}

/** The newest that match, in the order of time, and where to go on from with what comes after them. */
export async function newest(
  session: Session,
  filter: LogFilter,
  limit: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly newer: string }> {
  const pages: LogPage[] = []
  for await (const page of pagesBack(session, filter, limit)) pages.push(page)
  return { lines: pages.toReversed().flatMap(({ lines }) => lines), newer: pages[0]?.newer ?? '' }
}

/** Lines that stand together in the log of an app. */
export interface Passage {
  readonly app: string
  readonly lines: LogLine[]
}

/** What stands around records in the logs of their apps, `count` lines before and after; passages that meet are one. */
export async function passages(
  session: Session,
  records: readonly LogLine[],
  count: number,
): Promise<readonly Passage[]> {
  const found: Passage[] = []
  const last = new Map<string, Passage>()
  for (const record of records) {
    const { app } = record
    const lines = await around(session, record, count)
    const known = last.get(app)
    const ids = new Set(known?.lines.map((line) => line.id))
    if (known !== undefined && lines.some((line) => ids.has(line.id)))
      known.lines.push(...lines.filter((line) => !ids.has(line.id)))
    else {
      const passage = { app, lines: [...lines] }
      found.push(passage)
      last.set(app, passage)
    }
  }
  return found
}

/** A record that went meanwhile, because it was the oldest, stands alone. */
async function around(session: Session, record: LogLine, count: number): Promise<readonly LogLine[]> {
  try {
    return await session.query('logs.around', { id: record.id, before: count, after: count })
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return [record]
    throw error
  }
}
