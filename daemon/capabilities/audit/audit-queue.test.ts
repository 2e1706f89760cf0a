import { expect, test } from 'vitest'
import { AuditQueue, type Entry } from './audit-queue.ts'
import { outcomeDraft } from './audit-draft.ts'

const entry = (kind: Entry['kind']): Entry => ({
  kind,
  drafts: [outcomeDraft(1, { outcome: 'ok' })],
  done: () => undefined,
  failed: () => undefined,
})

test('however much is owed, something that waits is taken too: it is told at last that nothing can be written', () => {
  const queue = new AuditQueue()
  for (let n = 0; n < 10_000; n++) queue.owe(entry('outcome'))
  const intents = [entry('intent'), entry('intent')]
  for (const intent of intents) queue.add(intent)
  const batch = queue.take()
  expect(batch).toHaveLength(10_001)
  expect(batch.at(-1)).toBe(intents[0])
  expect(queue.waiting).toBe(1)
  expect(queue.take()).toEqual([intents[1]])
})
