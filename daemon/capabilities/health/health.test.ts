import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { toHealth } from '../../config/health-config.ts'
import { appOn, running, startHealth, statusServer, until, useHealth } from './health.fixture.ts'

const world = useHealth()

async function shop() {
  const server = await statusServer(world.life)
  world.apps = [appOn(server.port)]
  world.standings.set('shop', running())
  const daemon = await startHealth(world)
  await until(async () =>
    (await daemon.call('health.list', {})).rows.every(({ state }) => state === 'healthy'),
  )
  return { ...server, ...daemon }
}

test('an app that fails three times has an incident that says what was seen, and it resolves by evidence', async () => {
  const { told, port, call, row, trail } = await shop()
  told.status = 503
  await until(async () => (await call('incidents.list', {})).rows.length > 0)
  const target = `GET http://localhost:${port}/health`
  expect(await row()).toMatchObject({
    state: 'unhealthy',
    target,
    reason: 'answered 503 (expected 200-399)',
    source: 'found',
  })
  const [incident] = (await call('incidents.list', { open: true })).rows
  expect(incident).toMatchObject({
    number: 1,
    app: 'shop',
    check: 'http',
    severity: 'critical',
    resolvedAt: null,
  })
  expect(incident?.cause).toMatch(
    new RegExp(`^${target} answered 503 \\(expected 200-399\\) 3 times since \\d\\d:\\d\\d:\\d\\d$`),
  )
  expect(await call('incidents.acknowledge', { number: 1 })).toMatchObject({ acknowledgedBy: 'ana' })
  await expect(call('incidents.acknowledge', { number: 1 })).rejects.toMatchObject({ code: 'conflict' })
  await expect(call('incidents.open', { app: 'shop', check: 'http' })).rejects.toMatchObject({
    code: 'conflict',
  })
  await expect(call('incidents.resolve', { number: 1 })).rejects.toMatchObject({ code: 'conflict' })
  await call('incidents.note', { number: 1, text: 'the disk was full' })
  told.status = 200
  await until(async () => (await call('incidents.list', { open: true })).rows.length === 0)
  expect(await call('incidents.show', { number: 1 })).toMatchObject({
    resolution: `${target} is healthy again`,
    notes: [{ by: 'ana', text: 'the disk was full' }],
  })
  expect(trail.filter((one) => !one.endsWith('checks'))).toEqual([
    'create incident http',
    'acknowledge incident #1',
    'acknowledge incident #1',
    'create incident http',
    'update incident #1',
    'update incident #1',
    'update incident #1',
  ])
})

test('what the daemon stops and starts itself makes no incident, however often', async () => {
  const { told, call, row, port, health } = await shop()
  for (let round = 0; round < 10; round++) {
    world.standings.set('shop', { ...running(round), planned: true, state: 'stopping' })
    if (round % 2 === 0) void health.refresh()
    told.status = 503
    await wait(150)
    world.standings.set('shop', { ...running(round), state: 'stopped' })
    world.apps = [appOn(null, { state: 'stopped' })]
    void health.refresh()
    await wait(50)
    expect((await row()).state).toBe('unknown')
    told.status = 200
    world.apps = [appOn(port)]
    world.standings.set('shop', running(round + 100))
    void health.refresh()
  }
  await until(async () => (await row()).state === 'healthy')
  expect((await call('incidents.list', {})).rows).toEqual([])
})

test('a machine that slept an hour knows nothing of what was before, and has no incident', async () => {
  const { told, call, row } = await shop()
  for (let round = 0; round < 2; round++) {
    // Two failures short of evidence, and one that is under way while it sleeps.
    told.status = 503
    const before = told.asked
    await until(() => told.asked >= before + 2)
    world.ahead += 3_600_000
    await until(async () => (await row()).state === 'unknown')
    expect((await row()).reason).toBe('the machine slept')
    told.status = 200
    await until(async () => (await row()).state === 'healthy')
  }
  expect((await call('incidents.list', {})).rows).toEqual([])
}, 30_000)

