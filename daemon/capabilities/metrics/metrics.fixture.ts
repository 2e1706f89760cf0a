import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Lifetime } from '#base/lifetime.ts'
import type { MachineUsage } from '../../adapters/host/machine.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers } from '../../kernel/execute.ts'
import type { RequestCounts } from '../../logs/log-engine.ts'
import { openStore } from '../../store/open.ts'
import { metricsHandlers } from './metrics-handlers.ts'
import { MetricsService, type AppUsage } from './metrics-service.ts'
import { MetricsStore } from './metrics-store.ts'

/** A clock that goes as the test says. */
export class HandClock implements Clock {
  wall = Date.UTC(2026, 10, 23, 12, 0, 7)
  lived = 1000

  now = (): number => this.wall
  monotonic = (): number => this.lived

  /** Time passes. */
  pass(ms: number): void {
    this.wall += ms
    this.lived += ms
  }
}

/** What the machine, apps and logs of a test say. */
export interface Measured {
  usage: MachineUsage
  apps: AppUsage[] | null
  /** Answers of the log engine, one for each look. */
  requests: ((after: number) => RequestCounts | null)[]
}

const usage: MachineUsage = {
  cpuPercent: 10,
  memoryBytes: 1024 ** 3,
  load: 0.5,
  diskBytes: 5 * 1024 ** 3,
  disks: [{ name: 'sda', read: 1_000_000, written: 2_000_000 }],
  networks: [{ name: 'eth0', received: 3_000_000, sent: 4_000_000 }],
}

/** A service on a store in a folder; called again with the same folder it is the next start. */
export async function setupMetrics(life: Lifetime, folder: string, clock: HandClock, mostBytes = 1e9) {
  const measured: Measured = { usage, apps: [], requests: [] }
  const store = life.own(await openStore({ file: join(folder, 'store.sqlite'), clock }))
  const metricsStore = new MetricsStore(store)
  const problems: unknown[] = []
  const metrics = new MetricsService({
    store: metricsStore,
    clock,
    instance: 'i',
    machine: { look: () => Promise.resolve(measured.usage) },
    usage: () => measured.apps,
    requests: (after) => Promise.resolve(measured.requests.shift()?.(after) ?? null),
    apps: () => ['shop', 'idle'],
    mostBytes,
    intervalMs: 15_000,
    report: (error) => problems.push(error),
  })
  life.own(metrics)
  await metrics.open()
  const execute = createExecutor({
    // Only its own methods are called.
    handlers: metricsHandlers(metrics) as Handlers,
    trail: { intent: () => Promise.reject(new Error('nothing is changed')) } as never,
    clock,
  })
  return { metrics, measured, store, metricsStore, problems, call: callsAs(execute, 'viewer') }
}
