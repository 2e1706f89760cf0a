import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { describe, expect, test } from 'vitest'
import { appProcesses } from '../support/app-processes.ts'
import { startDaemon } from '../support/daemon.ts'
import { hostileNames } from '../support/hostile-names.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'

/** What makes a folder an app, with a stranger's words wherever a file of it may hold some. */
const apps: readonly ((folder: string, name: string) => void)[] = [
  (folder) => writeFileSync(path.join(folder, 'index.html'), 'hello'),
  (folder, name) => {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, main: name, version: name }))
    writeFileSync(path.join(folder, 'server.js'), server)
  },
  (folder, name) => {
    writeFileSync(path.join(folder, 'server.js'), server)
    const config = {
      name,
      admin: {
        run: { command: 'exec node server.js', env: { [`X${name.replaceAll('=', '')}`]: name, Y: name } },
      },
    }
    writeFileSync(path.join(folder, 'quantum.config.yaml'), JSON.stringify(config).replaceAll('$', '$$$$'))
  },
]
const server = `require('http').createServer((_, answer) => answer.end('hello')).listen(process.env.PORT, '127.0.0.1')`

describe.runIf(withPeers('python', 'git') && process.platform === 'linux')('S14 of apps', () => {
  test('folders, packages and variables whose names are options or commands are run as what they are', async () => {
    const base = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-s14-')))
    const daemon = await startDaemon({ env: { IFS: ' ', DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
    const client = daemon.client()
    let served = 0
    try {
      for (const [number, name] of hostileNames.entries()) {
        for (const [kind, write] of apps.entries()) {
          if (number % scale(apps.length, 1) !== kind % scale(apps.length, 1)) continue
          const folder = path.join(base, name, String(kind))
          mkdirSync(folder, { recursive: true })
          write(folder, name)
          const {
            rows: [row],
          } = await client.call('apps.add', { folder })
          expect([name, kind, row?.folder]).toEqual([name, kind, folder])
          const app = row?.name ?? ''
          const { url } = await client.call('apps.start', { app })
          expect(await (await fetch(url ?? '', { headers: { connection: 'close' } })).text()).toBe('hello')
          served++
          await client.call('apps.stop', { app })
        }
      }
      expect(appProcesses(base)).toEqual([])
      const canaries = readdirSync(base, { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith('canary'),
      )
      // The names themselves end with it.
      expect(canaries.filter((file) => !hostileNames.includes(path.basename(file)))).toEqual([])
      figure('S14', `${served} apps in folders with hostile names started, served and stopped: 0 canaries`)
    } finally {
      await client.dispose()
      await daemon.stop()
      rmSync(base, { recursive: true, force: true })
    }
  }, 120_000)
})