test('one outage is one incident, which tells of all that it brought with it', async () => {
  const server = await statusServer(world.life)
  const health = {
    ...toHealth({
      checks: { db: { database: 'main', severity: 'warning' }, disk: { command: 'echo full >&2; exit 3' } },
    }),
    intervalMs: 50,
  }
  world.apps = [appOn(server.port, { health, path: null, takesPort: false })]
  world.standings.set('shop', running())
  world.pingReason = 'Nothing listens on localhost:5432'
  const { call } = await startHealth(world)
  await until(async () => {
    const [first] = (await call('incidents.list', {})).rows
    return first !== undefined && (await call('incidents.show', { number: 1 })).notes.length > 0
  })
  const { cause, notes } = await call('incidents.show', { number: 1 })
  // Which of the two is seen first is not said: one is the cause, the other is noted.
  const told = [cause, ...notes.map(({ text }) => text)].join('\n')
  expect(told).toMatch(/^(?:Also: )?The command echo full .* failed with exit code 3: full 3 times since/m)
  expect(told).toMatch(/^(?:Also: )?The datasource main failed: Nothing listens on localhost:5432/m)
  expect((await call('incidents.list', {})).rows).toHaveLength(1)
  expect((await call('incidents.list', {})).rows[0]?.severity).toBe('critical')
})

test('an app that ends by itself is an incident at once; one that is started again by its rule is degraded', async () => {
  const { call, row, health } = await shop()
  world.standings.set('shop', {
    ...running(),
    state: 'waiting',
    isAgain: true,
    reason: 'it ended with exit code 1',
  })
  await health.refresh()
  await until(async () => (await row('process')).state === 'degraded')
  expect((await row()).state).toBe('unknown')
  world.standings.set('shop', { ...running(), state: 'failed', reason: 'it ended with exit code 1' })
  await health.refresh()
  await until(async () => (await call('incidents.list', {})).rows.length === 1)
  expect((await call('incidents.list', {})).rows[0]?.cause).toMatch(
    /^The process of shop is gone: it ended with exit code 1 at /,
  )
})

test('an incident and a pause outlive the daemon; the next one opens none beside it and resolves it by evidence', async () => {
  const { told, call, end } = await shop()
  told.status = 500
  await until(async () => (await call('incidents.list', {})).rows.length === 1)
  await call('health.pause', { app: 'shop', check: 'process' })
  await end()
  const next = await startHealth(world)
  await until(async () => (await next.row()).state === 'unhealthy')
  expect(await next.row('process')).toMatchObject({ state: 'paused', pausedBy: 'ana', pausedUntil: null })
  expect((await next.call('incidents.list', {})).rows).toHaveLength(1)
  told.status = 200
  await until(async () => (await next.call('incidents.list', { open: true })).rows.length === 0)
  await next.call('health.resume', { app: 'shop' })
  await until(async () => (await next.row('process')).state === 'healthy')
})

test('nothing is asked while it is paused, and a pause ends by itself', async () => {
  const { told, call, row } = await shop()
  const until_ = new Date(Date.now() + 400).toISOString()
  await call('health.pause', { app: 'shop', check: 'http', until: until_ })
  const before = told.asked
  await wait(200)
  expect(told.asked).toBeLessThanOrEqual(before + 1)
  await until(async () => (await row()).state === 'healthy')
  await expect(call('health.pause', { app: 'shop', until: until_ })).rejects.toMatchObject({
    code: 'invalid-params',
  })
})

test('a pause is over in its time also where the clock was put back by years, and the daemon started anew', async () => {
  const { call, end } = await shop()
  const until500 = new Date(Date.now() + 500).toISOString()
  await call('health.pause', { app: 'shop', until: until500 })
  await end()
  world.ahead -= 10 * 365 * 86_400_000
  const { row } = await startHealth(world)
  await until(async () => (await row()).state === 'paused')
  await until(async () => (await row()).state === 'healthy')
})

