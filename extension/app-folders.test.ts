import { expect, test } from 'vitest'
import type { AppRow } from '#contract/apps.ts'
import { appFolders, worstOf } from './app-folders.ts'

const row = (name: string, folder: string, values: Partial<AppRow> = {}): AppRow => ({
  name,
  kind: 'node',
  folder,
  branch: null,
  state: 'stopped',
  reason: null,
  pid: null,
  port: null,
  url: null,
  startedAt: null,
  restarts: 0,
  cpuPercent: null,
  memoryBytes: null,
  problems: [],
  containers: [],
  restartToApply: [],
  ...values,
})
const shop = { name: 'shop', folder: '/home/ana/shop' }
const blog = { name: 'blog', folder: '/home/ana/blog' }
const rows = [
  row('api', '/home/ana/shop/api'),
  row('blog', '/home/ana/blog'),
  row('web', '/home/ana/shop/web'),
  row('shopping', '/home/ana/shopping'),
]
const told = (folders: Parameters<typeof appFolders>[1], of = rows) =>
  appFolders(of, folders)?.map(({ name, rows: own }) => [name, ...own.map((one) => one.name)]) ?? null

test('apps are told apart by the folder of the workspace that they are in, those in none come last', () => {
  expect(told([shop, blog])).toEqual([
    ['shop', 'api', 'web'],
    ['blog', 'blog'],
    [null, 'shopping'],
  ])
  const inside = { name: 'inside', folder: '/home/ana/shop/web' }
  expect(told([shop, inside], rows.slice(0, 3))).toEqual([
    ['shop', 'api'],
    ['inside', 'web'],
    [null, 'blog'],
  ])
})

test('nothing is told apart with one folder, or when one folder has all apps', () => {
  expect(told([shop])).toBeNull()
  expect(told([])).toBeNull()
  expect(told([shop, blog], [row('api', '/home/ana/shop/api')])).toBeNull()
})

test('the worst of several states is shown, and of two alike the one with a reason', () => {
  const worst = (...of: readonly Partial<AppRow>[]) =>
    worstOf(of.map((values, index) => row(String(index), '/', values)))?.name
  expect(worst({ state: 'running' }, { state: 'failed' }, { state: 'waiting' })).toBe('1')
  expect(worst({ state: 'stopped' }, { state: 'running' })).toBe('1')
  expect(worst({ state: 'running' }, { state: 'running', reason: 'its port does not answer' })).toBe('1')
  expect(worst({ state: 'stopped', reason: 'it ended' }, { state: 'running' })).toBe('1')
  expect(worstOf([])).toBeUndefined()
})
