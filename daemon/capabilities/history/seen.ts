import { basename } from 'node:path'
import type { HistoryKind, HistoryTurn } from '#contract/history.ts'
import type { KeyChange } from './config-keys.ts'
import { namesOfKey } from './named-things.ts'
import type { TreeChange } from './tree-changes.ts'

/** Something that was seen to happen, before it has a number. Times in milliseconds since the epoch. */
export interface Seen {
  /** The same for what is seen twice. */
  readonly key: string
  readonly kind: HistoryKind
  readonly turn: HistoryTurn
  readonly at: number
  readonly after: number | null
  readonly app: string | null
  readonly title: string
  readonly detail: string | null
  readonly file: string | null
  readonly line: number | null
  readonly names: readonly string[]
}

const mostNames = 20
const mostShown = 3

export const listed = (names: readonly string[]): string => {
  const shown = names.slice(0, mostShown)
  const more = names.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

interface Place {
  readonly app: string
  readonly absolute: (path: string) => string
}

/** What of `quantum.config.yaml` is for the daemon and not for the app: it has its effect at once. */
const ofDaemon = /^admin\.(?!run\b)\w+/

/** @param keys - that hold something else; null when it cannot be understood, now or before. */
export function configSeen(
  place: Place,
  change: TreeChange,
  keys: readonly KeyChange[] | null,
): readonly Seen[] {
  const { path, at, after, turn } = change
  const common = { kind: 'config', at, after, app: place.app, file: place.absolute(path) } as const
  const key = `config ${place.app} ${path} ${at}`
  if (keys === null) {
    const title = `${path} was ${turn === 'added' ? 'added' : 'changed'}`
    const detail = 'It cannot be understood, so which keys were changed is not known.'
    return [{ ...common, key, turn: 'changed', title, detail, line: null, names: [path, basename(path)] }]
  }
  if (keys.length === 0) {
    const title = `${path} was written; its keys hold what they held`
    return [{ ...common, key, turn: 'data', title, detail: null, line: null, names: [basename(path)] }]
  }
  const isOurs = ({ path: name }: KeyChange): boolean => ofDaemon.test(name)
  const parts = /^quantum\.config\.ya?ml$/.test(path)
    ? [keys.filter((one) => !isOurs(one)), keys.filter(isOurs)]
    : [keys]
  return parts.flatMap((those, index) => {
    if (those.length === 0) return []
    const told = those.map((one) => (one.turn === 'changed' ? one.path : `${one.path} (${one.turn})`))
    const names = those.flatMap((one) => (one.key === null ? [lastOf(one.path)] : namesOfKey(one.key)))
    const sections = index === 0 ? [] : those.map((one) => ofDaemon.exec(one.path)?.[0] ?? '')
    return [
      {
        ...common,
        key: `${key} ${index}`,
        turn: turn === 'added' ? 'added' : 'changed',
        title: `${path}: ${listed(told)} changed`,
        detail: told.length > mostShown ? told.slice(0, mostNames).join(', ') : null,
        line: those.find((one) => one.key !== null)?.key?.line ?? null,
        names: [...new Set([basename(path), ...sections, ...names])].slice(0, mostNames),
      },
    ]
  })
}

const lastOf = (path: string): string => path.split('.').at(-1) ?? path

const words: Readonly<Record<TreeChange['turn'], string>> = {
  added: 'added',
  changed: 'changed',
  removed: 'removed',
  permissions: 'given other permissions',
  data: 'written to',
}

/** Files that were changed together. */
export function filesSeen({ app, absolute }: Place, group: readonly TreeChange[]): Seen | null {
  const [first] = group
  if (first === undefined) return null
  const paths = group.map(({ path }) => path)
  const turns = new Set(group.map(({ turn }) => turn))
  const word = turns.size === 1 ? words[first.turn] : 'changed'
  return {
    key: `files ${app} ${first.turn} ${first.path} ${first.at}`,
    kind: 'files',
    turn: turns.size === 1 ? first.turn : 'changed',
    at: first.at,
    after: first.after,
    app,
    title: `${listed(paths)} ${paths.length === 1 ? 'was' : 'were'} ${word}`,
    detail: first.modes === null ? null : `from ${modeText(first.modes[0])} to ${modeText(first.modes[1])}`,
    file: first.turn === 'removed' ? null : absolute(first.path),
    line: null,
    names: [...new Set(paths.flatMap((path) => [path, basename(path)]))].slice(0, mostNames),
  }
}

/** As `ls -l` shows it. */
const modeText = (mode: number): string =>
  [6, 3, 0]
    .map((shift) => (mode >> shift) & 7)
    .map((bits) => `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`)
    .join('')
