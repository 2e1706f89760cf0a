import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { join } from 'node:path'
import { answers } from '../../adapters/host/connect-probe.ts'
import { freePort, server, until, useApps } from './apps.fixture.ts'

const { setup, write, endWith, folder, life } = useApps()

test('an app of a folder is added, started on a port of its own, and stopped', async () => {
  const daemon = await setup()
  const { call } = daemon
  const added = await call('apps.add', { folder: write('shop', server) })
  expect(added.rows).toMatchObject([{ name: 'shop', kind: 'procfile', state: 'stopped', problems: [] }])
  const started = await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(started).toMatchObject({ state: 'running', reason: null, restarts: 0 })
  const answer = await fetch(started.url ?? '')
  expect(await answer.text()).toBe('hello')
  expect(await call('apps.stop', { app: 'shop' })).toMatchObject({ state: 'stopped', pid: null, port: null })
  await expect(fetch(started.url ?? '')).rejects.toThrow()
})

test('adding a folder again adds nothing, and starting what runs starts nothing', async () => {
  const daemon = await setup()
  const { call } = daemon
  const path = write('shop', server)
  expect(await call('apps.add', { folder: path })).toEqual(await call('apps.add', { folder: path }))
  const { pid } = await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(await call('apps.start', { app: 'shop' })).toMatchObject({ pid, state: 'running' })
})

test('one that ends at once is told with its exit code', async () => {
  const { call, rowOf } = await setup()
  const path = write('broken', `process.exit(3)`, 'admin: { run: { restart: { policy: never } } }\n')
  await call('apps.add', { folder: path })
  await expect(call('apps.start', { app: 'broken' })).rejects.toMatchObject({
    code: 'app-failed',
    message: expect.stringContaining('exit code 3') as string,
  })
  expect(await rowOf('broken')).toMatchObject({ state: 'failed', pid: null })
  expect(await call('apps.show', { app: 'broken' })).toMatchObject({ lastExit: { code: 3, signal: null } })
})

test('one that keeps failing is started again as often as its rule says, each time through the one door', async () => {
  const { call, rowOf, trail } = await setup()
  const config = 'admin: { run: { restart: { policy: on-failure, backoff: 10ms, limit: 2 } } }\n'
  await call('apps.add', { folder: write('flaky', 'process.exit(1)', config) })
  await expect(call('apps.start', { app: 'flaky' })).rejects.toMatchObject({ code: 'app-failed' })
  await until(async () => (await rowOf('flaky')).state === 'failed')
  expect(await rowOf('flaky')).toMatchObject({ restarts: 2 })
  expect(trail.filter((line) => line === 'start flaky')).toHaveLength(3)
})

test('an app outlives its daemon, and the next one goes on with it', async () => {
  const first = await setup()
  await first.call('apps.add', { folder: write('shop', server) })
  const started = await first.call('apps.start', { app: 'shop' })
  await first.end()
  expect(await (await fetch(started.url ?? '')).text()).toBe('hello')
  const second = await setup()
  endWith(second, 'shop')
  expect(await second.rowOf('shop')).toMatchObject({
    state: 'running',
    pid: started.pid,
    port: started.port,
    startedAt: started.startedAt,
  })
  expect(await second.call('apps.stop', { app: 'shop' })).toMatchObject({ state: 'stopped' })
  await expect(fetch(started.url ?? '')).rejects.toThrow()
})

test('what ended while no daemon ran is known with its exit code', async () => {
  const first = await setup()
  const config = 'admin: { run: { restart: { policy: never } } }\n'
  const program = `${server}; setTimeout(() => process.exit(7), 600)`
  await first.call('apps.add', { folder: write('shop', program, config) })
  const { url } = await first.call('apps.start', { app: 'shop' })
  await first.end()
  await until(() =>
    fetch(url ?? '').then(
      () => false,
      () => true,
    ),
  )
  await wait(200)
  const second = await setup()
  expect(await second.rowOf('shop')).toMatchObject({ state: 'failed' })
  expect(await second.call('apps.show', { app: 'shop' })).toMatchObject({ lastExit: { code: 7 } })
})

test('one that is deaf to SIGTERM is killed after its grace, and so is a child that left its group', async () => {
  const daemon = await setup()
  const { call, host } = daemon
  const deaf = `process.on('SIGTERM', () => undefined)`
  const child = `require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })`
  await call('apps.add', {
    folder: write('deaf', `${deaf}; console.log('child ' + ${child}.pid); ${server}`),
  })
  await call('apps.start', { app: 'deaf' })
  endWith(daemon, 'deaf')
  const { processes } = await host.processes()
  const sleepers = processes.filter(
    ({ argv, cwd }) => argv?.[0] === 'sleep' && cwd === join(folder(), 'deaf'),
  )
  expect(sleepers).toHaveLength(1)
  const stopped = await call('apps.stop', { app: 'deaf' })
  expect(stopped).toMatchObject({ state: 'stopped', reason: expect.stringContaining('killed') as string })
  for (const sleeper of sleepers) expect(await host.alive(sleeper)).toBe(false)
})

test('what somebody else started in its folder is shown, not started twice, and taken over by a restart', async () => {
  const daemon = await setup()
  const { call, rowOf, host } = daemon
  const path = write('shop', server)
  await call('apps.add', { folder: path })
  const port = await freePort()
  const child = spawn(process.execPath, ['main.cjs'], {
    cwd: path,
    env: { ...process.env, PORT: String(port) },
  })
  life().onDispose(() => void child.kill('SIGKILL'))
  await until(() => answers(port))
  expect(await rowOf('shop')).toMatchObject({ state: 'external', pid: child.pid, port })
  await expect(call('apps.start', { app: 'shop' })).rejects.toMatchObject({ code: 'conflict' })
  const restarted = await call('apps.restart', { app: 'shop' })
  endWith(daemon, 'shop')
  expect(restarted).toMatchObject({ state: 'running' })
  expect(restarted.pid).not.toBe(child.pid)
  expect(await host.process(child.pid ?? 0)).toBeNull()
})

