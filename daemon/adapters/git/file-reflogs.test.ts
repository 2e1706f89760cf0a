import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simpleGit } from 'simple-git'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileReflogs } from './file-reflogs.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qa-reflog-'))
  mkdirSync(join(folder, 'main', 'app'), { recursive: true })
  const git = simpleGit(join(folder, 'main'))
  await git.init(['--initial-branch', 'main'])
  await git.addConfig('user.email', 'a@example.com').addConfig('user.name', 'Ann <the> First')
  await git.commit('first', ['--allow-empty'])
  await git.checkout(['-b', 'next'])
  await git.raw(['worktree', 'add', '-b', 'side', join(folder, 'side')])
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('what git notes of HEAD is read in a repository, below it and in a worktree', async () => {
  const moves = await fileReflogs.moves(join(folder, 'main', 'app'))
  expect(moves.map(({ message }) => message)).toEqual([
    'commit (initial): first',
    'checkout: moving from main to next',
  ])
  expect(Math.abs((moves[1]?.at ?? 0) - Date.now())).toBeLessThan(60_000)
  expect((await fileReflogs.moves(join(folder, 'side'))).length).toBeGreaterThan(0)
  expect(await fileReflogs.moves(folder)).toEqual([])
})

test.runIf(process.platform !== 'win32')('a pipe in the place of a note holds nobody up', async () => {
  const bad = join(folder, 'bad')
  mkdirSync(join(bad, '.git', 'logs'), { recursive: true })
  execFileSync('mkfifo', [join(bad, '.git', 'logs', 'HEAD')])
  expect(await fileReflogs.moves(bad)).toEqual([])
})
