import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CheckDetail, CheckRow, ExportedChecks, ImportedChecks } from '#contract/health.ts'
import { Lifetime } from '#base/lifetime.ts'
import { KumaServer } from '../../daemon/capabilities/health/kuma.fixture.ts'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

const corpus = (file: string): string => path.join(import.meta.dirname, '../corpora/monitoring', file)

let daemon: TestDaemon
let folder: string
let app: string
let config: string
let kuma: KumaServer
const life = new Lifetime()

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  kuma = await KumaServer.start(life)
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-exchange-')))
  app = path.join(folder, 'shop')
  mkdirSync(app)
  config = path.join(app, 'quantum.config.yaml')
  writeFileSync(config, '# of the shop\nadmin:\n  name: shop\n  run: { command: sleep 1000 }\n')
  dataOf(await daemon.cli('apps', 'add', app, '--json'))
})
afterAll(async () => {
  await daemon.stop()
  await life.dispose()
  rmSync(folder, { recursive: true, force: true })
})

const cli = (...words: readonly string[]) => daemon.cli(...words, '--json')
const rows = async () => dataOf(await cli('health', 'shop')) as readonly CheckRow[]
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(100)
}

test('a backup is shown as checks on standard output and as a plan beside it, and written when that is asked for', async () => {
  const backup = corpus('kuma-1.11.json')
  const before = readFileSync(config, 'utf8')
  const shown = await daemon.cli('health', 'import', backup, '--app', 'shop')
  expect(shown.code).toBe(0)
  expect(shown.stdout).toMatch(/^admin:\n {2}health:\n {4}checks:\n {6}shop:\n/)
  expect(shown.stderr).toContain('Uptime Kuma 1.11.4: 8 monitors, 3 taken, 5 left out.')
  expect(shown.stderr).toContain('Old page, monitorList[6]: it is paused there')
  expect(readFileSync(config, 'utf8')).toBe(before)
  const written = dataOf(await cli('health', 'import', backup, '--app', 'shop', '--write')) as ImportedChecks
  expect(written.written).toBe(config)
  expect(readFileSync(config, 'utf8').startsWith(before)).toBe(true)
  await until(async () => (await rows()).some(({ check }) => check === 'mail-server'))
  const trail = JSON.stringify(dataOf(await cli('audit', 'list', '--limit', '50')))
  expect(trail).toContain('"checks":["shop","shop-found-text","mail-server"]')
})

test('what Gatus gets of the checks it takes back as the same', async () => {
  const exported = dataOf(await cli('health', 'export', 'shop')) as ExportedChecks
  expect(exported.notes).toContain('shop process: Gatus does not see processes')
  const plain = await daemon.cli('health', 'export', 'shop')
  expect([plain.code, plain.stdout]).toEqual([0, exported.text])
  expect(plain.stderr).toContain('shop process: Gatus does not see processes')
  const file = path.join(folder, 'gatus.yaml')
  writeFileSync(file, plain.stdout)
  const back = dataOf(await cli('health', 'import', file)) as ImportedChecks
  expect(back.monitors.map(({ check, outcome }) => [check, outcome])).toEqual([
    ['shop', 'mapped'],
    ['shop-found-text', 'mapped'],
    ['mail-server', 'mapped'],
  ])
})

test('heartbeats reach a Kuma, one that takes none is told by doctor, and its monitors stand in the list', async () => {
  kuma.active.add('good')
  kuma.pages.set('/api/status-page/shop', { publicGroupList: [{ monitorList: [{ id: 1, name: 'Mail' }] }] })
  const at = new Date().toISOString().replace('T', ' ').replace('Z', '')
  const beat = { status: 0, time: at, msg: 'connection refused', ping: null }
  kuma.pages.set('/api/status-page/heartbeat/shop', { heartbeatList: { 1: [beat] }, uptimeList: {} })
  kuma.pages.set('/health', 'fine')
  const check = (token: string) =>
    `{ url: "${kuma.url}/health", interval: 1s, push: "${kuma.url}/api/push/${token}?status=up&msg=OK&ping=" }`
  writeFileSync(
    config,
    `admin:
  name: shop
  run: { command: sleep 1000 }
  health:
    kuma: { url: "${kuma.url}", statusPage: shop, interval: 1s }
    checks: { good: ${check('good')}, bad: ${check('bad')} }
`,
  )
  await until(async () =>
    (await rows()).some(({ check: one, state }) => one === 'kuma:mail' && state === 'unhealthy'),
  )
  await until(() => Promise.resolve(kuma.pushed.some(({ status, msg }) => status === 'up' && msg === 'OK')))
  const shown = async (name: string) => dataOf(await cli('health', 'show', 'shop', name)) as CheckDetail
  await until(async () => typeof (await shown('bad')).push?.problem === 'string')
  expect((await shown('bad')).push?.problem).toBe('127.0.0.1 answered 404: Monitor not found or not active.')
  expect((await shown('good')).push?.problem).toBeNull()
  const doctor = await daemon.cli('doctor')
  expect(doctor.stdout).toMatch(
    /FAILED {2}Heartbeats +shop bad: 127\.0\.0\.1 answered 404: Monitor not found/,
  )
  expect(doctor.stdout).not.toContain('/api/push/')
})

test('files that are too long, none at all or of nothing that is known are refused in words', async () => {
  const long = path.join(folder, 'long.json')
  const handle = openSync(long, 'w')
  ftruncateSync(handle, 50 * 1024 * 1024)
  closeSync(handle)
  const half = path.join(folder, 'half.json')
  writeFileSync(
    half,
    JSON.stringify({ monitorList: [{ name: 'a', type: 'http', body: 'x'.repeat(2_000_000) }] }),
  )
  const deep = path.join(folder, 'deep.yaml')
  writeFileSync(deep, `endpoints: ${'['.repeat(100_000)}`)
  const before = readFileSync(config, 'utf8')
  for (const [file, code, message] of [
    [long, 'wrong-use', `${long} has 52428800 bytes; at most 16777216 are read`],
    [folder, 'wrong-use', `${folder} is no file`],
    [path.join(folder, 'none'), 'wrong-use', /cannot be read/],
    [half, 'wrong-use', /is too long: without what is no monitor it has \d+ characters/],
    [deep, 'invalid-params', 'line 1, column 75: expected at most 64 levels of nesting'],
    [config, 'invalid-params', 'endpoints: expected the endpoints of a configuration of Gatus'],
  ] as const) {
    const refused = await cli('health', 'import', file, '--app', 'shop', '--write')
    const error = errorOf(refused)
    expect([error.code, refused.stdout]).toEqual([code, ''])
    if (typeof message === 'string') expect(error.message).toBe(message)
    else expect(error.message).toMatch(message)
  }
  expect(readFileSync(config, 'utf8')).toBe(before)
  expect(errorOf(await cli('health', 'import', corpus('gatus-2.yaml'), '--write')).code).toBe('wrong-use')
})
