import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import type { Client } from '#client/client.ts'
import { Failure } from '#base/failure.ts'
import { DashboardFeed } from '../../extension/dashboard/dashboard-feed.ts'
import { Model } from '../../extension/model.ts'
import type { CardId } from '../../webviews/dashboard/messages.ts'
import { startDaemon } from '../support/daemon.ts'
import { FrameProxy } from '../support/frame-proxy.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** How many there are in which state, by card. */
type Numbers = Partial<Record<CardId, Readonly<Record<string, number>>>>

const tally = (states: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(states, (state) => state)]
      .map(([state, { length }]) => [state, length] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )

const byName = ([a]: readonly [string, number], [b]: readonly [string, number]) => (a < b ? -1 : 1)

const ended = (run: { readonly state: string } | null) => run?.state ?? 'never'
/** A port of this very process: what else listens on the machine comes and goes. */
const isOwn = (pid: number | null) => pid === process.pid

/** What the daemon's own lists say, counted here. */
async function listed(client: Client): Promise<Numbers> {
  const [apps, connectors, users, ports, jobs, tests, leases, audit, checks, incidents, metrics] =
    await Promise.all([
      client.call('apps.list', {}),
      client.call('connectors.list', {}),
      client.call('users.list', {}),
      client.call('ports.list', {}),
      client.call('jobs.list', {}),
      client.call('tests.list', {}),
      client.call('leases.list', {}),
      client.call('audit.list', { limit: 100 }),
      client.call('health.list', {}),
      client.call('incidents.list', {}),
      client.call('metrics.now', {}),
    ])
  const worst = ['unhealthy', 'degraded', 'healthy', 'unknown', 'paused']
  // Each of the apps here has one environment beside this machine.
  const environments = apps.rows.flatMap(({ name }) =>
    [null, 'staging'].map((place) => {
      const here = checks.rows.filter(({ app, environment }) => app === name && environment === place)
      return (
        here.map(({ state }) => state).toSorted((a, b) => worst.indexOf(a) - worst.indexOf(b))[0] ??
        'unchecked'
      )
    }),
  )
  const counted = metrics.apps.filter(({ requestsPerMinute }) => requestsPerMinute !== null)
  return {
    apps: tally(apps.rows.map(({ state }) => state)),
    connectors: tally(connectors.rows.map(({ status }) => status)),
    users: tally(users.map(({ role }) => role)),
    ports: tally(ports.rows.filter(({ pid }) => isOwn(pid)).map(({ port }) => `:${port}`)),
    jobs: tally(jobs.rows.map(({ running, lastRun }) => (running.length > 0 ? 'running' : ended(lastRun)))),
    tests: tally(
      tests.rows
        .filter(({ command }) => command !== null)
        .map(({ running, lastRun }) => (running === null ? ended(lastRun) : 'running')),
    ),
    leases: tally(leases.rows.map(({ state }) => state)),
    environments: tally(environments),
    health: tally(checks.rows.map(({ state }) => state)),
    incidents: tally(
      incidents.rows.map(({ resolvedAt, acknowledgedBy, severity }) =>
        resolvedAt !== null ? 'resolved' : acknowledgedBy === null ? severity : 'acknowledged',
      ),
    ),
    requests: Object.fromEntries(
      counted.map(({ app, requestsPerMinute }) => [app, requestsPerMinute ?? 0] as const).toSorted(byName),
    ),
    activity: {
      ...tally(audit.entries.map(({ outcome }) => outcome)),
      newest: audit.entries[0]?.sequence ?? 0,
    },
  }
}

/** What the dashboard's numbers say. */
function shown(feed: DashboardFeed): Numbers {
  const cards = feed.next()?.cards ?? []
  const of = (id: CardId) => cards.find((card) => card.id === id)?.rows ?? []
  const groups = (id: CardId) => tally(of(id).map(({ group }) => group))
  return {
    apps: groups('apps'),
    connectors: groups('connectors'),
    users: groups('users'),
    ports: tally(
      of('ports')
        .filter(({ key }) => key.endsWith(`/${process.pid}`))
        .map(({ name }) => name),
    ),
    jobs: groups('jobs'),
    tests: groups('tests'),
    leases: groups('leases'),
    environments: groups('environments'),
    health: groups('health'),
    incidents: groups('incidents'),
    requests: Object.fromEntries(
      of('requests')
        .map(({ key, amount }) => [key, amount ?? 0] as const)
        .toSorted(byName),
    ),
    activity: { ...groups('activity'), newest: Number(of('activity')[0]?.key ?? 0) },
  }
}

function makeApps(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'qa-truth-'))
  closing.push(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ['one', 'two']) {
    mkdirSync(path.join(root, name))
    const config = `datasources:
  main: { driver: postgresql, host: 127.0.0.1, port: 1, database: x, username: y }
admin:
  run: { command: sleep 1000 }
  jobs:
    good: { command: 'true' }
    bad: { command: 'false' }
  tests: { command: 'true' }
  environments: { staging: { target: docker } }
  health:
    interval: 1s
    failures: 1
    successes: 1
    retries: 0
    checks: { works: { command: test ! -e broken } }
  logs: { sources: [{ file: access.log, kind: access }] }
`
    writeFileSync(path.join(root, name, 'quantum.config.yaml'), config)
  }
  return root
}

/** Tells of one request, as servers do. */
function tellRequest(folder: string, statusCode: number): void {
  const request = { level: 30, time: Date.now(), req: { method: 'GET', url: '/' }, res: { statusCode } }
  const line = JSON.stringify({ ...request, responseTime: 5, msg: 'request completed' })
  appendFileSync(path.join(folder, 'access.log'), `${line}\n`)
}

