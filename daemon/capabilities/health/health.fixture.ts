import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach } from 'vitest'
import type { HistoryRow } from '#contract/history.ts'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { NetChecker } from '../../adapters/checks/net-checker.ts'
import { folderConfigFiles } from '../../adapters/project/folder-config-files.ts'
import { post } from '../../adapters/http/post.ts'
import { toHealth, type NotifyConfig } from '../../config/health-config.ts'
import { callContext, callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Execute, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import type { AppHealth, Standing } from './app-health.ts'
import { healthHandlers } from './health-handlers.ts'
import { HealthService } from './health-service.ts'
import { HealthStore } from './health-store.ts'
import { HookStore } from './hook-store.ts'
import type { Rhythm } from './incident-hooks.ts'

/** What a test has to itself: its folder, its apps and how they stand, and its clock. */
export interface HealthWorld {
  life: Lifetime
  folder: string
  apps: AppHealth[]
  standings: Map<string, Standing>
  /** How far the wall clock is ahead of the real one, in milliseconds. */
  ahead: number
  /** Why a datasource cannot be reached; null when it can. */
  pingReason: string | null
  /** How long is waited before a hook is called again, and who is told where an app names nobody. */
  hooks: { readonly rhythm?: Rhythm; readonly usual?: () => NotifyConfig | null }
  /** What is known around incidents, newest first. */
  history: HistoryRow[]
}

const empty = (): HealthWorld => ({
  life: new Lifetime(),
  folder: '',
  apps: [],
  standings: new Map(),
  ahead: 0,
  pingReason: null,
  hooks: {},
  history: [],
})

export function useHealth(): HealthWorld {
  const world = empty()
  beforeEach(() => {
    Object.assign(world, empty(), { folder: mkdtempSync(join(tmpdir(), 'qa-health-')) })
    const { folder } = world
    world.life.onDispose(() => rmSync(folder, { recursive: true, force: true }))
  })
  afterEach(() => world.life.dispose())
  return world
}

/** Checks fast enough for a test. */
const quick = { ...toHealth({}), intervalMs: 40, jitterMs: 5, timeoutMs: 500 }

/** An app that runs and has a page. */
export const appOn = (port: number | null, said: Partial<AppHealth> = {}): AppHealth => ({
  app: 'shop',
  folder: '/',
  broken: false,
  composed: false,
  takesPort: true,
  health: quick,
  environments: [],
  path: { value: '/health', source: 'found', where: '' },
  state: 'running',
  reason: null,
  port,
  containers: [],
  environment: () => Promise.resolve({ PATH: process.env['PATH'] ?? '' }),
  ...said,
})

export const running = (run: unknown = 1): Standing => ({
  state: 'running',
  reason: null,
  planned: false,
  isAgain: false,
  run,
})

/** A server whose status the test sets. */
export async function statusServer(life: Lifetime) {
  const told = { status: 200, asked: 0, delayMs: 0 }
  const server: Server = createServer((_, response) => {
    told.asked++
    setTimeout(() => response.writeHead(told.status).end('{"status":"healthy"}'), told.delayMs)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  life.onDispose(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return { told, server, port: address !== null && typeof address === 'object' ? address.port : 0 }
}

/** A service on the store of this test's folder; called again it is the next start of the daemon. */
export async function startHealth(world: HealthWorld) {
  const run = world.life.own(new Lifetime())
  const store = run.own(await openStore({ file: join(world.folder, 'store.db') }))
  const trail: string[] = []
  const reports: unknown[] = []
  const rows = new HealthStore(store)
  const health: HealthService = run.own(
    new HealthService({
      store: rows,
      hooks: { store: new HookStore(store), post, usual: () => null, ...world.hooks },
      cron: () => import('../../config/cron.ts'),
      clock: { now: () => Date.now() + world.ahead, monotonic: () => systemClock.monotonic() },
      instance: 'test',
      configs: folderConfigFiles,
      random: Math.random,
      checker: run.own(new NetChecker()),
      measured: () => undefined,
      apps: () => Promise.resolve(world.apps),
      standing: (app) =>
        world.standings.get(app) ?? { state: null, reason: null, planned: false, isAgain: false, run: null },
      containers: (app) =>
        Promise.resolve({
          containers: world.apps.find((one) => one.app === app)?.containers ?? [],
          problem: null,
        }),
      container: () => Promise.resolve(null),
      ping: () => Promise.resolve({ latencyMs: 1, reason: world.pingReason }),
      secret: (name) => Promise.resolve(name === 'api' ? 'hunter2' : null),
      hide: (text) => text.replaceAll('hunter2', '***'),
      around: {
        look: () => Promise.resolve(),
        notice: () => undefined,
        history: () => Promise.resolve(world.history),
        named: () => ({ ports: new Set(), words: new Set() }),
        audit: () => Promise.resolve([]),
        runs: () => Promise.resolve([]),
        errors: () => Promise.resolve([]),
        machine: () => Promise.resolve(null),
      },
      act: (name, params) => execute(name, params, callContext('admin')),
      report: (error) => reports.push(error),
    }),
  )
  const execute: Execute = createExecutor({
    handlers: healthHandlers(health) as Handlers,
    clock: systemClock,
    trail: {
      intent: (_actor, { action, resource }) =>
        Promise.resolve(trail.push(`${action} ${resource.type} ${resource.name}`)),
      outcome: () => Promise.resolve(),
      record: () => Promise.resolve(),
    },
  })
  await health.open()
  const call = callsAs(execute, 'admin')
  const row = async (check = 'http') => {
    const found = (await call('health.list', {})).rows.find((one) => one.check === check)
    if (found === undefined) throw new Error(`There is no check ${check}`)
    return found
  }
  return { health, rows, call, row, trail, reports, end: () => run.dispose() }
}

export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await wait(10)
}
