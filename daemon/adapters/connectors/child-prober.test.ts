import { expect, test } from 'vitest'
import type { Change } from '../../kernel/execute.ts'
import { ChildProber } from './child-prober.ts'
import type { ProbeTarget } from './prober.ts'

// It makes no use of the change: what it does leaves nothing behind.
const change = undefined as unknown as Change
const target: ProbeTarget = {
  type: 'redis',
  host: '127.0.0.1',
  port: 1,
  database: null,
  user: null,
  password: 'canary-in-the-target',
  tls: 'off',
  ca: null,
  limitMs: 100,
  guarded: false,
}
const well = { ok: true, latencyMs: 1, version: null }

/** A prober whose process runs such code, with the target as `target`. */
const running = (code: string) =>
  new ChildProber([process.execPath, '-e', `process.once('message', async (target) => { ${code} })`])
const probe = (code: string, signal = new AbortController().signal) =>
  running(code).probe(change, target, signal)

test('an error that a driver throws after the answer ends its process and nothing else', async () => {
  const code = `process.send(${JSON.stringify(well)}); throw new Error('later')`
  for (let i = 0; i < 5; i++) await expect(probe(code)).resolves.toEqual(well)
  const event = `process.send(${JSON.stringify(well)}); new (require('node:events'))().emit('error', new Error('later'))`
  await expect(probe(event)).resolves.toEqual(well)
})

test.each([
  ['ends without an answer', 'process.exit(0)'],
  ['crashes', 'process.abort()'],
  ['runs out of memory', 'const all = []; for (;;) all.push(Array(1e5).fill({}))'],
  ['closes the pipe', 'process.disconnect(); setInterval(() => {}, 1000)'],
])('a process that %s is an answer', async (_what, code) => {
  await expect(probe(code)).resolves.toMatchObject({ ok: false, fault: 'bad-answer' })
})

test('a process that is too busy to see its own limit is ended', async () => {
  const started = performance.now()
  await expect(probe('for (;;);')).resolves.toMatchObject({ ok: false })
  expect(performance.now() - started).toBeGreaterThan(target.limitMs)
})

test('what the process sees is the target, and no variable from which a driver takes a password', async () => {
  process.env['PGPASSWORD'] = 'canary-in-the-environment'
  process.env['MYSQL_PWD'] = 'canary-in-the-environment'
  try {
    const code =
      'process.send({ ok: true, latencyMs: 0, version: JSON.stringify([target, process.env, process.argv]) })'
    const answer = await probe(code)
    const seen = answer.ok ? (answer.version ?? '') : ''
    const [given, environment, argv] = JSON.parse(seen) as [ProbeTarget, object, string[]]
    expect(given).toEqual(target)
    expect(JSON.stringify([environment, argv])).not.toContain('canary')
    expect(Object.keys(environment)).toContain('PATH')
  } finally {
    delete process.env['PGPASSWORD']
    delete process.env['MYSQL_PWD']
  }
})

test('a test that is cancelled while it waits for its turn never begins', async () => {
  const prober = running('setTimeout(() => process.send({ ok: true, latencyMs: 0, version: null }), 300)')
  const first = Array.from({ length: 4 }, () => prober.probe(change, target, new AbortController().signal))
  const controller = new AbortController()
  const waiting = prober.probe(change, target, controller.signal)
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
  await expect(prober.probe(change, target, controller.signal)).rejects.toMatchObject({ code: 'cancelled' })
  await Promise.all(first)
  await expect(prober.probe(change, target, new AbortController().signal)).resolves.toMatchObject({
    ok: true,
  })
})

test('a program that is not there is told', async () => {
  const prober = new ChildProber(['/no/such/program'])
  await expect(prober.probe(change, target, new AbortController().signal)).rejects.toMatchObject({
    code: 'internal',
  })
})
