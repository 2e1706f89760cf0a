import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { dataOf, errorOf } from '../support/cli.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

// The shapes of docs/cli.md, strictly: a member too many or too few is a broken promise to scripts.
const hook = z.strictObject({
  app: z.string(),
  environment: z.string().nullable(),
  hook: z.enum(['webhook', 'command']),
  target: z.string(),
  state: z.enum(['ready', 'failing']),
  waiting: z.int(),
  told: z.int(),
  error: z.strictObject({ at: z.iso.datetime({ precision: 3 }), message: z.string() }).nullable(),
})
const tested = z.strictObject({
  app: z.string(),
  environment: z.string().nullable(),
  hook: z.enum(['webhook', 'command']),
  target: z.string(),
  tookMs: z.int(),
  error: z.string().nullable(),
})

let daemon: TestDaemon
let folder: string
let server: Server
let status = 200

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = mkdtempSync(path.join(tmpdir(), 'qa-hooks-'))
  server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  mkdirSync(path.join(folder, 'shop'))
  const minutes = new Date(Date.now() - 60_000).getUTCMinutes()
  const config = [
    'admin:',
    '  run: { command: sleep 1 }',
    '  health:',
    `    checks: { page: { url: "http://127.0.0.1:${port}/well", failures: 1 }, quiet: { tcp: ${port} } }`,
    `    pauses: [{ schedule: "${minutes} * * * *", for: 50m, timezone: UTC, checks: [quiet] }]`,
    '    notify:',
    '      webhook: { url: secret:hook }',
    '      command: "grep -q \'\\"event\\":\\"test\\"\'"',
  ]
  writeFileSync(path.join(folder, 'shop', 'quantum.config.yaml'), config.join('\n'))
  dataOf(await daemon.cli('apps', 'add', path.join(folder, 'shop'), '--json'))
  const client = daemon.client()
  await client.call('secrets.set', { name: 'hook', value: `http://127.0.0.1:${port}/hunter2` })
  await client.dispose()
})
afterAll(async () => {
  await daemon.stop()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

test('who is told is listed and tested, and what does not work is said in words, an exit code and by the doctor', async () => {
  const rows = z.array(hook).parse(dataOf(await daemon.cli('incidents', 'hooks', 'shop', '--json')))
  expect(rows).toMatchObject([
    { app: 'shop', hook: 'webhook', target: 'secret:hook', state: 'ready', waiting: 0, error: null },
    { app: 'shop', hook: 'command', target: 'grep -q \'"event":"test"\'', state: 'ready' },
  ])
  const good = await daemon.cli('incidents', 'hooks', 'test', 'shop', '--json')
  expect(
    z
      .array(tested)
      .parse(dataOf(good))
      .map(({ error }) => error),
  ).toEqual([null, null])
  status = 401
  const bad = await daemon.cli('incidents', 'hooks', 'test', 'shop')
  expect(bad.code).toBe(6)
  expect(bad.stdout).toMatch(/^webhook +failed .* secret:hook +it answered 401$/m)
  expect(bad.stderr).toContain('1 hook of shop did not take the message')
  expect(bad.stdout + bad.stderr).not.toContain('hunter2')
  // An incident: the command fails for anything but a test, the webhook for now as well.
  await daemon.cli('health', 'check', 'shop', 'page')
  await expect
    .poll(async () => dataOf(await daemon.cli('incidents', 'hooks', '--json')), { timeout: 20_000 })
    .toMatchObject([
      { state: 'failing', waiting: 1, error: { message: 'it answered 401' } },
      { state: 'failing', waiting: 1, error: { message: 'it failed with exit code 1' } },
    ])
  const doctor = await daemon.cli('doctor')
  expect(doctor.code).toBe(6)
  expect(doctor.stdout).toMatch(
    /Incident hooks.*webhook of shop: it answered 401 \(1 waiting\); command of shop/,
  )
  const none = await daemon.cli('incidents', 'hooks', 'test', 'nobody', '--json')
  expect([none.code, errorOf(none).code]).toEqual([3, 'not-found'])
})

test('what is paused by schedule says so, and until when', async () => {
  const { stdout } = await daemon.cli('health', 'shop')
  expect(stdout).toMatch(/^shop +quiet +paused .* by schedule until \d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/m)
})
