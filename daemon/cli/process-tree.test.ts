import { expect, test } from 'vitest'
import type { ProcessRow } from '#contract/resources.ts'
import { orderedTree } from './process-tree.ts'

const row = (pid: number, ppid: number): ProcessRow => ({
  pid,
  ppid,
  name: `p${pid}`,
  command: null,
  cwd: null,
  user: null,
  startedAt: null,
  cpuPercent: null,
  memoryBytes: null,
  ports: [],
  container: null,
  app: null,
  kind: 'other',
})
const draw = (rows: readonly ProcessRow[]) =>
  orderedTree(rows).map(({ row, branch }) => `${branch}${row.pid}`)

test('children stand under their parents, in the order given', () => {
  expect(draw([row(1, 0), row(5, 1), row(2, 1), row(7, 5), row(9, 7), row(3, 2), row(40, 99)])).toEqual([
    '1',
    '├─ 5',
    '│  └─ 7',
    '│     └─ 9',
    '└─ 2',
    '   └─ 3',
    '40',
  ])
})

test('a chain of ten thousand is no stack overflow', () => {
  const chain = Array.from({ length: 10_000 }, (_, index) => row(index + 1, index))
  expect(orderedTree(chain)).toHaveLength(10_000)
})

test('a process that is its own parent is shown once', () => {
  expect(draw([row(4, 4), row(6, 4)])).toEqual(['4', '└─ 6'])
})
