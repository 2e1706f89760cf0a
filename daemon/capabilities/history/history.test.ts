import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AppExit } from '#contract/apps.ts'
import type { PortRow } from '#contract/resources.ts'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { fileReflogs } from '../../adapters/git/file-reflogs.ts'
import { fileTrees } from '../../adapters/project/file-trees.ts'
import { callsAs } from '../../kernel/call.fixture.ts'
import { createExecutor, type Handlers } from '../../kernel/execute.ts'
import { openStore } from '../../store/open.ts'
import { historyHandlers } from './history-handlers.ts'
import { HistoryService } from './history-service.ts'
import { HistoryStore } from './history-store.ts'
import type { EndedRun } from './machine-seen.ts'

let life: Lifetime
let root: string
let shop: string
let runs: EndedRun[]
let ports: { rows: PortRow[]; span: { before: number; now: number } }

beforeEach(() => {
  life = new Lifetime()
  root = realpathSync(mkdtempSync(join(tmpdir(), 'qa-history-')))
  life.onDispose(() => rmSync(root, { recursive: true, force: true }))
  shop = join(root, 'shop')
  mkdirSync(join(shop, 'lib'), { recursive: true })
  write('quantum.config.yaml', 'admin:\n  run:\n    command: node server.js\n    env: { DB: "x" }\n')
  write('lib/price.js', 'one')
  runs = []
  ports = { rows: [], span: { before: 1000, now: 2000 } }
})
afterEach(() => life.dispose())

const write = (file: string, text: string): void => writeFileSync(join(shop, file), text)

/** Called again it is the next start of the daemon. */
async function start() {
  const run = life.own(new Lifetime())
  const store = run.own(await openStore({ file: join(root, 'store.db') }))
  const reports: unknown[] = []
  const history = run.own(
    new HistoryService({
      store: new HistoryStore(store),
      trees: fileTrees,
      reflogs: fileReflogs,
      clock: systemClock,
      apps: () => [{ app: 'shop', folder: shop }],
      runs: () => runs,
      ports: () => ports,
      containers: () => ({ rows: [], span: { before: 0, now: 0 } }),
      lookAtMachine: () => Promise.resolve(),
      hide: (text) => text.replaceAll('hunter2', '***'),
      report: (error) => reports.push(error),
    }),
  )
  const execute = createExecutor({
    handlers: historyHandlers(history) as Handlers,
    clock: systemClock,
    trail: {
      intent: () => Promise.resolve(1),
      outcome: () => Promise.resolve(),
      record: () => Promise.resolve(),
    },
  })
  const call = callsAs(execute, 'viewer')
  history.open()
  // The first look is what later ones are told from.
  while (history.named('shop').words.size === 0) await wait(5)
  await history.look('shop')
  const seen = async () => {
    await history.look('shop')
    const rows = await call('history.list', { app: 'shop' })
    return rows.map(({ kind, turn, title }) => `${kind} ${turn}: ${title}`).toReversed()
  }
  return { history, call, seen, reports, end: () => run.dispose() }
}

test('edits are told by keys and files, never by values, and what was there before is no edit', async () => {
  const { seen, call, reports } = await start()
  expect(await seen()).toEqual([])
  write('quantum.config.yaml', 'admin:\n  run:\n    command: node server.js\n    env: { DB: "hunter2" }\n')
  write('lib/price.js', 'another')
  chmodSync(join(shop, 'lib'), 0o700)
  expect((await seen()).toSorted()).toEqual([
    'config changed: quantum.config.yaml: admin.run.env.DB changed',
    'files changed: lib/price.js was changed',
    'files permissions: lib was given other permissions',
  ])
  expect(JSON.stringify(await call('history.list', {}))).not.toContain('hunter2')
  const [row] = (await call('history.list', {})).filter(({ kind }) => kind === 'config')
  expect(row).toMatchObject({ app: 'shop', after: null, file: join(shop, 'quantum.config.yaml'), line: 4 })
  expect(Math.abs(Date.parse(row?.at ?? '') - Date.now())).toBeLessThan(10_000)
  expect(reports).toEqual([])
})

test('what was changed while no daemon ran is told by the next one, and nothing is told twice', async () => {
  const first = await start()
  write('lib/price.js', 'two')
  const before = await first.seen()
  expect(before).toHaveLength(1)
  await first.end()
  await wait(20)
  write('quantum.config.yaml', 'admin:\n  run:\n    command: node other.js\n    env: { DB: "x" }\n')
  rmSync(join(shop, 'lib'), { recursive: true })
  const second = await start()
  expect(await second.seen()).toEqual([
    ...before,
    'config changed: quantum.config.yaml: admin.run.command changed',
  ])
})

test('an app that ended by itself, and who listens, are told once', async () => {
  const { history, seen, call } = await start()
  const exit: AppExit = {
    code: null,
    signal: 'SIGKILL',
    at: new Date().toISOString(),
    reason: 'it was killed',
  }
  runs = [{ app: 'shop', run: 'a', state: 'failed', exit, isWanted: true, port: 3000 }]
  const row = {
    protocol: 'tcp',
    port: 5433,
    pid: 7,
    process: 'db',
    command: 'db hunter2',
    container: null,
    app: null,
    lease: null,
  }
  ports = { rows: [row as PortRow], span: { before: Date.now() - 50, now: Date.now() } }
  history.appsMoved()
  history.machineMoved()
  expect((await seen()).toSorted()).toEqual([
    'end ended: shop ended by itself',
    'port started: db (pid 7) listens on port 5433',
  ])
  expect(JSON.stringify(await call('history.list', {}))).toContain('db ***')
  history.appsMoved()
  ports = { rows: [], span: { before: Date.now() - 10, now: Date.now() } }
  history.machineMoved()
  // One that somebody stopped has not ended by itself.
  runs = [{ app: 'shop', run: 'b', state: 'stopped', exit, isWanted: false, port: 3000 }]
  history.appsMoved()
  const rows = await seen()
  expect(rows).toHaveLength(3)
  expect(rows).toContain('port ended: db (pid 7) no longer listens on port 5433')
})
