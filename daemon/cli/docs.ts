import { readdirSync, readFileSync } from 'node:fs'
import { isErrorCode } from '#contract/errors.ts'
import { Failure } from '#base/failure.ts'
import { openInBrowser } from './browser.ts'
import { docsFolder, docsUrl, indexFile, pageFile, pageUrl } from './documents.ts'
import type { Output } from './output.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'

export const declare: Declare = (noun, session) => {
  noun
    .argument('[page]', 'a page, such as teams, or the code of an error')
    .action((page: string | undefined) => docs(session, page))
}

/** Opens the documentation set in QUANTUM_ADMIN_DOCS_URL in a browser, or prints the one that is shipped. */
async function docs(session: Session, page: string | undefined): Promise<void> {
  const { out } = session
  const base = docsUrl()
  const file = page === undefined ? indexFile() : pageFile(page)
  if (page !== undefined && file === null) throw unknownPage(page)
  const url =
    base === null
      ? null
      : page === undefined
        ? base
        : pageUrl(base, isErrorCode(page) ? `errors/${page}.md` : `${page}.md`)
  if (out.json) return out.data({ url: url?.href ?? null, path: file })
  if (url !== null) {
    const opened = out.interactive && (await openInBrowser(url))
    return opened ? out.note(`Opened ${url.href}`) : out.line(url.href)
  }
  if (file === null) throw new Failure('not-found', `The documentation is not in ${docsFolder()}`)
  out.lines(
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => styled(out, line)),
  )
  if (page === undefined)
    out.note(`\nPages: ${pages().join(', ')}. Read one with \`quantum-admin docs PAGE\`.`)
  out.note(out.paintNote('dim', `This is ${file}`))
}

const pages = (): string[] =>
  readdirSync(docsFolder())
    .filter((name) => /^[a-z][a-z-]*\.md$/.test(name))
    .map((name) => name.slice(0, -3))

const unknownPage = (page: string): Failure =>
  new Failure('not-found', `There is no page ${JSON.stringify(page)}`, {
    hint: `There are ${pages().join(', ')}, and one for the code of each error.`,
  })

/** Headings and commands stand out; the rest of Markdown reads well as it is. */
function styled(out: Output, line: string): string {
  const heading = /^#+ (.*)$/.exec(line)
  if (heading?.[1] !== undefined) return out.paint('bold', heading[1])
  return line.replaceAll(/`([^`]+)`/g, (_, code: string) => out.paint('cyan', code))
}