test('clocks that jump make no incident, and hide none', async () => {
  const { told, call, row } = await shop()
  const hour = 3_600_000
  for (const jump of [1000, -1000, hour, -hour, 10 * 365 * 24 * hour, -10 * 365 * 24 * hour]) {
    world.ahead += jump
    const { asked } = told
    await until(async () => told.asked > asked + 2 && (await row()).state === 'healthy')
  }
  expect((await call('incidents.list', {})).rows).toEqual([])
  told.status = 503
  await until(async () => (await call('incidents.list', { open: true })).rows.length > 0)
  world.ahead -= 24 * hour
  told.status = 200
  await until(async () => (await call('incidents.list', { open: true })).rows.length === 0)
  expect((await call('incidents.show', { number: 1 })).durationMs).toBe(0)
}, 30_000)

test('slow answers make it degraded and no incident; what was seen is kept, newest first', async () => {
  const server = await statusServer(world.life)
  server.told.delayMs = 60
  world.apps = [appOn(server.port, { health: { ...toHealth({}), intervalMs: 80, degradedAboveMs: 30 } })]
  world.standings.set('shop', running())
  const { call, row } = await startHealth(world)
  await until(async () => (await row()).state === 'degraded')
  expect((await row()).reason).toMatch(/^took \d+ ms \(over 30 ms\)$/)
  const { results, failures } = await call('health.show', { app: 'shop', check: 'http' })
  expect(failures).toBe('3 in a row')
  expect(results.length).toBeGreaterThanOrEqual(2)
  expect(results.every(({ grade }) => grade === 'soft')).toBe(true)
  expect(results.map(({ at }) => at)).toEqual(
    results
      .map(({ at }) => at)
      .toSorted()
      .toReversed(),
  )
  expect((await call('incidents.list', {})).rows).toEqual([])
})

test('what is configured for elsewhere is asked whether the app runs or not, and a secret of its goes nowhere else', async () => {
  const server = await statusServer(world.life)
  server.told.status = 404
  const url = `http://127.0.0.1:${server.port}/x?token=hunter2`
  const health = {
    ...toHealth({ url, headers: { authorization: 'secret:api' }, contains: 'hunter2' }),
    intervalMs: 40,
  }
  world.apps = [appOn(null, { state: 'stopped', path: null, environments: [{ name: 'production', health }] })]
  const { call } = await startHealth(world)
  await until(async () => (await call('incidents.list', {})).rows.length === 1)
  const text = JSON.stringify([
    await call('health.list', {}),
    await call('health.show', { app: 'shop', environment: 'production', check: 'http' }),
    await call('incidents.show', { number: 1 }),
  ])
  expect(text).toContain('production')
  expect(text).not.toContain('hunter2')
})

test('results are kept as long and as many as is said, and what is no longer checked goes with its last', async () => {
  const { rows, call, health } = await shop()
  await call('health.show', { app: 'shop', check: 'http' })
  const id = (await rows.checks()).find(({ name }) => name === 'http')?.id ?? 0
  // The door of the daemon is the only one that makes a change; this one is of a command that was just run.
  const changes: Parameters<typeof rows.prune>[0][] = []
  const watch = health.watch.bind(health)
  health.watch = (change) => {
    changes.push(change)
    return watch(change)
  }
  await call('health.watch', {})
  const [change] = changes
  if (change === undefined) throw new Error('There is no change')
  await rows.addResults(
    change,
    Array.from({ length: 100 }, (_, n) => ({
      check: id,
      at: n < 50 ? 0 : Date.now(),
      grade: 'good' as const,
      latencyMs: n,
      reason: null,
    })),
  )
  await rows.prune(change, Date.now(), { ageMs: 60_000, count: 20 }, [])
  const left = await rows.results(id, 1000)
  expect(left.map(({ latencyMs }) => latencyMs)).toEqual(Array.from({ length: 20 }, (_, n) => 99 - n))
  await rows.prune(change, Date.now() + 120_000, { ageMs: 60_000, count: 20 }, [])
  expect(await rows.results(id, 1000)).toEqual([])
  expect(await rows.checks()).toEqual([])
})
