import { cpSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { atOnce, now, thenRestart, type Fault } from './fault.ts'

/** Faults in surroundings that make it harder to tell: what always goes on, what is far away, what is made to look old. */
export const badHabits: readonly Fault[] = [
  {
    name: 'what an app that it asks needs itself is killed',
    kinds: ['port'],
    says: /no longer listens on port/,
    build: async (world) => {
      const { port, child } = await world.database()
      const { url } = await world.billing({ bank: port })
      await world.shop({ env: { UPSTREAM: url } })
      return atOnce(() => child.kill('SIGKILL'))
    },
  },
  {
    name: 'a mistake is edited into the code of an app whose job runs all the time',
    kinds: ['files'],
    says: /lib\/price\.cjs/,
    build: async (world) => {
      await world.shop({ admin: ['  jobs: { sweep: { command: node -e 0 } }'] })
      for (let round = 0; round < 3; round++) {
        await world.client.call('jobs.run', { app: world.name, job: 'sweep', wait: true })
        await world.goods(1)
      }
      return async () => {
        world.edit('lib/price.cjs', 'sum + price', 'sum - price')
        await world.client.call('jobs.run', { app: world.name, job: 'sweep', wait: true })
        return world.restart()
      }
    },
  },
  {
    name: 'what is checked out is set back to a bad commit',
    needs: 'git',
    kinds: ['git'],
    says: /reset: moving to/,
    build: async (world) => {
      await world.shop()
      world.git('init', '--initial-branch', 'main')
      world.git('add', '.')
      world.edit('lib/price.cjs', 'sum + price', 'sum - price')
      world.git('add', '.')
      world.git('commit', '--message', 'discounts')
      world.edit('lib/price.cjs', 'sum - price', 'sum + price')
      world.git('commit', '--all', '--message', 'no discounts')
      await world.restart()
      await world.goods(2)
      return thenRestart(world, () => world.git('reset', '--hard', 'HEAD~1'))
    },
  },
  {
    name: 'a mistake is edited into the code of a program that starts itself again',
    kinds: ['files'],
    says: /lib\/price\.cjs/,
    build: async (world) => {
      await world.shop({ command: 'exec node --watch server.cjs $PORT' })
      return atOnce(() => world.edit('lib/price.cjs', 'sum + price', 'sum - price'))
    },
  },
  {
    name: 'its settings are renamed',
    kinds: ['files'],
    says: /settings\.json was removed/,
    build: async (world) => {
      await world.shop()
      const file = path.join(world.folder, 'settings.json')
      return thenRestart(world, () => renameSync(file, path.join(world.folder, 'settings.old')))
    },
  },
  {
    name: 'a link is put to a release that is bad',
    kinds: ['files'],
    says: /current (?:was|were) changed/,
    build: async (world) => {
      world.write('releases/1/page.html', '<p>')
      world.write('releases/2/other.html', '<p>')
      const link = path.join(world.folder, 'current')
      symlinkSync('releases/1', link)
      await world.shop({ settings: { template: 'current/page.html' } })
      return atOnce(() => {
        symlinkSync('releases/2', `${link}.new`)
        renameSync(`${link}.new`, link)
      })
    },
  },
  {
    name: 'a file is put back from a copy that is older than all others',
    kinds: ['files'],
    says: /lib\/price\.cjs/,
    build: async (world) => {
      await world.shop()
      world.write('price.bak', 'exports.total = () => 0\n', 'outside')
      const copy = path.join(world.folderOf('outside'), 'price.bak')
      utimesSync(copy, 1e9, 1e9)
      const file = path.join(world.folder, 'lib/price.cjs')
      return thenRestart(world, () => cpSync(copy, file, { preserveTimestamps: true }))
    },
  },
  {
    name: 'it ends by itself a while after an edit that did no harm',
    kinds: ['end'],
    says: /ended by itself.*exit code 3/,
    build: async (world) => {
      await world.shop()
      world.edit('lib/other.cjs', 'yet', 'so far')
      await world.restart()
      await world.goods(4)
      return async () => {
        await world.get('/crash')
        return now()
      }
    },
  },
  {
    name: 'a file is removed just after the app was restarted for nothing',
    kinds: ['files'],
    says: /home\.html was removed/,
    build: async (world) => {
      await world.shop({ settings: { template: 'pages/home.html' }, files: { 'pages/home.html': '<p>' } })
      return async () => {
        await world.restart()
        await wait(300)
        rmSync(path.join(world.folder, 'pages/home.html'))
        return now()
      }
    },
  },
]
