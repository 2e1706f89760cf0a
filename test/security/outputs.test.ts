import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

// What apps, jobs and tests are given as a secret they may print, also as half a line at a time.
const secret = 'canary-of-the-output-6d1f'

let daemon: TestDaemon
let client: Client
let folder: string
let app: string

beforeAll(async () => {
  daemon = await startDaemon()
  client = daemon.client()
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-outputs-')))
  app = path.join(folder, 'shop')
  mkdirSync(app)
  writeFileSync(
    path.join(app, 'quantum.config.yaml'),
    `admin:
  name: shop
  run:
    command: 'echo starts with $TOKEN; exec sleep 1000'
    env: { TOKEN: 'secret:token' }
    restart: { policy: never }
  jobs:
    halves: { command: 'printf "is \${TOKEN%???????}"; until [ -e go ]; do sleep 0.02; done; echo "\${TOKEN#??????????????????}, ends"; printf "last $TOKEN"' }
    long: { command: 'i=0; while [ $i -lt 9000 ]; do echo "$i $TOKEN"; i=$((i + 1)); done' }
  tests: { command: 'sh tests.sh' }
`,
  )
  const tap = ['TAP version 13', '1..1', 'not ok 1 - knows $TOKEN', '  ---', '  message: got $TOKEN', '  ...']
  writeFileSync(path.join(app, 'tests.sh'), `${tap.map((line) => `echo "${line}"`).join('\n')}\nexit 1\n`)
  await client.call('secrets.set', { name: 'token', value: secret })
  await client.call('apps.add', { folder })
})
afterAll(async () => {
  await client.dispose()
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** All that a run wrote, piece by piece as it comes, until `until` says so or it has ended. */
async function follow(run: string, until: (text: string) => boolean): Promise<string> {
  let [text, from] = ['', 0]
  for (;;) {
    const piece = await client.call('jobs.output', { run, from })
    text += piece.text
    from = piece.next
    if (piece.ended || until(text)) return text
    if (piece.text === '') await sleep(20)
  }
}
const toItsEnd = (run: string): Promise<string> => follow(run, () => false)

test('a job that prints a secret in two halves is shown without it, while it runs and afterwards', async () => {
  const { run } = await client.call('jobs.run', { app: 'shop', job: 'halves', wait: false })
  const following = toItsEnd(run)
  while ((await client.call('jobs.show', { run })).lastLines.length === 0) await sleep(20)
  writeFileSync(path.join(app, 'go'), '')
  expect(await following).toBe('is [redacted], ends\nlast [redacted]')
  expect((await client.call('jobs.show', { run })).lastLines).toEqual([
    'is [redacted], ends',
    'last [redacted]',
  ])
})

test('every piece of a long output is without it', async () => {
  const { run } = await client.call('jobs.run', { app: 'shop', job: 'long', wait: true })
  const lines = (await toItsEnd(run)).trimEnd().split('\n')
  expect(lines).toEqual(Array.from({ length: 9000 }, (_, n) => `${n} [redacted]`))
})

test('an app and single tests are shown without it, also by a daemon that has given it to nobody yet', async () => {
  await client.call('apps.start', { app: 'shop' })
  await client.call('apps.stop', { app: 'shop' })
  const { run } = await client.call('tests.run', { app: 'shop', wait: true })
  await client.dispose()
  await daemon.kill()
  daemon = await startDaemon({ home: daemon.home })
  client = daemon.client()
  const shown = await client.call('tests.show', { run })
  expect(shown.cases).toMatchObject([{ name: 'knows [redacted]', state: 'failed' }])
  const { lines } = await client.call('apps.output', { app: 'shop' })
  expect(lines.at(-1)).toBe('starts with [redacted]')
  const answers = [shown, lines, await client.call('apps.show', { app: 'shop' }), await toItsEnd(run)]
  expect(JSON.stringify(answers)).not.toContain(secret)
  expect(JSON.stringify(answers.map((one) => JSON.stringify(one).includes('[redacted]')))).toBe(
    '[true,true,true,true]',
  )
})
