import { readFileSync, readdirSync } from 'node:fs'
import * as path from 'node:path'
import { inRoot } from './paths.ts'

/** What a line of test/corpora/logs is labelled with, by hand. */
export interface LabelledLine {
  readonly text: string
  readonly time: number | null
  readonly level: string | null
  readonly kind: string | null
  readonly continues: boolean
  readonly messageAt: number
}

/** Lines of one source, in the order they were written. */
export interface LabelledSource {
  readonly name: string
  readonly lines: readonly LabelledLine[]
}

/** Now, for the lines of the corpus; most are of the day before. */
export const corpusNow = Date.UTC(2026, 10, 23, 12)
/** The system's zone while they are read. */
export const corpusZone = 'America/Sao_Paulo'
const zoneOffset = '-03:00'
const corpusDay = '2026-11-22'

const levels: Readonly<Record<string, string>> = {
  T: 'trace',
  D: 'debug',
  I: 'info',
  W: 'warn',
  E: 'error',
  F: 'fatal',
}
const kinds: Readonly<Record<string, string>> = { d: 'database', a: 'access' }

/**
 * All sources of the corpus. A line is `LEVEL TIME FLAGS│TEXT`: the level's first letter or `-`, the time with the day
 * and the zone left out where they are the corpus' own, `d` and `a` for the kind, `+` for a line that goes on; `+│TEXT`
 * alone is one that says nothing itself. In the text `¶` is where the message begins, `␛` an escape, `␉` a tab. `---`
 * begins another source. What has no `│` is a remark.
 */
export function logCorpus(): readonly LabelledSource[] {
  const folder = inRoot('test/corpora/logs')
  return readdirSync(folder).flatMap((file) => sourcesOf(file, readFileSync(path.join(folder, file), 'utf8')))
}

function sourcesOf(file: string, text: string): readonly LabelledSource[] {
  const name = path.basename(file, '.txt')
  return text.split('\n---\n').map((part) => {
    let kind: string | null = null
    const lines = part.split('\n').flatMap((line) => {
      const bar = line.indexOf('│')
      if (bar < 0) return []
      const labelled = labelledLine(line.slice(0, bar), line.slice(bar + 1), kind)
      kind = labelled.kind
      return [labelled]
    })
    return { name, lines }
  })
}

function labelledLine(label: string, raw: string, kindBefore: string | null): LabelledLine {
  const marked = raw.replaceAll('␛', '\u001b').replaceAll('␉', '\t')
  const messageAt = Math.max(0, marked.indexOf('¶'))
  const text = marked.replace('¶', '')
  const [level = '', time = '', flags = ''] = label.trim() === '+' ? ['-', '-', '+'] : label.trim().split(' ')
  const continues = flags.includes('+')
  const kind = kinds[flags.replace('+', '')] ?? (continues ? kindBefore : null)
  return { text, time: timeOf(time), level: levels[level] ?? null, kind, continues, messageAt }
}

function timeOf(label: string): number | null {
  if (label === '-') return null
  const dated = label.includes('T') ? label : `${corpusDay}T${label}`
  const time = Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(dated.slice(10)) ? dated : dated + zoneOffset)
  if (Number.isNaN(time)) throw new Error(`No time in the corpus: ${label}`)
  return time
}
