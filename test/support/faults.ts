import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import * as path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { freePort, type FaultWorld } from './fault-world.ts'
import { signedCertificate } from './fault-tls.ts'

/** Something that breaks an app, with what it is known to be caused by. */
export interface Fault {
  readonly name: string
  /** The kinds of events that tell of the cause, and what the line must say of it. */
  readonly kinds: readonly string[]
  readonly says: RegExp
  /** Makes the app and waits until it is well. @returns what breaks it, which settles with the moment from which it is. */
  readonly build: (world: FaultWorld) => Promise<() => Promise<number>>
}

const now = (): Promise<number> => Promise.resolve(Date.now())

/** What takes effect with a restart. */
const thenRestart = (world: FaultWorld, change: () => unknown) => async (): Promise<number> => {
  await change()
  return world.restart()
}

const atOnce = (change: () => unknown) => async (): Promise<number> => {
  const at = Date.now()
  await change()
  return at
}

function makeItems(file: string): void {
  const database = new DatabaseSync(file)
  database.exec('create table items (price integer); insert into items values (1)')
  database.close()
}

const badDatabasePort: Fault = {
  name: 'the port of the database is edited in the configuration',
  kinds: ['config'],
  says: /quantum\.config\.yaml.*DB_PORT/,
  build: async (world) => {
    const [{ port }, wrong] = [await world.database(), await freePort()]
    await world.shop({ env: { DB_PORT: port } })
    return thenRestart(world, () => world.edit('quantum.config.yaml', String(port), String(wrong)))
  },
}

const killedDatabase: Fault = {
  name: 'the process of the database is killed',
  kinds: ['port'],
  says: /no longer listens on port/,
  build: async (world) => {
    const { port, child } = await world.database()
    await world.shop({ env: { DB_PORT: port } })
    return atOnce(() => child.kill('SIGKILL'))
  },
}

const badCode: Fault = {
  name: 'a mistake is edited into the code, which runs and fails',
  kinds: ['files'],
  says: /lib\/price\.cjs/,
  build: async (world) => {
    await world.shop()
    return thenRestart(world, () => world.edit('lib/price.cjs', 'sum + price', 'sum + pric'))
  },
}

const removedTemplate: Fault = {
  name: 'a file that is read for each request is removed',
  kinds: ['files'],
  says: /pages\/home\.html was removed/,
  build: async (world) => {
    await world.shop({ settings: { template: 'pages/home.html' }, files: { 'pages/home.html': '<p>' } })
    return atOnce(() => rmSync(path.join(world.folder, 'pages/home.html')))
  },
}

const stoppedBilling: Fault = {
  name: 'an app that it asks is stopped through us',
  kinds: ['stop'],
  says: /billing was stopped/,
  build: async (world) => {
    const { app, url } = await world.billing()
    await world.shop({ env: { UPSTREAM: url } })
    return atOnce(() => world.client.call('apps.stop', { app }))
  },
}

const badJob: Fault = {
  name: 'a job drops a table',
  kinds: ['job'],
  says: /cleanup/,
  build: async (world) => {
    const drop = `const { DatabaseSync } = require('node:sqlite'); const d = new DatabaseSync('shop.db'); d.exec('drop table items')`
    world.write('drop.cjs', drop)
    makeItems(path.join(world.folder, 'shop.db'))
    await world.shop({
      admin: ['  jobs: { cleanup: { command: node drop.cjs } }'],
      settings: { database: 'shop.db' },
    })
    return async () => {
      const { run } = await world.client.call('jobs.run', { app: world.name, job: 'cleanup' })
      for (;;) {
        const { endedAt } = await world.client.call('jobs.show', { run })
        if (endedAt !== null) return Date.parse(endedAt)
      }
    }
  },
}

/** What `npm test` tries. */
export const sampleFaults: readonly Fault[] = [
  badDatabasePort,
  killedDatabase,
  badCode,
  removedTemplate,
  stoppedBilling,
  badJob,
]

