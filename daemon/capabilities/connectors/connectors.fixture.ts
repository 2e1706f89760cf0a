import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import type { AuditTarget } from '#contract/method.ts'
import { ChildProber } from '../../adapters/connectors/child-prober.ts'
import type { DatasourceConfig } from '../../config/datasources.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type CallContext, type Handlers, type Outcome } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { connectorsHandlers } from './connectors-handlers.ts'
import { ConnectorsService } from './connectors-service.ts'
import { ConnectorsStore } from './connectors-store.ts'

/** What one test has to itself: a folder, and what the apps' files and the secrets say now. */
export interface ConnectorsWorld {
  life: Lifetime
  folder: string
  datasources: DatasourceConfig[]
  /** Awaited before what the files say is answered. */
  reading: Promise<void>
  variables: Record<string, string>
  secrets: Map<string, { value: string; changedAt: string }>
}

/** Gives each test of a file a world of its own. */
export function useWorld(): ConnectorsWorld {
  const world = empty()
  beforeEach(() => {
    Object.assign(world, empty(), { folder: mkdtempSync(join(tmpdir(), 'qa-connectors-')) })
    world.life.onDispose(() => rmSync(world.folder, { recursive: true, force: true }))
  })
  afterEach(() => world.life.dispose())
  return world
}

const empty = (): ConnectorsWorld => ({
  life: new Lifetime(),
  folder: '',
  datasources: [],
  reading: Promise.resolve(),
  variables: {},
  secrets: new Map(),
})

/** A datasource of the app `shop`. */
export const datasourceIn =
  (world: ConnectorsWorld) =>
  (name: string, values: Partial<DatasourceConfig>): DatasourceConfig => ({
    name,
    driver: 'postgresql',
    host: null,
    port: null,
    database: null,
    user: null,
    password: null,
    sslmode: null,
    file: join(world.folder, 'quantum.config.yaml'),
    line: 3,
    ...values,
  })

const probe = ['--experimental-strip-types', join(import.meta.dirname, '../../main.ts'), 'probe']

/** A service on the store of this test's folder; called again it is the next start of the daemon. */
export async function setupConnectors(
  world: ConnectorsWorld,
  command: readonly string[] = [process.execPath, ...probe],
) {
  const { life, folder } = world
  const run = life.own(new Lifetime())
  const store = run.own(await openStore({ file: join(folder, 'store.db') }))
  const records: (AuditTarget | Outcome)[] = []
  const connectors = run.own(
    new ConnectorsService({
      store: new ConnectorsStore(store),
      prober: new ChildProber(command),
      clock: systemClock,
      instance: 'test',
      datasources: async () => {
        const { variables, datasources } = world
        await world.reading
        return [{ app: 'shop', folder, variables, datasources }]
      },
      secret: (name) => Promise.resolve(world.secrets.get(name)?.value ?? null),
      secretChangedAt: (name) => Promise.resolve(world.secrets.get(name)?.changedAt ?? null),
      withoutSecrets: (text, values) => values.reduce((clean, value) => clean.replaceAll(value, '***'), text),
      holderOf: (port) => Promise.resolve(`somebody (port ${port})`),
      report: () => undefined,
      environment: { CACHE_PASSWORD: 'from-the-environment' },
    }),
  )
  await connectors.open()
  const execute = createExecutor({
    // Only these methods are called.
    handlers: connectorsHandlers(connectors) as Handlers,
    trail: {
      intent: (_actor, target) => Promise.resolve(records.push(target)),
      outcome: (_sequence, outcome) => Promise.resolve(void records.push(outcome)),
      record: (_actor, target) => Promise.resolve(void records.push(target)),
    },
    clock: systemClock,
  })
  const as = (role: 'viewer' | 'operator' | 'admin', context: Partial<CallContext> = {}) =>
    callsAs(execute, role, context)
  return { connectors, records, call: as('admin'), as, end: () => run.dispose() }
}
