import type { LogSourceRow } from '#contract/logs.ts'
import { logKinds, type LogKind } from '#contract/log-words.ts'
import type { Readers } from './readers.ts'
import type { LogStore } from './segments/log-store.ts'
import { relative } from 'node:path'

interface Sum {
  lines: number
  bytes: number
  newest: number
  kind: LogKind
}

/** What is read, and what is kept of it and of what was read before. */
export function sourceRows(
  store: LogStore,
  readers: Readers,
  containers: readonly Pick<LogSourceRow, 'app' | 'source' | 'kind' | 'problem'>[],
  apps: readonly string[] | undefined,
): readonly LogSourceRow[] {
  const rows = new Map<string, LogSourceRow>()
  const isAsked = (app: string): boolean => apps === undefined || apps.includes(app)
  for (const { pattern, problem } of readers.lacking) {
    const { app, folder, file, kind } = pattern
    const source = relative(folder, file)
    if (isAsked(app))
      rows.set(`${app}\0${source}`, { app, source, kind, problem, lines: 0, bytes: 0, newest: null })
  }
  for (const { input, problem } of readers.all) {
    const { app, source, kind } = input
    if (isAsked(app))
      rows.set(`${app}\0${source}`, { app, source, kind, problem, lines: 0, bytes: 0, newest: null })
  }
  for (const { app, source, kind, problem } of containers)
    if (isAsked(app))
      rows.set(`${app}\0${source}`, { app, source, kind, problem, lines: 0, bytes: 0, newest: null })
  for (const app of store.apps.filter(isAsked))
    for (const [source, { lines, bytes, newest, kind }] of sumsOf(store, app)) {
      const row = rows.get(`${app}\0${source}`) ?? { app, source, kind, problem: null }
      const damaged = store.damagedOf(app)
      const damage = damaged === 0 ? null : `${damaged} bytes of what was kept of this app are damaged`
      rows.set(`${app}\0${source}`, {
        ...row,
        problem: row.problem ?? store.problemOf(app) ?? damage,
        lines,
        bytes,
        newest: new Date(newest).toISOString(),
      })
    }
  return [...rows.values()].toSorted((a, b) => compare(a.app, b.app) || compare(a.source, b.source))
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function sumsOf(store: LogStore, app: string): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const { facts } of store.blocks([app]))
    for (const [index, source] of facts.sources.entries()) {
      const [records = 0, bytes = 0] = facts.shares[index] ?? []
      const sum = sums.get(source) ?? { lines: 0, bytes: 0, newest: 0, kind: kindIn(facts.kinds) }
      sum.lines += records
      sum.bytes += bytes
      sum.newest = Math.max(sum.newest, facts.maxTime)
      sums.set(source, sum)
    }
  return sums
}

/** The first kind of a set of bits. */
const kindIn = (kinds: number): LogKind =>
  logKinds.find((_, place) => (kinds & (1 << place)) !== 0) ?? 'application'