const configurations: readonly Fault[] = [
  {
    name: 'a setting gets a value of another kind',
    kinds: ['config'],
    says: /settings\.json.*limit/,
    build: async (world) => {
      await world.shop()
      return thenRestart(world, () => world.edit('settings.json', '10', '"ten"'))
    },
  },
  {
    name: 'settings are saved half-written',
    kinds: ['config'],
    says: /settings\.json/,
    build: async (world) => {
      await world.shop()
      return thenRestart(world, () => world.write('settings.json', '{ "limit": 10, '))
    },
  },
  {
    name: 'a variable in .env gets a wrong value',
    kinds: ['config'],
    says: /\.env.*UPSTREAM/,
    build: async (world) => {
      const [{ url }, wrong] = [await world.billing(), await freePort()]
      await world.shop({ files: { '.env': `GREETING=hello\nUPSTREAM=${url}\n` } })
      return thenRestart(world, () =>
        world.write('.env', `GREETING=hello\nUPSTREAM=http://127.0.0.1:${wrong}/\n`),
      )
    },
  },
  {
    name: 'the command is edited to a file that is not there',
    kinds: ['config'],
    says: /quantum\.config\.yaml.*admin\.run\.command/,
    build: async (world) => {
      await world.shop()
      return thenRestart(world, () => world.edit('quantum.config.yaml', 'server.cjs', 'serve.cjs'))
    },
  },
  {
    name: 'a setting that is needed is deleted',
    kinds: ['config'],
    says: /settings\.json.*limit/,
    build: async (world) => {
      await world.shop()
      return thenRestart(world, () => world.write('settings.json', '{ "colour": "blue" }\n'))
    },
  },
  {
    name: 'a file of prices that is read each time is broken by hand',
    kinds: ['config', 'files'],
    says: /prices\.json/,
    build: async (world) => {
      await world.shop({ settings: { prices: 'prices.json' }, files: { 'prices.json': '{"hat": 1}\n' } })
      return atOnce(() => world.write('prices.json', '{"hat": 1,,}\n'))
    },
  },
  {
    name: 'a secret is set to what the database does not take',
    kinds: ['secret'],
    says: /secret .*token/,
    build: async (world) => {
      const name = `${world.name}-token`
      await world.client.call('secrets.set', { name, value: 'correct-horse' })
      const { port } = await world.database('correct-horse')
      await world.shop({ env: { DB_PORT: port, DB_TOKEN: `secret:${name}` } })
      return thenRestart(world, () => world.client.call('secrets.set', { name, value: 'battery-staple' }))
    },
  },
]

