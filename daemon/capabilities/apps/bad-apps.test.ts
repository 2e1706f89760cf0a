import { once } from 'node:events'
import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort, server, until, useApps } from './apps.fixture.ts'

const { setup, write, endWith, folder } = useApps()

const never = 'restart: { policy: never }'
const says = (text: string) => expect.stringContaining(text) as string

/** Adds an app that a line of the shell runs, and starts it. */
async function started(daemon: Awaited<ReturnType<typeof setup>>, command: string, more = '') {
  const config = `admin: { run: { command: ${JSON.stringify(command)}, ${never} }${more} }\n`
  await daemon.call('apps.add', { folder: write('bad', server, config) })
  endWith(daemon, 'bad')
  return daemon.call('apps.start', { app: 'bad' })
}

test('a command that is not there is named', async () => {
  const daemon = await setup()
  await expect(started(daemon, 'no-such-program --port $PORT')).rejects.toMatchObject({
    code: 'app-failed',
    message: says('the command no-such-program was not found; install it, or correct the command'),
  })
  expect(await daemon.rowOf('bad')).toMatchObject({ state: 'failed', reason: says('no-such-program') })
})

test('a file that may not be executed is named', async () => {
  const daemon = await setup()
  await expect(started(daemon, './main.cjs $PORT')).rejects.toMatchObject({
    message: says('./main.cjs may not be executed'),
  })
})

test('one that wants a terminal is told that it has none', async () => {
  const daemon = await setup()
  await expect(started(daemon, 'echo the input device is not a TTY >&2; exit 1')).rejects.toMatchObject({
    message: says('it wants a terminal, and apps run without one'),
  })
})

test('what an earlier run wrote does not explain the end of this one', async () => {
  const daemon = await setup()
  await expect(started(daemon, 'echo not a TTY; exit 1')).rejects.toThrow('wants a terminal')
  write('bad', server, `admin: { run: { command: exit 1, ${never} } }\n`)
  await expect(daemon.call('apps.start', { app: 'bad' })).rejects.not.toThrow('wants a terminal')
})

test('one whose folder is gone is not started, and the folder is named', async () => {
  const { call, rowOf } = await setup()
  const path = write('bad', server)
  await call('apps.add', { folder: path })
  rmSync(path, { recursive: true })
  await expect(call('apps.start', { app: 'bad' })).rejects.toMatchObject({
    code: 'app-invalid',
    message: says('its folder is gone'),
  })
  expect(await rowOf('bad')).toMatchObject({ state: 'stopped', problems: [{ message: says(path) }] })
})

test('one that deletes its folder goes on, says so, and can be stopped', async () => {
  const daemon = await setup()
  const { call, rowOf } = daemon
  await call('apps.add', {
    folder: write('bad', `${server}; require('node:fs').rmSync(process.cwd(), { recursive: true })`),
  })
  endWith(daemon, 'bad')
  const row = await call('apps.start', { app: 'bad' })
  await until(async () => (await rowOf('bad')).reason?.includes('its folder is gone') === true)
  expect(await (await fetch(row.url ?? '')).text()).toBe('hello')
  // What cannot be started again is not stopped by a restart.
  await expect(call('apps.restart', { app: 'bad' })).rejects.toMatchObject({ code: 'app-invalid' })
  expect(await rowOf('bad')).toMatchObject({ state: 'running', pid: row.pid })
  expect(await call('apps.stop', { app: 'bad' })).toMatchObject({ state: 'stopped' })
})

test('one that leaves its work to others and ends goes on as those, and all of them are its own', async () => {
  const daemon = await setup()
  const { call, rowOf, host } = daemon
  const daemonizes = `(setsid node main.cjs & setsid sleep 600 & setsid sleep 601 &) ; exit 0`
  const row = await started(daemon, daemonizes)
  expect(row).toMatchObject({ state: 'running' })
  await until(async () => (await rowOf('bad')).reason === 'its first process has ended; others of it go on')
  expect(await (await fetch(row.url ?? '')).text()).toBe('hello')
  const own = (await host.processes()).processes.filter(({ cwd }) => cwd === join(folder(), 'bad'))
  expect(own).toHaveLength(3)
  expect(own.map(({ pid }) => daemon.apps.appOf(pid))).toEqual(['bad', 'bad', 'bad'])
  await call('apps.stop', { app: 'bad' })
  for (const one of own) expect(await host.alive(one)).toBe(false)
})

