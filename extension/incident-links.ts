import {
  DocumentLink,
  l10n,
  languages,
  Range,
  Uri,
  type Disposable,
  type DocumentLinkProvider,
  type TextDocument,
} from 'vscode'
import type { LogFilter } from '#contract/logs.ts'
import { linkMark } from './incident-text.ts'

const scheme = 'quantum-admin'

/** Makes links of the lines of an incident that lead somewhere: files, entries of the audit trail, parts of logs. */
export const registerIncidentLinks = (): Disposable =>
  languages.registerDocumentLinkProvider({ scheme }, incidentLinks)

const incidentLinks: DocumentLinkProvider = {
  async provideDocumentLinks(document: TextDocument): Promise<DocumentLink[]> {
    if (!/^incident=\d+$/.test(document.uri.query)) return []
    const { logDocumentKey } = await import('./logs/log-document.ts')
    const links: DocumentLink[] = []
    for (let line = 0; line < document.lineCount; line++) {
      const { text } = document.lineAt(line)
      if (!text.startsWith(linkMark)) continue
      const target = targetOf(text.slice(linkMark.length), logDocumentKey)
      if (target !== null)
        links.push(new DocumentLink(new Range(line, linkMark.length, line, text.length), target))
    }
    return links
  },
}

/** Where such a line leads; null for one that is none of ours. */
function targetOf(text: string, keyOf: (filter: LogFilter) => string): Uri | null {
  const [, app, since, until] = /^[^:]+: (\S+) (\S+Z) – (\S+Z)$/.exec(text) ?? []
  if (app !== undefined && since !== undefined && until !== undefined)
    return Uri.from({
      scheme,
      path: `/${app.replace(/[/\\?#]/g, '_')}.log`,
      query: `logs=${keyOf({ apps: [app], since, until })}`,
    })
  const [, file, line] = /^((?:\/|[A-Za-z]:\\).*?)(?::(\d+))?$/.exec(text) ?? []
  if (file !== undefined) return Uri.file(file).with(line === undefined ? {} : { fragment: `L${line}` })
  const [, entry] = /#(\d+)$/.exec(text) ?? []
  return entry === undefined
    ? null
    : Uri.from({ scheme, path: `/${l10n.t('Entry {0}', entry)}`, query: `entry=${entry}` })
}
