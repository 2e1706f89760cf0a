import { entryFor, pathOf, type Entry, type Outline } from './outline.ts'

/** What a value names. */
export type Reference = 'datasource' | 'app' | 'folder' | null

const named: Readonly<Record<string, Reference>> = {
  'admin.database.primary': 'datasource',
  'admin.database.fallback': 'datasource',
  'admin.run.dependsOn.*': 'app',
  'admin.include.*': 'folder',
}

/** What the value that a path leads to names; null when it names nothing. */
export const referenceAt = (path: readonly (string | number)[]): Reference =>
  named[path.map((key) => (typeof key === 'number' ? '*' : key)).join('.')] ?? null

/** The databases that a file names. */
export const datasourcesOf = (outline: Outline): readonly Entry[] =>
  entryFor(outline, ['datasources'])?.children ?? []

/** The items of the lists and the values in a file that name something of a kind. */
export const namesIn = ({ entries }: Outline, kind: Reference): readonly Entry[] =>
  entries.filter((entry) => entry.value !== null && referenceAt(pathOf(entry)) === kind)
