import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Lifetime } from '#base/lifetime.ts'
import { toHealth, type NotifyConfig } from '../../config/health-config.ts'
import { appOn, running, startHealth, statusServer, until, useHealth } from './health.fixture.ts'
import type { HookMessage } from './hook-message.ts'
import type { Rhythm } from './incident-hooks.ts'

const world = useHealth()

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What posts are answered with, by the number of the post. */
async function hookServer(life: Lifetime) {
  const posted: Posted[] = []
  const told: Answer = { status: 204 }
  const answers: { of: (post: number) => Answer } = { of: () => told }
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = answers.of(posted.length)
      posted.push({ headers: request.headers, body })
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  life.onDispose(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { posted, answers, url: `http://127.0.0.1:${port}/hook` }
}

const messages = (posted: readonly Posted[]) => posted.map(({ body }) => JSON.parse(body) as HookMessage)

const quick = { firstMs: 20, longestMs: 80, endMs: 10_000 }

async function shop(
  notify: Parameters<typeof toHealth>[0]['notify'],
  { usual, ...rhythm }: Rhythm & { readonly usual?: () => NotifyConfig | null } = quick,
) {
  const server = await statusServer(world.life)
  const health = { ...toHealth({ notify }), intervalMs: 40, jitterMs: 5, timeoutMs: 500 }
  world.hooks = { rhythm, ...(usual === undefined ? {} : { usual }) }
  world.apps = [appOn(server.port, { folder: world.folder, health })]
  world.standings.set('shop', running())
  const daemon = await startHealth(world)
  const outage = async () => {
    const { rows } = await daemon.call('incidents.list', { limit: 1 })
    const number = (rows[0]?.number ?? 0) + 1
    server.told.status = 503
    await until(async () => (await daemon.call('incidents.list', { open: true })).rows.length === 1)
    await daemon.call('incidents.acknowledge', { number })
    server.told.status = 200
    await until(async () => (await daemon.call('incidents.list', { open: true })).rows.length === 0)
  }
  await until(async () => (await daemon.row()).state === 'healthy')
  return { ...server, ...daemon, outage }
}

test('a webhook is told what opened, who sees to it and what is over, with the secret that lets us in', async () => {
  const hook = await hookServer(world.life)
  const { outage, call, port } = await shop({
    webhook: { url: hook.url, headers: { 'X-Key': 'secret:api' } },
  })
  await outage()
  await until(async () => (await call('incidents.hooks', {}))[0]?.told === 3)
  const [opened, acknowledged, resolved] = messages(hook.posted)
  const target = `GET http://localhost:${port}/health`
  expect(opened).toMatchObject({
    id: 'shop#1:opened',
    event: 'opened',
    number: 1,
    app: 'shop',
    environment: null,
    check: 'http',
    severity: 'critical',
    state: 'open',
    acknowledgedAt: null,
    resolvedAt: null,
    durationMs: 0,
    link: 'quantum-admin incidents show 1',
  })
  expect(opened?.text).toBe(`shop is not well: ${opened?.cause} (incident #1)`)
  expect(acknowledged).toMatchObject({
    event: 'acknowledged',
    state: 'acknowledged',
    acknowledgedBy: 'ana',
    resolvedAt: null,
  })
  expect(resolved).toMatchObject({
    event: 'resolved',
    state: 'resolved',
    resolution: `${target} is healthy again`,
  })
  expect(resolved?.durationMs).toBe(
    Date.parse(resolved?.resolvedAt ?? '') - Date.parse(resolved?.startedAt ?? ''),
  )
  expect(hook.posted[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'x-key': 'hunter2' })
  expect(await call('incidents.hooks', {})).toEqual([
    {
      app: 'shop',
      environment: null,
      hook: 'webhook',
      target: new URL(hook.url).host,
      state: 'ready',
      waiting: 0,
      told: 3,
      error: null,
    },
  ])
})

test('a command has it in its environment and as JSON to read, whatever stands in it', async () => {
  const out = join(world.folder, 'told')
  const line =
    'printf "%s|%s|%s|" "$QUANTUM_ADMIN_INCIDENT_EVENT" "$QUANTUM_ADMIN_INCIDENT_STARTED_AT" "$QUANTUM_ADMIN_INCIDENT_ACKNOWLEDGED_BY" >> told; cat >> told'
  const { outage, call } = await shop({ command: line })
  await outage()
  await until(async () => (await call('incidents.hooks', {}))[0]?.told === 3)
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
  const told = lines.map((one) => /^([a-z]+)\|([^|]+)\|([^|]*)\|(.*)$/.exec(one) ?? [])
  expect(told.map(([, event, , by]) => [event, by])).toEqual([
    ['opened', ''],
    ['acknowledged', 'ana'],
    ['resolved', 'ana'],
  ])
  for (const [, event, at, , json = ''] of told)
    expect(JSON.parse(json)).toMatchObject({ event, startedAt: at, app: 'shop' })
})

test('a body of the configuration is what is sent, with text put in as JSON wants it', async () => {
  const hook = await hookServer(world.life)
  const { outage } = await shop({
    webhook: { url: hook.url, body: '{"content": "{{text}}", "by": "{{ acknowledgedBy }}"}' },
  })
  await outage()
  await until(() => hook.posted.length >= 2)
  const bodies = hook.posted.map(({ body }) => JSON.parse(body) as { content: string; by: string })
  expect(bodies[0]?.content).toMatch(/^shop is not well: GET .* answered 503 \(expected 200-399\)/)
  expect(bodies.map(({ by }) => by).slice(0, 2)).toEqual(['', 'ana'])
})

test('what fails is tried until it is told, in order; what is not taken is let go, and both are said without secrets', async () => {
  const hook = await hookServer(world.life)
  hook.answers.of = (post) =>
    post < 3 ? { status: 500, body: 'no hunter2\u001b[2J' } : post === 3 ? { status: 422 } : { status: 200 }
  const { outage, call, reports } = await shop({ webhook: { url: hook.url } })
  await outage()
  await until(async () => (await call('incidents.hooks', {}))[0]?.told === 2)
  expect(messages(hook.posted).map(({ event }) => event)).toEqual([
    'opened',
    'opened',
    'opened',
    'opened',
    'acknowledged',
    'resolved',
  ])
  const said = reports.map(String)
  expect(said[0]).toContain('The webhook of shop was not told of incident 1: it answered 500: no ***')
  expect(said[1]).toContain('it answered 422')
  expect(said.join()).not.toContain('hunter2')
  expect(said.join()).not.toContain('\u001b')
})

test('it is tried for as long as is said and no longer, and the next is not held up', async () => {
  const hook = await hookServer(world.life)
  hook.answers.of = () => ({ status: 503 })
  const { outage, call, reports } = await shop(
    { webhook: { url: hook.url } },
    { firstMs: 10, longestMs: 10, endMs: 30 },
  )
  await outage()
  await until(async () => reports.length >= 4 && (await call('incidents.hooks', {}))[0]?.waiting === 0)
  expect(reports.slice(1).map((one) => String(one).replace('Error: ', ''))).toEqual([
    'The webhook of shop is told no more of incident 1 (opened)',
    'The webhook of shop is told no more of incident 1 (acknowledged)',
    'The webhook of shop is told no more of incident 1 (resolved)',
  ])
  expect(await call('incidents.hooks', {})).toMatchObject([
    { state: 'failing', told: 0, error: { message: 'it answered 503' } },
  ])
})

test('what was not told when the daemon ended is told by the next one', async () => {
  const hook = await hookServer(world.life)
  hook.answers.of = () => ({ status: 503 })
  const first = await shop(
    { webhook: { url: hook.url } },
    { firstMs: 60_000, longestMs: 60_000, endMs: 600_000 },
  )
  await first.outage()
  await first.end()
  expect(messages(hook.posted).map(({ event }) => event)).toEqual(['opened'])
  hook.answers.of = () => ({ status: 200 })
  await startHealth(world)
  await until(() => hook.posted.length >= 4)
  expect(
    messages(hook.posted)
      .slice(1)
      .map(({ event }) => event),
  ).toEqual(['opened', 'acknowledged', 'resolved'])
})

test('nobody is told who is not named, nor anybody at an address under which a cloud keeps its keys', async () => {
  const { outage, call, reports } = await shop({ webhook: { url: 'http://0xa9fea9fe/latest' } })
  await outage()
  await until(() => reports.length > 0)
  expect(String(reports[0])).toContain('its address is one under which a cloud tells a machine its own keys')
  world.apps = world.apps.map((app) => ({ ...app, health: toHealth({}) }))
  await call('health.check', { app: 'shop' })
  expect(await call('incidents.hooks', {})).toEqual([])
  await expect(call('incidents.testHooks', { app: 'shop' })).rejects.toMatchObject({ code: 'not-found' })
})

test('who is named in the settings is told of apps that name nobody, and of no others', async () => {
  const [usual, own] = [await hookServer(world.life), await hookServer(world.life)]
  const webhook = { url: usual.url, headers: {}, body: null }
  const { call } = await shop(undefined, { ...quick, usual: () => ({ webhook, command: null }) })
  expect(await call('incidents.testHooks', { app: 'shop' })).toMatchObject([{ hook: 'webhook', error: null }])
  world.apps = world.apps.map((app) => ({
    ...app,
    health: toHealth({ notify: { webhook: { url: own.url } } }),
  }))
  await call('incidents.testHooks', { app: 'shop' })
  expect([usual.posted.length, own.posted.length]).toEqual([1, 1])
  expect(await call('incidents.hooks', {})).toMatchObject([{ target: new URL(own.url).host }])
})

test('a test calls each hook once and says what came of it', async () => {
  const hook = await hookServer(world.life)
  hook.answers.of = () => ({ status: 302, headers: { location: 'http://127.0.0.1/' } })
  const { call, trail } = await shop({ webhook: { url: hook.url }, command: 'echo "no route" >&2; exit 3' })
  expect(await call('incidents.testHooks', { app: 'shop' })).toMatchObject([
    { hook: 'webhook', error: 'it answered 302; redirects are not followed' },
    { hook: 'command', target: 'echo "no route" >&2; exit 3', error: 'it failed with exit code 3: no route' },
  ])
  expect(messages(hook.posted)).toMatchObject([{ event: 'test', app: 'shop', number: 0 }])
  expect(trail).toContain('test hook shop')
  await wait(50)
  expect(hook.posted).toHaveLength(1)
})
