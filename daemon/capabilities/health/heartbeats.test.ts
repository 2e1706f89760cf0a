import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#base/clock.ts'
import { Lifetime } from '#base/lifetime.ts'
import { NetChecker } from '../../adapters/checks/net-checker.ts'
import { toHealth } from '../../config/health-config.ts'
import { appOn, running, startHealth, statusServer, until, useHealth } from './health.fixture.ts'
import { Heartbeats, withBeat } from './heartbeats.ts'
import { KumaServer } from './kuma.fixture.ts'

const world = useHealth()

const quick = { ...toHealth({}), intervalMs: 40, jitterMs: 5, timeoutMs: 500 }

function heartbeats(held: Readonly<Record<string, string>> = {}) {
  const life = new Lifetime()
  onTestFinished(() => life.dispose())
  let changes = 0
  const beats = life.own(
    new Heartbeats({
      checker: life.own(new NetChecker()),
      clock: systemClock,
      random: () => 0.5,
      secret: (name) => Promise.resolve(held[name] ?? null),
      hide: (text) => text.replaceAll('t0ken', '***'),
      changed: () => changes++,
    }),
  )
  return { life, beats, changes: () => changes }
}

const up = (message: string) => ({ status: 'up', message, latencyMs: 3.4 }) as const

test('a heartbeat says what was found, and keeps what else the address says', () => {
  const push = new URL('https://kuma.example.com/api/push/abc?status=up&msg=OK&ping=&via=proxy#x')
  expect(withBeat(push, { status: 'down', message: 'answered 503 & more', latencyMs: null })).toBe(
    'https://kuma.example.com/api/push/abc?status=down&msg=answered+503+%26+more&via=proxy',
  )
  expect(withBeat(push, up('OK'))).toBe(
    'https://kuma.example.com/api/push/abc?status=up&msg=OK&ping=3&via=proxy',
  )
})

test('Kuma is told of each state as it is found, and of nothing while a check is paused', async () => {
  const kuma = await KumaServer.start(world.life)
  kuma.active.add('shop')
  const { port, told } = await statusServer(world.life)
  world.apps = [
    appOn(port, { health: { ...quick, push: `${kuma.url}/api/push/shop?status=up&msg=OK&ping=` } }),
  ]
  world.standings.set('shop', running())
  const { call } = await startHealth(world)
  const last = () => kuma.pushed.at(-1)
  await until(() => last()?.status === 'up')
  expect(last()).toMatchObject({ token: 'shop', msg: 'OK' })
  expect(Number(last()?.ping)).toBeGreaterThanOrEqual(0)
  told.status = 503
  await until(() => last()?.status === 'down')
  expect(last()).toMatchObject({ msg: 'answered 503 (expected 200-399)', ping: null })
  // One failure is no evidence: what was said before it was unhealthy was that it is up.
  expect(new Set(kuma.pushed.map(({ status }) => status))).toEqual(new Set(['up', 'down']))
  expect((await call('health.show', { app: 'shop', check: 'http' })).push).toMatchObject({ problem: null })
  await call('health.pause', { app: 'shop' })
  await wait(60)
  const before = kuma.pushed.length
  await wait(200)
  expect(kuma.pushed.length).toBe(before)
  await call('health.resume', { app: 'shop' })
  await until(() => kuma.pushed.length > before)
})

test('while Kuma is away checks go on, and when it is back it gets the newest result alone', async () => {
  const { beats, life, changes } = heartbeats()
  const kuma = await KumaServer.start(life)
  kuma.active.add('a')
  const push = `${kuma.url}/api/push/a`
  beats.send('a', push, up('first'))
  await until(() => kuma.pushed.length === 1)
  await kuma.stop()
  for (const message of ['second', 'third', 'fourth']) beats.send('a', push, up(message))
  await until(() => typeof beats.stateOf('a')?.problem === 'string')
  expect(beats.stateOf('a')?.problem).toBe('127.0.0.1 failed: nothing listens there')
  for (let index = 0; index < 1000; index++) beats.send('a', push, up(`later ${index}`))
  await kuma.listen()
  await until(() => kuma.pushed.length === 2)
  expect(kuma.pushed.map(({ msg }) => msg)).toEqual(['first', 'later 999'])
  await until(() => beats.stateOf('a')?.problem === null)
  expect(changes()).toBe(2)
})

test.each([
  ['/api/push/other', '127.0.0.1 answered 404: Monitor not found or not active.'],
  ['/elsewhere', '127.0.0.1 answered 200, and not as Uptime Kuma does'],
])('what Kuma answers to %s is told, without the address', async (path, problem) => {
  const { beats, life } = heartbeats({ kuma: 'unused' })
  const kuma = await KumaServer.start(life)
  kuma.pages.set('/elsewhere', '<html>')
  beats.send('a', `${kuma.url}${path}`, up('OK'))
  await until(() => typeof beats.stateOf('a')?.problem === 'string')
  expect(beats.stateOf('a')).toMatchObject({ problem, sentAt: null })
})

test('an address may be a secret, and never one under which a cloud tells keys', async () => {
  const { beats, life } = heartbeats({
    file: 'file:///etc/passwd',
    cloud: 'http://0xa9fea9fe/api/push/t0ken',
  })
  const problems: Record<string, string> = {
    'secret:none': 'there is no secret none, which is to hold the push URL',
    'secret:file': 'the secret file holds no address that begins with http:// or https://',
    'secret:cloud': 'was not asked',
    'http://169.254.169.254/latest/?a=': 'was not asked',
  }
  for (const [push, problem] of Object.entries(problems)) {
    beats.send(push, push, up('OK'))
    await until(() => typeof beats.stateOf(push)?.problem === 'string')
    expect(beats.stateOf(push)?.problem).toContain(problem)
    expect(beats.stateOf(push)?.problem).not.toContain('t0ken')
  }
  const kuma = await KumaServer.start(life)
  expect(kuma.pushed).toEqual([])
})

test('of two hundred checks that Kuma holds up, sixteen are on their way at most', async () => {
  const { beats, life } = heartbeats()
  const kuma = await KumaServer.start(life)
  kuma.delayMs = 20
  for (let index = 0; index < 200; index++) kuma.active.add(`m${index}`)
  for (const token of kuma.active) beats.send(token, `${kuma.url}/api/push/${token}`, up('OK'))
  await until(() => kuma.pushed.length === 200)
  expect(kuma.mostAtOnce).toBe(16)
})

test('of a check that is made no longer nothing more is sent, also not what waited', async () => {
  const { beats, life } = heartbeats()
  const kuma = await KumaServer.start(life)
  kuma.active.add('a').add('b')
  await kuma.stop()
  for (const token of kuma.active) beats.send(token, `${kuma.url}/api/push/${token}`, up('OK'))
  await until(() => typeof beats.stateOf('a')?.problem === 'string')
  beats.keepOnly(new Set(['b']))
  await kuma.listen()
  await until(() => kuma.pushed.length > 0)
  await wait(500)
  expect([kuma.pushed.map(({ token }) => token), beats.stateOf('a')]).toEqual([['b'], null])
})
