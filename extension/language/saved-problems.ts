import * as path from 'node:path'
import type { AppProblem, AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'

/** What the language server tells of a text. */
export interface Told {
  readonly message: string
  readonly code: string
}

/** What the daemon says of a file in the folder of an app, as it was saved. */
export const problemsIn = ({ problems, folder }: Pick<AppRow, 'problems' | 'folder'>, name: string) =>
  problems.filter(({ file, line }) => file === path.join(folder, name) && line !== null)

/** A connector that did not work when it was last tested. */
export type PlacedFailure = Pick<ConnectorRow, 'name' | 'reason' | 'advice'> & { readonly line: number }

/** The datasources of a file in the folder of an app that did not work when they were last tested. */
export const failedIn = (
  rows: readonly ConnectorRow[],
  { name: app, folder }: Pick<AppRow, 'name' | 'folder'>,
  file: string,
): readonly PlacedFailure[] =>
  rows
    .filter((row) => row.app === app && row.file === path.join(folder, file))
    .filter(({ status }) => status === 'disconnected' || status === 'error')
    .flatMap(({ name, reason, advice, line }) => (line === null ? [] : [{ name, reason, advice, line }]))

/**
 * Brings the server's word on a text and the daemon's word on the same text together.
 * @param saved - null where the daemon has not read what the editor shows.
 * @returns what of the server's is right, and what only the daemon knows.
 */
export function judged<T>(
  ofText: readonly T[],
  told: (one: T) => Told,
  saved: readonly AppProblem[] | null,
): { readonly right: readonly T[]; readonly more: readonly AppProblem[] } {
  if (saved === null) return { right: ofText, more: [] }
  const messages = new Set(saved.map(({ message }) => message))
  // A variable may be set for the daemon, and not for VS Code.
  const right = ofText.filter((one) => told(one).code !== 'unset-variable' || messages.has(told(one).message))
  // By their words, not their places: what moved with the text must not be told twice.
  const known = new Set(right.map((one) => told(one).message))
  return { right, more: saved.filter(({ message }) => !known.has(message)) }
}
