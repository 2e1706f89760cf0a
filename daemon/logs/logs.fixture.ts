import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { logKinds, logLevels } from '#contract/log-words.ts'
import type { NewRecord } from './segments/record-batch.ts'

/** A folder that is removed when the test is over. */
export function temporaryFolder(): { readonly folder: string; readonly [Symbol.dispose]: () => void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-logs-'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Numbers that look random and are the same each time (mulberry32). */
export function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const words = [
  'order',
  'Ledger',
  'mismatch',
  'GET',
  '/cart',
  'user=7',
  'timeout',
  'ÄRGER',
  'größe',
  '\u212aelvin',
  '日本',
  'ok\nat next',
  'x',
]

export const record = (text: string | Buffer, more: Partial<NewRecord> = {}): NewRecord => ({
  time: 1_000_000,
  timeFrom: 'line',
  level: 'info',
  kind: 'application',
  source: 'output',
  format: 'plain',
  messageAt: 0,
  bytes: Buffer.from(text as string),
  ...more,
})

/** A record of any kind, about so many milliseconds after the beginning of 2026. */
export function anyRecord(next: (below: number) => number, after: number): NewRecord {
  const text = Array.from({ length: 1 + next(8) }, () => words[next(words.length)]).join(' ')
  return record(next(40) === 0 ? Buffer.from([0xff, 0xfe, 0, 65, next(256)]) : `${text} ${next(5000)}`, {
    time: Date.UTC(2026, 0, 1) + after + next(5000) - 2500,
    timeFrom: next(3) === 0 ? 'arrival' : 'line',
    level: logLevels[next(logLevels.length + 1)] ?? null,
    kind: logKinds[next(logKinds.length)] ?? 'application',
    source: ['output', 'logs/a.log', 'db'][next(3)] ?? '',
    format: ['plain', 'pino'][next(2)] ?? '',
    messageAt: next(300),
  })
}