const files: readonly Fault[] = [
  {
    name: 'a bracket is lost in the code, which no longer starts',
    kinds: ['files'],
    says: /lib\/price\.cjs/,
    build: async (world) => {
      await world.shop()
      return thenRestart(world, () => world.edit('lib/price.cjs', '=>', '=> {'))
    },
  },
  {
    name: 'a bad branch is checked out',
    kinds: ['git'],
    says: /checkout: moving from main to next/,
    build: async (world) => {
      await world.shop()
      commitBadBranch(world)
      await world.restart()
      await world.goods(2)
      return thenRestart(world, () => world.git('checkout', 'next'))
    },
  },
  {
    name: 'a bad commit is merged',
    kinds: ['git'],
    says: /merge next/,
    build: async (world) => {
      await world.shop()
      commitBadBranch(world)
      await world.restart()
      await world.goods(2)
      return thenRestart(world, () => world.git('merge', '--ff-only', 'next'))
    },
  },
  {
    name: 'the program loses the right to be run',
    kinds: ['files'],
    says: /start\.sh was given other permissions/,
    build: async (world) => {
      world.write('start.sh', '#!/bin/sh\nexec node server.cjs $PORT\n')
      chmodSync(path.join(world.folder, 'start.sh'), 0o755)
      await world.shop({ command: 'exec ./start.sh $PORT' })
      return thenRestart(world, () => chmodSync(path.join(world.folder, 'start.sh'), 0o644))
    },
  },
  {
    name: 'a file that is read each time is closed to the user of the app',
    kinds: ['files'],
    says: /home\.html was given other permissions/,
    build: async (world) => {
      const asNobody = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups node server.cjs $PORT'
      await world.shop({
        settings: { template: 'pages/home.html' },
        files: { 'pages/home.html': '<p>' },
        ...(process.getuid?.() === 0 ? { command: asNobody } : {}),
      })
      return atOnce(() => chmodSync(path.join(world.folder, 'pages/home.html'), 0))
    },
  },
  {
    name: 'the database of the shop is deleted',
    kinds: ['files'],
    says: /shop\.db was removed/,
    build: async (world) => {
      world.write('README.md', '')
      makeItems(path.join(world.folder, 'shop.db'))
      await world.shop({ settings: { database: 'shop.db' } })
      return atOnce(() => rmSync(path.join(world.folder, 'shop.db')))
    },
  },
  {
    name: 'the database of the shop is cut to nothing',
    kinds: ['files'],
    says: /shop\.db (?:was|were) changed/,
    build: async (world) => {
      world.write('README.md', '')
      makeItems(path.join(world.folder, 'shop.db'))
      await world.shop({ settings: { database: 'shop.db' } })
      return atOnce(() => truncateSync(path.join(world.folder, 'shop.db')))
    },
  },
  {
    name: 'a package is deleted',
    kinds: ['files'],
    says: /node_modules was changed/,
    build: async (world) => {
      await world.shop({
        settings: { tax: true },
        files: { 'node_modules/tax/index.js': '', 'node_modules/other/index.js': '' },
      })
      return thenRestart(world, () =>
        rmSync(path.join(world.folder, 'node_modules/tax'), { recursive: true }),
      )
    },
  },
  {
    name: 'a database outside of its folder, which the configuration names, is moved away',
    kinds: ['files'],
    says: /outside\/items\.db was removed/,
    build: async (world) => {
      const file = path.join(world.folderOf('outside'), 'items.db')
      world.write('README.md', '', 'outside')
      makeItems(file)
      await world.shop({ settings: { database: file } })
      return atOnce(() => execFileSync('mv', [file, `${file}.old`]))
    },
  },
  {
    name: 'its certificate is replaced by one that has expired',
    kinds: ['files'],
    says: /server\.pem/,
    build: async (world) => {
      const port = await freePort()
      await world.shop({
        env: { TLS_PORT: port },
        settings: { certificate: 'server.pem' },
        files: { 'server.pem': signedCertificate(86_400) },
        checks: [`      tls: { url: "https://localhost:${port}/", certificateWarning: 1s }`],
      })
      const expired = signedCertificate(-86_400)
      // An address is checked also while the app is started again, and nobody answers there then.
      return atOnce(() => {
        world.write('server.pem', expired)
        return world.restart()
      })
    },
  },
]

function commitBadBranch(world: FaultWorld): void {
  world.git('init', '--initial-branch', 'main')
  world.git('add', '.')
  world.git('commit', '--message', 'a shop')
  world.git('checkout', '-b', 'next')
  world.edit('lib/price.cjs', 'sum + price', 'sum - price')
  world.write('lib/discount.cjs', '// more\n')
  world.git('add', 'lib')
  world.git('commit', '--message', 'discounts')
  world.git('checkout', 'main')
}

const others: readonly Fault[] = [
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

const ends: readonly Fault[] = [
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

/** It fails for a reason that nobody but itself knows. */
export const unknownFault: Fault = {
  name: 'it fails by itself, and says nothing',
  kinds: [],
  says: /^$/,
  build: async (world) => {
    await world.shop()
    return atOnce(() => world.get('/break'))
  },
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export const allFaults: readonly Fault[] = [...sampleFaults, ...configurations, ...files, ...others, ...ends]
