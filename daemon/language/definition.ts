import * as path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Location } from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import { entryAt, pathOf, type Outline } from './outline.ts'
import { datasourcesOf, referenceAt } from './references.ts'
import { rangeOf } from './texts.ts'
import type { WorkspaceFiles } from './workspace-files.ts'

export interface DefinitionDeps {
  readonly files: WorkspaceFiles
  /** The URI of an app's configuration; null when nobody knows it. */
  readonly fileOfApp: (app: string) => Promise<string | null>
}

const start = { line: 0, character: 0 }
const beginning = (uri: string): Location => ({ uri, range: { start, end: start } })

/** Where what a value names is defined: a datasource, an app, or the configuration in a folder. */
export async function definitionAt(
  document: TextDocument,
  outline: Outline,
  offset: number,
  { files, fileOfApp }: DefinitionDeps,
): Promise<Location | null> {
  const found = entryAt(outline, offset)
  const name = found?.entry.value?.text
  if (found?.part !== 'value' || name === undefined) return null
  const kind = referenceAt(pathOf(found.entry))
  if (kind === 'datasource') {
    const named = datasourcesOf(outline).find(({ key }) => key === name)
    return named === undefined ? null : { uri: document.uri, range: rangeOf(document, named.keySpan) }
  }
  if (kind === 'app') {
    const uri = await fileOfApp(name)
    return uri === null ? null : beginning(uri)
  }
  if (kind !== 'folder' || !document.uri.startsWith('file:')) return null
  const file = await files.configurationIn(path.resolve(path.dirname(fileURLToPath(document.uri)), name))
  return file === null ? null : beginning(pathToFileURL(file).href)
}
