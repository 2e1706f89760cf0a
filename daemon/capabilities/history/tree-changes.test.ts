import { expect, test } from 'vitest'
import type { Tree, TreeEntry } from '../../adapters/project/trees.ts'
import { together, treeChanges } from './tree-changes.ts'

const entry = (said: Partial<TreeEntry> = {}): TreeEntry => ({
  kind: 'file',
  size: 10,
  modifiedAt: 100,
  changedAt: 100,
  bornAt: 100,
  mode: 0o644,
  owner: 0,
  identity: '1:1',
  ...said,
})
const folder = (said: Partial<TreeEntry> = {}) => entry({ kind: 'folder', size: 0, ...said })
const tree = (takenAt: number, entries: Readonly<Record<string, TreeEntry>>, isCut = false): Tree => ({
  takenAt,
  entries: new Map(Object.entries({ '': folder(), ...entries })),
  isCut,
  disks: [],
})
const brief = (before: Tree, now: Tree) =>
  treeChanges(before, now).map(({ path, turn, at, after }) => [path, turn, at, after])

test('what was written, added, removed or closed to readers is told with its time', () => {
  const before = tree(1000, { a: entry(), b: entry({ identity: '1:2' }), c: entry({ identity: '1:3' }) })
  const now = tree(9000, {
    '': folder({ modifiedAt: 4000, changedAt: 4000 }),
    a: entry({ modifiedAt: 2000, changedAt: 2000, size: 12 }),
    b: entry({ identity: '1:2', changedAt: 3000, mode: 0 }),
    d: entry({ identity: '1:4', bornAt: 3500, changedAt: 3500, modifiedAt: 3500 }),
  })
  expect(brief(before, now)).toEqual([
    ['a', 'changed', 2000, null],
    ['b', 'permissions', 3000, null],
    ['d', 'added', 3500, null],
    ['c', 'removed', 4000, null],
  ])
})

test('a time that a program has set is not believed', () => {
  const now = tree(9000, { a: entry({ modifiedAt: 50, changedAt: 2500, size: 12 }) })
  expect(brief(tree(1000, { a: entry() }), now)).toEqual([['a', 'changed', 2500, null]])
})

test('what programs write is data, until it is gone or another', () => {
  const before = tree(1000, { 'x.db': entry(), 'app.log': entry({ identity: '1:2' }) })
  const wrote = { modifiedAt: 2000, changedAt: 2000, size: 20 }
  const now = tree(9000, { 'x.db': entry(wrote), 'app.log': entry({ identity: '1:2', ...wrote }) })
  expect(brief(before, now).map(([, turn]) => turn)).toEqual(['data', 'data'])
  expect(brief(before, tree(9000, { 'x.db': entry({ ...wrote, identity: '1:9' }) }))).toEqual([
    ['x.db', 'changed', 2000, null],
  ])
  expect(brief(before, tree(9000, { 'app.log': entry({ identity: '1:2' }) }))).toEqual([
    ['x.db', 'removed', 9000, 1000],
  ])
})

test('of a folder that was not looked through nothing is said to be new or gone', () => {
  expect(brief(tree(1000, { a: entry() }), tree(9000, {}, true))).toEqual([])
  expect(brief(tree(1000, {}, true), tree(9000, { a: entry({ bornAt: 5000 }) }))).toEqual([])
})

test('what came together is one', () => {
  const at = (path: string, time: number, turn: 'changed' | 'removed' = 'changed') => ({
    path,
    turn,
    at: time,
    after: null,
    modes: null,
  })
  const groups = together([at('a', 0), at('b', 900), at('c', 950, 'removed'), at('d', 1800), at('e', 9000)])
  expect(groups.map((group) => group.map(({ path }) => path))).toEqual([['a', 'b', 'd'], ['c'], ['e']])
})
