import { existsSync } from 'node:fs'
import * as path from 'node:path'
import type { ErrorCode } from '#contract/errors.ts'
import { packageFolder } from './session.ts'

/** Where the documentation stands on the web, where somebody has set that. */
export function docsUrl(env = process.env): URL | null {
  const text = env['QUANTUM_ADMIN_DOCS_URL']
  if (text === undefined || text === '') return null
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) ? url : null
}

/** The documentation that ships with the program. */
export const docsFolder = (): string => path.join(packageFolder(), 'docs')

/** Address or file of the page about one error. */
export function documentOf(code: ErrorCode): string {
  const url = docsUrl()
  if (url !== null) return pageUrl(url, `errors/${code}.md`).href
  return path.join(docsFolder(), 'errors', `${code}.md`)
}

/** A page's address below the documentation's own, which may have a path and a query. */
export function pageUrl(base: URL, page: string): URL {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${page}`
  return url
}

/** The shipped file of a page's short name (`teams`, `port-in-use`), or null. */
export function pageFile(name: string): string | null {
  // A page is a name, never a path: nothing outside the folder is opened.
  if (!/^[a-z][a-z-]*$/.test(name)) return null
  const candidates = [path.join(docsFolder(), `${name}.md`), path.join(docsFolder(), 'errors', `${name}.md`)]
  return candidates.find((file) => existsSync(file)) ?? null
}

/** The shipped first page, or null. */
export function indexFile(): string | null {
  const file = path.join(docsFolder(), 'README.md')
  return existsSync(file) ? file : null
}
