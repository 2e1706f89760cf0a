import { expect, test } from 'vitest'
import type { AuditEntry } from '#contract/audit.ts'
import { withNewest, withOlder, type AuditPages } from './audit-pages.ts'

const entry = (sequence: number, outcome: AuditEntry['outcome'] = 'ok'): AuditEntry => ({
  id: String(sequence),
  sequence,
  timestamp: '2026-01-01T00:00:00.000Z',
  actor: { id: 'local', name: 'ana', client: 'cli/1', address: 'local' },
  action: 'stop',
  resource: { type: 'port', id: '1', name: '1' },
  project: null,
  details: {},
  outcome,
  errorCode: null,
  durationMs: 1,
})
const page = (sequences: readonly number[], next: string | null): AuditPages => ({
  entries: sequences.map((sequence) => entry(sequence)),
  next,
})
const sequences = ({ entries }: AuditPages) => entries.map(({ sequence }) => sequence)

test('a new first page keeps the older pages that were loaded, and their cursor', () => {
  const loaded = withOlder(page([6, 5, 4], 'a'), page([3, 2, 1], null))
  const live = withNewest(loaded, page([8, 7, 6], 'b'))
  expect(sequences(live)).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
  expect(live.next).toBeNull()
})

test('a pending entry is replaced by its outcome', () => {
  const loaded: AuditPages = { entries: [entry(2, 'pending'), entry(1)], next: 'a' }
  expect(withNewest(loaded, page([2, 1], 'a')).entries[0]?.outcome).toBe('ok')
})

test('a gap between the pages is never shown as if there were none', () => {
  const live = withNewest(page([3, 2, 1], null), page([9, 8, 7], 'b'))
  expect(sequences(live)).toEqual([9, 8, 7])
  expect(live.next).toBe('b')
})