test('an app inside the folder of another one is nobody else to it, and goes on when that one is stopped', async () => {
  const daemon = await setup()
  const { call, rowOf } = daemon
  const [outer, nested] = [write('outer', server), write(join('outer', 'inner'), server)]
  for (const path of [outer, nested]) await call('apps.add', { folder: path })
  const inner = await call('apps.start', { app: 'inner' })
  endWith(daemon, 'inner')
  expect(await rowOf('outer')).toMatchObject({ state: 'stopped', pid: null })
  await call('apps.stop', { app: 'outer' })
  expect(await rowOf('inner')).toMatchObject({ state: 'running', pid: inner.pid })
})

test('one with a broken configuration is not run on a guess, and the place is named', async () => {
  const { call } = await setup()
  const { rows } = await call('apps.add', {
    folder: write('shop', server, 'admin: { run: { port: eighty } }\n'),
  })
  const [row] = rows
  expect(row?.problems[0]).toMatchObject({ severity: 'error', line: 1, column: 23 })
  await expect(call('apps.start', { app: 'shop' })).rejects.toMatchObject({ code: 'app-invalid' })
})

test('what an app depends on is started before it, and a circle is told', async () => {
  const daemon = await setup()
  const { call, rowOf } = daemon
  for (const [name, needed] of [
    ['shop', 'api'],
    ['api', 'db'],
    ['db', ''],
  ] as const)
    write(name, server, `admin: { run: { dependsOn: [${needed}] } }\n`)
  await call('apps.add', { folder: folder() })
  await call('apps.start', { app: 'shop' })
  for (const name of ['shop', 'api', 'db']) endWith(daemon, name)
  const [shop, api, db] = [await rowOf('shop'), await rowOf('api'), await rowOf('db')]
  expect([shop.state, api.state, db.state]).toEqual(['running', 'running', 'running'])
  const started = [db, api, shop].map(({ startedAt }) => Date.parse(startedAt ?? ''))
  expect(started).toEqual(started.toSorted((a, b) => a - b))
  write('db', server, 'admin: { run: { dependsOn: [shop] } }\n')
  await call('apps.stop', { app: 'db' })
  await expect(call('apps.start', { app: 'db' })).rejects.toMatchObject({
    code: 'app-invalid',
    message: expect.stringContaining('db → shop → api → db') as string,
  })
})

test('an app that is to run whenever the daemon does is started with it', async () => {
  const first = await setup()
  await first.call('apps.add', { folder: write('shop', server, 'admin: { run: { autostart: true } }\n') })
  expect(await first.rowOf('shop')).toMatchObject({ state: 'stopped' })
  await first.end()
  const second = await setup()
  endWith(second, 'shop')
  await second.apps.startUnasked()
  expect(await second.rowOf('shop')).toMatchObject({ state: 'running' })
})

test('a running app cannot be removed, a stopped one is forgotten and its folder is not touched', async () => {
  const daemon = await setup()
  const { call } = daemon
  const path = write('shop', server)
  await call('apps.add', { folder: path })
  await call('apps.start', { app: 'shop' })
  endWith(daemon, 'shop')
  await expect(call('apps.remove', { app: 'shop' })).rejects.toMatchObject({ code: 'conflict' })
  await call('apps.stop', { app: 'shop' })
  await call('apps.remove', { app: 'shop' })
  expect((await call('apps.list', {})).rows).toEqual([])
  await call('apps.add', { folder: path })
})

test('a folder without an app, and a name that nobody has, are told', async () => {
  const { call } = await setup()
  await expect(call('apps.add', { folder: folder() })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call('apps.start', { app: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
})

test('a folder that two add at once is added once, and two of one name get names of their own', async () => {
  const { call } = await setup()
  const path = write('shop', server)
  const [one, two] = await Promise.all([
    call('apps.add', { folder: path }),
    call('apps.add', { folder: path }),
  ])
  expect(one).toEqual(two)
  const others = [write('a/till', server), write('b/till', server)]
  await Promise.all(others.map((other) => call('apps.add', { folder: other })))
  expect(new Set((await call('apps.list', {})).rows.map(({ name }) => name)).size).toBe(3)
})

test('an app that is removed before a restart has its turn is not started', async () => {
  const { call, given } = await setup()
  await call('apps.add', { folder: write('shop', server) })
  const removing = call('apps.remove', { app: 'shop' })
  await expect(call('apps.restart', { app: 'shop' })).rejects.toMatchObject({ code: 'not-found' })
  await removing
  expect(given('shop')).toBeUndefined()
  expect((await call('apps.list', {})).rows).toEqual([])
})

test('whoever watches hears of a changed configuration also when somebody else has read it first', async () => {
  const { apps, call, rowOf } = await setup()
  const path = write('shop', server)
  await call('apps.add', { folder: path })
  const heard = new Promise<void>((resolve) => life().own(apps.changed.on(resolve)))
  writeFileSync(join(path, 'quantum.config.yaml'), 'admin: { run: { command: node other.cjs } }\n')
  await call('apps.show', { app: 'shop' })
  await heard
  expect((await rowOf('shop')).name).toBe('shop')
})