test('one that listens elsewhere is reached where it listens, and told', async () => {
  const daemon = await setup()
  const port = await freePort()
  const row = await started(daemon, `PORT=${port} node main.cjs`, `, health: { path: / }`)
  const given = daemon.given('bad')
  expect(row).toMatchObject({
    state: 'running',
    port,
    url: `http://localhost:${port}/`,
    reason: `it listens on ${port}, not on ${given}, which it was given in $PORT`,
  })
})

test('one whose port somebody else has taken meanwhile is not ready, and is told who has', async () => {
  const daemon = await setup()
  const ready = started(daemon, `until [ -e go ]; do sleep 0.02; done; exec node main.cjs`)
  await until(async () => daemon.given('bad') !== undefined)
  const port = daemon.given('bad')
  const stranger = createServer().listen(port, '127.0.0.1')
  await once(stranger, 'listening')
  await until(async () => (await daemon.rowOf('bad')).reason !== null)
  expect(await daemon.rowOf('bad')).toMatchObject({
    state: 'starting',
    reason: expect.stringMatching(
      `^port ${port}, which it was given, is held by .+ \\(pid ${process.pid}\\)$`,
    ) as string,
  })
  stranger.close()
  await once(stranger, 'close')
  writeFileSync(join(folder(), 'bad', 'go'), '')
  expect(await ready).toMatchObject({ state: 'running', reason: null, port })
})

test('one whose health path does not answer as it should is waited for, and the answer is told', async () => {
  const daemon = await setup()
  const program = `let calls = 0
    require('node:http').createServer((request, answer) => {
      if (request.url === '/health') calls++
      answer.writeHead(calls > 15 ? 200 : 503).end()
    }).listen(process.env.PORT)`
  const config = 'admin: { health: { path: /health, expect: 200 } }\n'
  await daemon.call('apps.add', { folder: write('bad', program, config) })
  endWith(daemon, 'bad')
  const ready = daemon.call('apps.start', { app: 'bad' })
  await until(async () => (await daemon.rowOf('bad')).reason !== null)
  expect(await daemon.rowOf('bad')).toMatchObject({
    state: 'starting',
    reason: `port ${daemon.given('bad')} is open, /health answered 503`,
  })
  expect(await ready).toMatchObject({ state: 'running', reason: null })
})

test('one that ends while its health path hangs is seen to have ended at once', async () => {
  const daemon = await setup()
  const program = `require('node:http').createServer(() => undefined).listen(process.env.PORT); setTimeout(() => process.exit(4), 600)`
  const config = `admin: { run: { ${never} }, health: { path: /health, timeout: 20s } }\n`
  await daemon.call('apps.add', { folder: write('bad', program, config) })
  const before = performance.now()
  await expect(daemon.call('apps.start', { app: 'bad' })).rejects.toThrow('exit code 4')
  expect(performance.now() - before).toBeLessThan(15_000)
})

test('what is broken while it runs leaves it running, is told, and its restart rule goes on', async () => {
  const daemon = await setup()
  const { call, rowOf } = daemon
  const good = 'admin: { run: { restart: { policy: always, backoff: 10ms } } }\n'
  const path = write('bad', server, good)
  await call('apps.add', { folder: path })
  endWith(daemon, 'bad')
  const { pid } = await call('apps.start', { app: 'bad' })
  let moves = 0
  daemon.apps.changed.on(() => void moves++)
  writeFileSync(join(path, 'quantum.config.yaml'), 'admin: { run: { restart: { policy: alway } } }\n')
  // Nobody asks: the daemon sees it by itself, within the second.
  await until(async () => moves > 0)
  const broken = await rowOf('bad')
  expect(broken).toMatchObject({
    state: 'running',
    pid,
    kind: 'procfile',
    reason: expect.stringMatching(
      /^it runs with the configuration of \d\d:\d\d; the file has an error now$/,
    ) as string,
    restartToApply: [],
  })
  expect(broken.problems[0]).toMatchObject({ severity: 'error', line: 1, column: 36 })
  await expect(call('apps.restart', { app: 'bad' })).rejects.toMatchObject({ code: 'app-invalid' })
  expect(await rowOf('bad')).toMatchObject({ state: 'running', pid })
  process.kill(-(pid ?? 0), 'SIGKILL')
  await until(async () => (await rowOf('bad')).restarts === 1 && (await rowOf('bad')).state === 'running')
  writeFileSync(join(path, 'quantum.config.yaml'), good)
  await until(async () => (await rowOf('bad')).reason === null)
})

