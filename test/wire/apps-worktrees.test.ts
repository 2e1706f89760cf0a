import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'

const rounds = scale(3, 100)

/** A repository with one app that asks for a port, and a second worktree of it. */
function repository(folder: string): { readonly main: string; readonly feature: string } {
  const main = path.join(folder, 'shop')
  const feature = path.join(folder, 'other-place')
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args], { cwd: main })
  mkdirSync(main)
  writeFileSync(path.join(main, 'Procfile'), 'web: exec node server.cjs\n')
  writeFileSync(path.join(main, 'quantum.config.yaml'), 'admin: { name: shop, run: { port: 3456 } }\n')
  writeFileSync(
    path.join(main, 'server.cjs'),
    `require('http').createServer((_, answer) => answer.end(__dirname)).listen(process.env.PORT, '127.0.0.1')`,
  )
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '.')
  git('commit', '--quiet', '--message', 'shop')
  git('worktree', 'add', '--quiet', '-b', 'feature/x', feature)
  return { main, feature }
}

test.runIf(withPeers('git'))(
  'two worktrees of one repository run side by side, each on a port of its own',
  async () => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-worktrees-')))
    const daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    const client = daemon.client()
    try {
      const folders = repository(folder)
      for (const one of [folders.main, folders.feature]) await client.call('apps.add', { folder: one })
      const { rows } = await client.call('apps.list', {})
      expect(rows.map(({ name, branch }) => [name, branch])).toEqual([
        ['shop', null],
        ['shop@feature/x', 'feature/x'],
      ])
      for (let round = 0; round < rounds; round++) {
        const started = await Promise.all(rows.map(({ name }) => client.call('apps.start', { app: name })))
        expect(new Set(started.map(({ port }) => port)).size).toBe(2)
        for (const { url, folder: own } of started)
          expect(await (await fetch(url ?? '', { headers: { connection: 'close' } })).text()).toBe(own)
        await Promise.all(rows.map(({ name }) => client.call('apps.stop', { app: name })))
        expect(appProcesses(folder)).toEqual([])
        // The next round has to choose the ports anew.
        for (const { name } of rows) await client.call('leases.release', { name })
      }
      figure('worktrees', `${rounds} rounds of two worktrees side by side: 0 port clashes`)
    } finally {
      await client.dispose()
      await daemon.stop()
      for (const { pid } of appProcesses(folder)) process.kill(pid, 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
