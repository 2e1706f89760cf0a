import type { LogFilter, LogLine, LogPage } from '#contract/logs.ts'
import { mostLogLines } from '#contract/log-words.ts'
import type { Ask } from '../document-texts.ts'
import type { PageFilter } from '../../webviews/logs/view.ts'

/** What a page may ask for, of the apps that it is the page of: null for all. */
export const filterFor = (app: string | null, filter: PageFilter): LogFilter =>
  app === null ? filter : { ...filter, apps: [app] }

/** Pages of what matches, the newest first, until there is none or nobody asks for the next. */
export async function* pagesOf(ask: Ask, filter: LogFilter): AsyncGenerator<LogPage> {
  for (let before: string | null | undefined; before !== null;) {
    const cursor: { readonly before?: string } = before === undefined ? {} : { before }
    const page: LogPage = await ask('logs.search', { ...filter, ...cursor, limit: mostLogLines })
    yield page
    before = page.older
  }
}

/** The newest lines that match, in the order of time, and whether there are more. */
export async function newestLines(
  ask: Ask,
  filter: LogFilter,
  most: number,
): Promise<{ readonly lines: readonly LogLine[]; readonly newer: string | null; readonly more: boolean }> {
  const pages: (readonly LogLine[])[] = []
  let newer: string | null = null
  let count = 0
  for await (const page of pagesOf(ask, filter)) {
    newer ??= page.newer
    pages.unshift(page.lines)
    count += page.lines.length
    if (count >= most)
      return { lines: pages.flat().slice(-most), newer, more: count > most || page.older !== null }
  }
  return { lines: pages.flat(), newer, more: false }
}
