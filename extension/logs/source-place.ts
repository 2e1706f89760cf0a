import { l10n, Range, Uri, window, workspace, type ViewColumn } from 'vscode'
import * as path from 'node:path'
import { Failure } from '#base/failure.ts'
import { fileWithin } from './file-within.ts'

/** A place that a line of a log names. Nobody has looked at it: anybody may have written the line. */
export interface NamedPlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Files of one name that are looked at. */
const mostFound = 5

/** A path as the end of a pattern, in which nothing of it is a pattern. */
const literally = (file: string): string => file.replaceAll('\\', '/').replaceAll(/[*?{}[\]!]/g, '[$&]')

/**
 * Shows a place of a source beside what is open.
 * @param appFolder - of the app that wrote the line; null when it is not known.
 * @throws Failure `not-found` when it is no file of the workspace or of the app.
 */
export async function showPlace(
  place: NamedPlace,
  appFolder: string | null,
  column: ViewColumn,
): Promise<void> {
  const folders = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file')
  const roots = [...(appFolder === null ? [] : [appFolder]), ...folders.map(({ uri }) => uri.fsPath)]
  const file = (await fileWithin(place.file, roots)) ?? (await foundIn(place.file, roots))
  if (file === null)
    throw new Failure('not-found', l10n.t('{0} is no file of this workspace or of the app', place.file), {
      hint: '',
    })
  const [line, character] = [place.line - 1, place.column - 1]
  await window.showTextDocument(Uri.file(file), {
    viewColumn: column,
    preview: true,
    selection: new Range(line, character, line, character),
  })
}

/** Stacks of Java and Go name files from the root of their sources, wherever that lies. */
async function foundIn(file: string, roots: readonly string[]): Promise<string | null> {
  if (path.isAbsolute(file) || file.split(/[\\/]/).includes('..')) return null
  for (const found of await workspace.findFiles(`**/${literally(file)}`, '**/node_modules/**', mostFound)) {
    const real = found.scheme === 'file' ? await fileWithin(found.fsPath, roots) : null
    if (real !== null) return real
  }
  return null
}
