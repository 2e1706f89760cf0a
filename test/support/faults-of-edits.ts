import { execFileSync } from 'node:child_process'
import { chmodSync, rmSync, truncateSync } from 'node:fs'
import * as path from 'node:path'
import { atOnce, makeItems, thenRestart, type Fault } from './fault.ts'
import { signedCertificate } from './fault-tls.ts'
import type { FaultWorld } from './fault-world.ts'
import { freePort } from './free-port.ts'

export const badSettings: readonly Fault[] = [
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

export const badFiles: readonly Fault[] = [
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
    needs: 'git',
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
    needs: 'git',
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
    says: /node_modules (?:was|were) changed/,
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
    needs: 'faketime',
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
