import { expect, test } from 'vitest'
import { GroupRows } from './group-rows.ts'
import type { NoteNode } from './nodes.ts'

const row = (id: string, text: string) => {
  const node: NoteNode = { kind: 'note', id, text, tooltip: '', icon: 'info' }
  return { id, look: text, node }
}

test('rows that only look different are named, and keep the object that the tree knows', () => {
  const rows = new GroupRows()
  expect(rows.update([row('a', '1'), row('b', '1')])).toBe('rows')
  const [a] = rows.nodes
  expect(rows.update([row('a', '2'), row('b', '1')])).toEqual([a])
  expect(rows.node('a')).toBe(a)
  expect(a).toMatchObject({ text: '2' })
  expect(rows.update([row('a', '2'), row('b', '1')])).toEqual([])
})

test('rows that come, go or move need the group to be asked again', () => {
  const rows = new GroupRows()
  rows.update([row('a', '1'), row('b', '1')])
  expect(rows.update([row('b', '1'), row('a', '1')])).toBe('rows')
  expect(rows.update([row('b', '1')])).toBe('rows')
  expect(rows.node('a')).toBeUndefined()
  expect(rows.update([])).toBe('rows')
  expect(rows.nodes).toEqual([])
})
