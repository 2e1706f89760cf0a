import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from './followed.fixture.ts'
import { Glob, type GlobOptions } from './globs.ts'

let folder = temporaryFolder()
let glob: Glob | null = null

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  await glob?.dispose()
  folder.remove()
})

function write(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(folder.file(`${name}/..`), { recursive: true })
    writeFileSync(folder.file(name), `${name}\n`)
  }
}

async function look(pattern: string, options?: GlobOptions): Promise<string[]> {
  await glob?.dispose()
  glob = new Glob(folder.path, pattern, options)
  await glob.look()
  return names()
}

const names = () => (glob?.files ?? []).map((file) => relative(folder.path, file))

/** Waits until the files are these. */
async function become(...expected: readonly string[]): Promise<void> {
  while (names().join() !== expected.join())
    await new Promise<void>((resolve) => {
      const listening = glob?.changed.on(() => {
        void listening?.dispose()
        resolve()
      })
    })
}

test('names in one folder, and in any below it', async () => {
  write(
    'logs/a.log',
    'logs/b.log',
    'logs/c.txt',
    'logs/x/d.log',
    'logs/x/y/e.log',
    'logs/.hidden.log',
    'f.log',
  )
  expect(await look('logs/*.log')).toEqual(['logs/a.log', 'logs/b.log'])
  expect(await look('logs/?.log')).toEqual(['logs/a.log', 'logs/b.log'])
  expect(await look('logs/*/*.log')).toEqual(['logs/x/d.log'])
  expect(await look('logs/**/*.log')).toEqual(['logs/a.log', 'logs/b.log', 'logs/x/d.log', 'logs/x/y/e.log'])
  expect(await look('*/x/*')).toEqual(['logs/x/d.log'])
  expect(await look(folder.file('*.log'))).toEqual(['f.log'])
  expect(await look('./logs/../*.log')).toEqual(['f.log'])
  expect(await look('logs/*.log[')).toEqual([])
})

test('a path without a wildcard is that file, whether it is there or not', async () => {
  expect(await look('logs/app.log')).toEqual(['logs/app.log'])
  expect(await look('logs/app.log.1')).toEqual(['logs/app.log.1'])
})

test('what a rotation made of a file is none to follow, and nothing packed is', async () => {
  write('a.log', 'a.log.1', 'a.log.2.gz', 'a.log-20260131', 'a.log.old', 'other.gz', 'worker.1', 'a.log2')
  expect(await look('*')).toEqual(['a.log', 'a.log2', 'worker.1'])
})

test('files and folders that come and go', async () => {
  expect(await look('logs/**/*.log')).toEqual([])
  write('logs/a.log')
  await become('logs/a.log')
  write('logs/x/b.log')
  await become('logs/a.log', 'logs/x/b.log')
  rmSync(folder.file('logs/a.log'))
  await become('logs/x/b.log')
})

test('a file that was rotated away is followed still, though it is not there', async () => {
  write('a.log')
  expect(await look('*.log*')).toEqual(['a.log'])
  renameSync(folder.file('a.log'), folder.file('a.log.1'))
  await glob?.look()
  expect(names()).toEqual(['a.log'])
})

test('links that lead in a circle end, and links to files are followed', async () => {
  write('logs/a.log', 'elsewhere/b.txt')
  symlinkSync(folder.file('logs'), folder.file('logs/again'))
  symlinkSync(folder.path, folder.file('logs/up'))
  symlinkSync(folder.file('elsewhere/b.txt'), folder.file('logs/b.log'))
  symlinkSync(folder.file('nowhere'), folder.file('logs/c.log'))
  symlinkSync(folder.file('logs/d.log'), folder.file('logs/d.log'))
  expect(await look('logs/**/*.log')).toEqual(['logs/a.log', 'logs/b.log'])
})

test('no more files than a bound, which is said', async () => {
  write(...Array.from({ length: 30 }, (_, n) => `${n + 10}.log`))
  expect(await look('*.log', { mostFiles: 20 })).toHaveLength(20)
  expect(glob?.problem).toBe('matches more than 20 files; the others are not followed')
  expect(await look('*.log', { mostFiles: 30 })).toHaveLength(30)
  expect(glob?.problem).toBeNull()
})
