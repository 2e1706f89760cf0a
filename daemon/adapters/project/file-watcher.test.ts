import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileWatcher } from './file-watcher.ts'

const file = 'quantum.config.yaml'
let root = ''
let watcher: FileWatcher
let heard: string[] = []

function begin(one: FileWatcher, ...folders: readonly string[]): void {
  watcher = one
  watcher.changed.on((folder) => void heard.push(folder))
  watcher.watch(folders)
}

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'qa-watch-')))
  heard = []
  watcher = new FileWatcher()
})
afterEach(async () => {
  await watcher.dispose()
  rmSync(root, { recursive: true, force: true })
})

const folder = (name: string): string => {
  mkdirSync(join(root, name), { recursive: true })
  return join(root, name)
}

/** Waits until a folder is told of, and then until all of that has been told. */
async function told(path: string): Promise<void> {
  while (!heard.includes(path)) await wait(10)
  await wait(150)
  heard = []
}

/** A system that has no watches left, as inotify without any. */
const none = (() => {
  throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
}) as never

const ways = [
  ['told by the system', () => new FileWatcher()],
  ['looked at, where the system tells nothing', () => new FileWatcher(none)],
] as const

test.each(ways)('a file that is written, replaced, deleted and made again: %s', async (_way, make) => {
  const shop = folder('shop')
  writeFileSync(join(shop, file), 'a')
  begin(make(), shop)
  await wait(100)
  writeFileSync(join(shop, file), 'abc')
  await told(shop)
  // As editors do that never leave half a file.
  writeFileSync(join(shop, '.new'), 'abcd')
  renameSync(join(shop, '.new'), join(shop, file))
  await told(shop)
  rmSync(join(shop, file))
  await told(shop)
  writeFileSync(join(shop, file), 'e')
  await told(shop)
})

test.each(ways)('a folder that goes and comes again: %s', async (_way, make) => {
  const shop = folder('shop')
  writeFileSync(join(shop, file), 'a')
  begin(make(), shop)
  await wait(100)
  rmSync(shop, { recursive: true })
  await told(shop)
  folder('shop')
  await told(shop)
  writeFileSync(join(shop, file), 'b')
  await told(shop)
})

test('a folder that another takes the place of', async () => {
  const shop = folder('shop')
  const next = folder('next')
  writeFileSync(join(next, file), 'a')
  begin(new FileWatcher(), shop)
  await wait(100)
  renameSync(shop, join(root, 'old'))
  renameSync(next, shop)
  await told(shop)
  writeFileSync(join(shop, file), 'bc')
  await told(shop)
})

test('a file behind a link, of which the system tells nothing', async () => {
  const shop = folder('shop')
  const real = join(folder('elsewhere'), file)
  writeFileSync(real, 'a')
  symlinkSync(real, join(shop, file))
  begin(new FileWatcher(), shop)
  await wait(100)
  writeFileSync(real, 'ab')
  await told(shop)
})

test('what other files hold is of no interest, and a folder is watched no longer than it is wanted', async () => {
  const [shop, api] = [folder('shop'), folder('api')]
  writeFileSync(join(shop, 'app.log'), 'a')
  writeFileSync(join(shop, file), 'a')
  begin(new FileWatcher(), shop, api)
  await wait(300)
  heard = []
  for (let line = 0; line < 100; line++) writeFileSync(join(shop, 'app.log'), 'line\n', { flag: 'a' })
  await wait(300)
  expect(heard).toEqual([])
  watcher.watch([api])
  writeFileSync(join(shop, file), 'b')
  writeFileSync(join(api, file), 'b')
  await told(api)
  expect(watcher.told).toBe(1)
})

test('two hundred folders are watched, and each is told of by its name', async () => {
  const folders = Array.from({ length: 200 }, (_, number) => folder(`app-${number}`))
  begin(new FileWatcher(), ...folders)
  expect(watcher.told).toBe(200)
  for (const one of folders) writeFileSync(join(one, file), 'a')
  while (new Set(heard).size < 200) await wait(10)
  expect(new Set(heard)).toEqual(new Set(folders))
})