test('what has changed since its start is told until a restart applies it, also by the next daemon', async () => {
  const first = await setup()
  const config = (mode: string, port: number) => `admin: { run: { port: ${port}, env: { MODE: ${mode} } } }\n`
  const path = write('bad', server, config('fast', 3456))
  await first.call('apps.add', { folder: path })
  expect(await first.call('apps.start', { app: 'bad' })).toMatchObject({ restartToApply: [] })
  await first.end()
  writeFileSync(join(path, 'quantum.config.yaml'), config('slow', 3457))
  appendFileSync(join(path, 'Procfile'), '\n')
  const second = await setup()
  endWith(second, 'bad')
  expect(await second.rowOf('bad')).toMatchObject({ state: 'running', restartToApply: ['port', 'MODE'] })
  expect(await second.call('apps.restart', { app: 'bad' })).toMatchObject({ restartToApply: [] })
})

test('one that floods is cut at its beginning: its end is whole, and a line tells how much is gone', async () => {
  const daemon = await setup()
  const program = `${server}
    const line = (n) => String(n).padStart(9, '0') + ' ' + 'x'.repeat(90) + '\\n'
    for (let n = 0; n < 1500000;) {
      let text = ''
      for (let k = 0; k < 5000; k++) text += line(n++)
      require('node:fs').writeSync(1, text)
    }`
  await daemon.call('apps.add', { folder: write('bad', program) })
  endWith(daemon, 'bad')
  await daemon.call('apps.start', { app: 'bad' })
  const file = join(folder(), 'runs', 'bad', 'output.log')
  await until(async () => {
    const { blocks, size } = statSync(file)
    return size >= 1_500_000 * 101 && blocks * 512 < 100 * 1024 * 1024
  })
  await daemon.call('apps.stop', { app: 'bad' })
  // The cut that was seen is over with its mark.
  await daemon.end()
  const text = readFileSync(file).toString('latin1').replace(/^\0+/, '')
  const [mark = '', ...lines] = text.trimEnd().split('\n')
  expect(mark.trim()).toMatch(/^\[quantum-admin: \d+ bytes that were written before this are gone\]$/)
  expect(lines.length).toBeGreaterThan(600_000)
  const first = Number((lines[0] ?? '').slice(0, 9))
  expect(lines.every((line, index) => Number(line.slice(0, 9)) === first + index)).toBe(true)
  expect(first + lines.length).toBe(1_500_000)
})

test('a port that is none is told with its place', async () => {
  const { call } = await setup()
  const { rows } = await call('apps.add', {
    folder: write('bad', server, 'admin: { run: { port: 70000 } }\n'),
  })
  expect(rows[0]?.problems[0]).toMatchObject({ line: 1, message: says('expected a number from 1 to 65535') })
})

test('what is wrong with one folder is told beside the apps of the others', async () => {
  const { call } = await setup()
  write('web', server)
  writeFileSync(join(folder(), 'quantum.config.yaml'), 'admin: { include: [./web, ./gone] }\n')
  const { rows, problems } = await call('apps.add', { folder: folder() })
  expect(rows.map(({ name }) => name)).toEqual(['web'])
  expect(problems).toMatchObject([{ severity: 'error', message: says('gone, which is no folder') }])
})

test('a terminal of an app has its port and its plain variables, and is told which it has not', async () => {
  const daemon = await setup()
  process.env['QA_TEST_SECRET'] = 'hunter2'
  const config = 'admin: { run: { env: { MODE: fast, KEY: "${QA_TEST_SECRET}" } } }\n'
  try {
    await daemon.call('apps.add', { folder: write('bad', server, config) })
    const { port } = await daemon.call('apps.start', { app: 'bad' })
    endWith(daemon, 'bad')
    const told = await daemon.call('apps.environment', { app: 'bad' })
    expect(told).toEqual({
      variables: { MODE: 'fast', PORT: String(port), QUANTUM_ADMIN_APP: 'bad' },
      withheld: ['KEY'],
    })
  } finally {
    delete process.env['QA_TEST_SECRET']
  }
})