/** What leads to an incident, and to requests that are known: chance alone might leave it out. */
const fault = (client: Client, root: string): (() => Promise<unknown>)[] => [
  () => client.call('apps.start', { app: 'one' }),
  async () => tellRequest(path.join(root, 'one'), 200),
  async () => writeFileSync(path.join(root, 'one', 'broken'), ''),
  async () => {
    while ((await client.call('incidents.list', {})).rows.length === 0) await delay(50)
    while ((await client.call('metrics.now', {})).apps.every((app) => app.requestsPerMinute === null))
      await delay(50)
  },
]

/** Does one thing that changes a number, or tries to. */
function events(client: Client, random: Random, root: string) {
  const open: Server[] = []
  closing.push(() => open.forEach((server) => server.close()))
  const name = () => `n${random.int(0, 9)}`
  const app = () => random.pick(['one', 'two'])
  const all: readonly (() => Promise<unknown>)[] = [
    () => client.call('leases.allocate', { name: name(), kind: 'app' }),
    () => client.call('leases.release', { name: name() }),
    () => client.call('connectors.add', { name: name(), url: 'redis://127.0.0.1:1' }),
    () => client.call('connectors.remove', { name: name() }),
    () => client.call('connectors.test', { name: name() }),
    () => client.call('users.add', { name: name(), role: random.pick(['admin', 'operator', 'viewer']) }),
    () => client.call('users.remove', { name: name() }),
    () => client.call('apps.add', { folder: path.join(root, app()) }),
    () => client.call('apps.remove', { app: app() }),
    () => client.call('apps.start', { app: app() }),
    () => client.call('apps.stop', { app: app() }),
    () => client.call('jobs.run', { app: app(), job: random.pick(['good', 'bad']) }),
    () => client.call('tests.run', { app: app() }),
    () => client.call('connectors.test', { app: app(), name: 'main' }),
    async () => {
      const server = createServer().listen(0, '127.0.0.1')
      open.push(server)
      await once(server, 'listening')
    },
    async () => void open.shift()?.close(),
    () => client.call('health.check', { app: app() }),
    () => client.call('health.pause', { app: app(), check: 'works' }),
    () => client.call('health.resume', { app: app(), check: 'works' }),
    async () => writeFileSync(path.join(root, app(), 'broken'), ''),
    async () => rmSync(path.join(root, app(), 'broken'), { force: true }),
    async () => {
      const [newest] = (await client.call('incidents.list', { open: true })).rows
      if (newest !== undefined) await client.call('incidents.acknowledge', { number: newest.number })
    },
    async () => tellRequest(path.join(root, app()), random.pick([200, 200, 200, 503])),
  ]
  return async () => {
    try {
      await random.pick(all)()
    } catch (error) {
      // What is there already, or is not, is refused: that is an entry of the audit trail too.
      if (!(error instanceof Failure) || error.code === 'internal') throw error
    }
  }
}

/** Until when a number may be another than what the daemon's lists say, in milliseconds. */
const limitMs = full ? 1000 : 15_000

test(
  'every number is what the daemon says, also when a tenth of what it tells is lost or comes late',
  async () => {
    const random = new Random(4)
    const daemon = await startDaemon({
      env: { DOCKER_HOST: 'unix:///nowhere/docker.sock', QUANTUM_ADMIN_METRICS_SECONDS: '1' },
    })
    closing.push(() => daemon.stop())
    const proxy = await FrameProxy.start(daemon, new Random(7))
    closing.push(() => proxy.stop())
    const client = daemon.client()
    closing.push(() => client.dispose())
    const model = new Model({
      open: () => Promise.resolve(connectLocal({ home: proxy.home, client: 'vscode/0', launcher: null })),
      log: () => undefined,
    })
    closing.push(() => model.dispose())
    const feed = new DashboardFeed(model, () => undefined)
    closing.push(() => feed.dispose())
    feed.look(true)
    await model.start()
    const root = makeApps()
    await client.call('apps.add', { folder: root })
    closing.push(async () => {
      for (const app of ['one', 'two']) await client.call('apps.stop', { app }).catch(() => undefined)
    })
    const happen = events(client, random, root)
    const took: number[] = []
    const differences: unknown[] = []
    const seen = new Set<CardId>()
    const first = fault(client, root)
    for (let count = scale(60, 1000); count > 0; count--) {
      await (first.shift() ?? happen)()
      const begun = performance.now()
      for (;;) {
        const [says, shows] = [await listed(client), shown(feed)]
        for (const id of ['environments', 'health', 'incidents', 'requests'] as const)
          if (Object.keys(shows[id] ?? {}).length > 0) seen.add(id)
        if (JSON.stringify(says) === JSON.stringify(shows)) break
        if (performance.now() - begun > limitMs) {
          differences.push([says, shows])
          break
        }
        await delay(20)
      }
      took.push(performance.now() - begun)
    }
    took.sort((a, b) => a - b)
    const at = (part: number) => `${Math.round(took[Math.floor((took.length - 1) * part)] ?? 0)} ms`
    const { passed, lost, late } = proxy.frames
    figure(
      'dashboard',
      `${took.length} events, ${lost} frames lost and ${late} late of ${passed + lost + late}: ${differences.length} differences after ${limitMs} ms; true after p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`,
    )
    expect(lost + late).toBeGreaterThan(0)
    expect(differences).toEqual([])
    // All of these were there to be counted.
    expect([...seen].toSorted()).toEqual(['environments', 'health', 'incidents', 'requests'])
  },
  scale(120_000, 1_800_000),
)
