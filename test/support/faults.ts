import { rmSync } from 'node:fs'
import * as path from 'node:path'
import { atOnce, makeItems, thenRestart, type Fault } from './fault.ts'
import { badFiles, badSettings } from './faults-of-edits.ts'
import { badHabits } from './faults-of-habits.ts'
import { badEnds, badNeighbours } from './faults-of-programs.ts'
import { freePort } from './free-port.ts'

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

export const allFaults: readonly Fault[] = [
  ...sampleFaults,
  ...badSettings,
  ...badFiles,
  ...badNeighbours,
  ...badEnds,
  ...badHabits,
]
