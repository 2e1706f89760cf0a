import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { SimpleGitAdapter } from './simple-git.ts'

let folder = ''
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd,
    stdio: 'pipe',
  })

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'qa-git-')))
  mkdirSync(join(folder, 'shop/src/deep'), { recursive: true })
  mkdirSync(join(folder, 'plain'))
  git(join(folder, 'shop'), 'init', '-q', '-b', 'main')
  git(join(folder, 'shop'), 'commit', '-q', '--allow-empty', '-m', 'first')
  git(join(folder, 'shop'), 'worktree', 'add', '-q', '-b', 'fix/cart', join(folder, 'shop-fix'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const worktreeOf = (path: string) => new SimpleGitAdapter({ clock: systemClock }).worktreeOf(path)

test('a folder deep inside a checkout is told with its top, branch and repository', async () => {
  const shop = join(folder, 'shop')
  expect(await worktreeOf(join(shop, 'src/deep'))).toEqual({ path: shop, branch: 'main', repository: shop })
})

test('a linked worktree names its own folder and branch, and the main repository', async () => {
  expect(await worktreeOf(join(folder, 'shop-fix'))).toEqual({
    path: join(folder, 'shop-fix'),
    branch: 'fix/cart',
    repository: join(folder, 'shop'),
  })
})

test('a detached HEAD has no branch', async () => {
  const detached = join(folder, 'detached')
  git(join(folder, 'shop'), 'worktree', 'add', '-q', '--detach', detached)
  expect(await worktreeOf(detached)).toMatchObject({ path: detached, branch: null })
})

test('a folder outside any repository, and one that is gone, have no worktree', async () => {
  expect(await worktreeOf(join(folder, 'plain'))).toBeNull()
  expect(await worktreeOf(join(folder, 'no such folder'))).toBeNull()
})

test('asking runs nothing that the repository names', async () => {
  const shop = join(folder, 'trap')
  const canary = join(folder, 'canary')
  mkdirSync(join(shop, '.trap'), { recursive: true })
  git(shop, 'init', '-q', '-b', 'main')
  git(shop, 'commit', '-q', '--allow-empty', '-m', 'first')
  const trap = join(shop, '.trap/run')
  writeFileSync(trap, `#!/bin/sh\ntouch ${canary}\nsleep 30\n`)
  chmodSync(trap, 0o755)
  for (const key of ['core.fsmonitor', 'core.pager', 'core.editor', 'core.sshCommand', 'credential.helper'])
    git(shop, 'config', key, trap)
  git(shop, 'config', 'core.hooksPath', join(shop, '.trap'))
  expect(await worktreeOf(shop)).toMatchObject({ path: shop, branch: 'main' })
  expect(() => realpathSync(canary)).toThrow()
})
