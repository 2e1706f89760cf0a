import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon } from '../support/daemon.ts'
import { figure } from '../support/scale.ts'

const count = 20

/** Answers on its port, beside a child in a group of its own that does not mind its parent's end. */
const program = `require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
require('node:http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT, '127.0.0.1')`

test('a restart of twenty apps leaves no process of the runs before behind, and a stop none at all', async () => {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-many-')))
  const daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  try {
    for (let number = 0; number < count; number++) {
      const app = path.join(folder, `app-${number}`)
      mkdirSync(app)
      writeFileSync(path.join(app, 'Procfile'), 'web: node main.cjs\n')
      writeFileSync(path.join(app, 'main.cjs'), program)
    }
    const cli = async (...args: readonly string[]) => {
      const { code, stderr } = await daemon.cli(...args)
      expect([code, stderr]).toEqual([0, ''])
    }
    await cli('apps', 'add', folder)
    await cli('apps', 'start', '--all')
    const before = appProcesses(folder)
    const runs = (processes: typeof before) => new Set(processes.map(({ run }) => run))
    expect(runs(before).size).toBe(count)
    await cli('apps', 'restart', '--all', '--yes')
    const after = appProcesses(folder)
    expect(after).toHaveLength(before.length)
    expect(runs(after).size).toBe(count)
    expect([...runs(after)].filter((run) => runs(before).has(run))).toEqual([])
    await cli('apps', 'stop', '--all', '--yes')
    expect(appProcesses(folder)).toEqual([])
    figure('restart', `${count} apps of ${before.length} processes restarted: 0 left behind`)
  } finally {
    await daemon.stop()
    for (const { pid } of appProcesses(folder)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
})
