import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as path from 'node:path'
import { atOnce, makeItems, now, type Fault } from './fault.ts'
import { signedCertificate } from './fault-tls.ts'
import { freePort } from './free-port.ts'

export const badNeighbours: readonly Fault[] = [
  {
    name: 'an app that it asks is killed',
    kinds: ['end'],
    says: /billing ended by itself.*SIGKILL/,
    build: async (world) => {
      const { app, url } = await world.billing()
      await world.shop({ env: { UPSTREAM: url } })
      return async () => {
        process.kill(await world.pid(app), 'SIGKILL')
        return now()
      }
    },
  },
  {
    name: 'an app that it asks becomes slow by its configuration',
    kinds: ['config'],
    says: /billing.*DELAY/,
    build: async (world) => {
      const { app, url } = await world.billing()
      await world.shop({ env: { UPSTREAM: url } })
      return atOnce(() => {
        world.edit('quantum.config.yaml', 'DELAY: "0"', 'DELAY: "700"', app)
        return world.restart(app)
      })
    },
  },
  {
    name: 'an app that it asks gets a mistake in its code',
    kinds: ['files'],
    says: /billing.*answer\.cjs/,
    build: async (world) => {
      const { app, url } = await world.billing()
      await world.shop({ env: { UPSTREAM: url } })
      return atOnce(() => {
        world.edit('answer.cjs', `'paid'`, 'payed', app)
        return world.restart(app)
      })
    },
  },
  {
    name: 'another server takes the place of the database',
    kinds: ['port'],
    says: /listens on port/,
    build: async (world) => {
      const { port, child } = await world.database('one')
      await world.shop({ env: { DB_PORT: port, DB_TOKEN: 'one' } })
      return async () => {
        child.kill('SIGKILL')
        await world.database('two', port)
        return now()
      }
    },
  },
  {
    name: 'a stranger takes a port that it needs',
    kinds: ['port'],
    says: /listens on port/,
    build: async (world) => {
      const port = await freePort()
      await world.shop({ env: { ADMIN_PORT: port } })
      return async () => {
        await world.client.call('apps.stop', { app: world.name })
        await world.database('', port)
        await world.client.call('apps.start', { app: world.name }).catch(() => undefined)
        return now()
      }
    },
  },
  {
    name: 'a person stops the process of the database through us',
    kinds: ['stop', 'port'],
    says: /The process .* was stopped|no longer listens/,
    build: async (world) => {
      const { port } = await world.database()
      await world.shop({ env: { DB_PORT: port } })
      return async () => {
        const { rows } = await world.client.call('ports.list', {})
        const row = rows.find((one) => one.port === port)
        const { pid = null, startedAt = null, process: name } = row ?? {}
        if (pid === null || startedAt === null) throw new Error(`Nobody holds port ${port}`)
        await world.client.call('processes.stop', { pid, startedAt, name: name ?? '', force: true })
        return now()
      }
    },
  },
]

export const badEnds: readonly Fault[] = [
  {
    name: 'it is killed',
    kinds: ['end'],
    says: /ended by itself.*SIGKILL/,
    build: async (world) => {
      await world.shop()
      return async () => {
        process.kill(await world.pid(world.name), 'SIGKILL')
        return now()
      }
    },
  },
  {
    name: 'it runs out of memory',
    kinds: ['end'],
    says: /ended by itself.*SIGABRT/,
    build: async (world) => {
      await world.shop({ command: 'exec node --max-old-space-size=40 server.cjs $PORT' })
      return async () => {
        const pid = await world.pid(world.name)
        await world.get('/leak')
        while (runs(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
        return now()
      }
    },
  },
  {
    name: 'it ends by itself at a request',
    kinds: ['end'],
    says: /ended by itself.*exit code 3/,
    build: async (world) => {
      await world.shop()
      return async () => {
        const at = Date.now()
        await world.get('/crash')
        return at
      }
    },
  },
  {
    name: 'its certificate expires',
    needs: 'faketime',
    kinds: ['certificate'],
    says: /certificate .* has expired/,
    build: async (world) => {
      const port = await freePort()
      const seconds = 14
      const end = Date.now() + seconds * 1000
      await world.shop({
        env: { TLS_PORT: port },
        settings: { certificate: 'server.pem' },
        files: { 'server.pem': signedCertificate(seconds) },
        checks: [`      tls: { url: "https://localhost:${port}/", certificateWarning: 1s }`],
      })
      return async () => {
        while (Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
        return end
      }
    },
  },
  {
    name: 'a migration that fails half-way leaves a table without its column',
    kinds: ['job'],
    says: /migrate/,
    build: async (world) => {
      const code = `const { DatabaseSync } = require('node:sqlite'); const d = new DatabaseSync('shop.db'); d.exec('alter table items rename column price to cents'); process.exit(1)`
      world.write('migrate.cjs', code)
      makeItems(path.join(world.folder, 'shop.db'))
      await world.shop({
        admin: ['  jobs: { migrate: { command: node migrate.cjs } }'],
        settings: { database: 'shop.db' },
      })
      return async () => {
        const { run } = await world.client.call('jobs.run', { app: world.name, job: 'migrate' })
        for (;;) {
          const { endedAt } = await world.client.call('jobs.show', { run })
          if (endedAt !== null) return Date.parse(endedAt)
        }
      }
    },
  },
  {
    name: 'the disk that it writes to is full',
    needs: 'mounts',
    kinds: ['disk'],
    says: /disk of .*spool is full/,
    build: async (world) => {
      const spool = path.join(world.folder, 'spool')
      world.write('spool/.keep', '')
      // A mount of the daemon's own, which nobody else sees.
      const pid = String(world.daemon.process.pid)
      const within = (...words: readonly string[]) =>
        execFileSync('nsenter', ['--mount', '--target', pid, ...words], { stdio: 'ignore' })
      within('mount', '-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', spool)
      await world.shop({ settings: { spool } })
      return atOnce(() => {
        try {
          within('dd', 'if=/dev/zero', `of=${spool}/filler`, 'bs=4k')
        } catch {
          // It ends with an error when there is no room left: that is what it is for.
        }
      })
    },
  },
]

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
