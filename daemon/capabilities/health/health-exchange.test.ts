import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toHealth } from '../../config/health-config.ts'
import type { AppHealth } from './app-health.ts'
import { appOn, startHealth, useHealth } from './health.fixture.ts'

const world = useHealth()

const backup = JSON.stringify({
  version: '1.23.0',
  monitorList: [
    {
      name: 'Orders',
      type: 'http',
      url: 'https://example.com/',
      headers: '{"Authorization":"Bearer geheim"}',
    },
    { name: 'Router', type: 'ping', hostname: '192.0.2.1' },
  ],
})

async function shop(file: string | null, said: Partial<AppHealth> = {}) {
  const folder = join(world.folder, 'shop')
  mkdirSync(folder)
  const config = join(folder, 'quantum.config.yaml')
  if (file !== null) writeFileSync(config, file)
  world.apps = [appOn(3000, { folder, ...said })]
  return { folder, config, ...(await startHealth(world)) }
}

test('a preview writes nothing, an import leaves what stands there, and is on the trail', async () => {
  const before = '# mine\nadmin:\n  health:\n    checks:\n      a: { path: /a } # first\n'
  const { folder, config, call, trail } = await shop(before)
  chmodSync(config, 0o640)
  const planned = await call('health.preview', { app: 'shop', text: backup })
  expect(planned).toMatchObject({ format: 'uptime-kuma', version: '1.23.0', written: null })
  expect(readFileSync(config, 'utf8')).toBe(before)
  trail.length = 0
  const done = await call('health.import', { app: 'shop', text: backup })
  expect(done).toEqual({ ...planned, written: config })
  expect(trail).toContain('update app shop')
  const after = readFileSync(config, 'utf8')
  expect(after.startsWith(before)).toBe(true)
  expect(after).toContain('Authorization: secret:orders-authorization')
  expect(after).not.toContain('geheim')
  expect([statSync(config).mode & 0o777, readdirSync(folder)]).toEqual([0o640, ['quantum.config.yaml']])
  // Once more there is nothing left to do.
  const again = await call('health.import', { app: 'shop', text: backup })
  expect(again).toMatchObject({ written: null, yaml: '' })
  expect(again.monitors[0]?.notes).toEqual(['there is a check orders already'])
  expect(readFileSync(config, 'utf8')).toBe(after)
})

test('an app without a configuration gets one', async () => {
  const { config, call } = await shop(null)
  await call('health.import', { app: 'shop', text: backup })
  expect(readFileSync(config, 'utf8')).toMatch(/^admin:\n {2}health:\n {4}checks:\n {6}orders:\n/)
})

test.each([
  ['no YAML', 'admin: [\n', 'conflict'],
  ['no mapping', 'admin: 5\n', 'conflict'],
  ['no text', Buffer.from([0xff, 0xfe, 0x00]).toString('latin1'), null],
])('a configuration that is %s stays as it is, and nothing lies beside it', async (_, text, code) => {
  const { folder, config, call } = await shop('')
  writeFileSync(config, text, 'latin1')
  await expect(call('health.import', { app: 'shop', text: backup })).rejects.toMatchObject({
    code: code ?? 'conflict',
  })
  expect([readFileSync(config, 'latin1'), readdirSync(folder)]).toEqual([text, ['quantum.config.yaml']])
})

test('where a link stands, nothing is written through it', async () => {
  const { folder, config, call } = await shop(null)
  const elsewhere = join(world.folder, 'elsewhere.yaml')
  symlinkSync(elsewhere, config)
  await expect(call('health.import', { app: 'shop', text: backup })).rejects.toMatchObject({
    code: 'conflict',
  })
  expect([existsSync(elsewhere), readdirSync(folder)]).toEqual([false, ['quantum.config.yaml']])
})

test('who exports sees no secret, and what Gatus cannot say', async () => {
  const { call } = await shop(null, {
    health: toHealth({
      failures: { count: 3, of: 5 },
      checks: {
        orders: {
          url: 'https://example.com/',
          headers: { Authorization: 'Bearer hunter2', 'X-K': 'secret:shop-key' },
        },
        disk: { command: 'test -w .' },
      },
    }),
  })
  const { text, notes } = await call('health.export', { format: 'gatus', app: 'shop' })
  expect(text).not.toContain('hunter2')
  expect(text).toContain('Authorization: ${SHOP_ORDERS_AUTHORIZATION}')
  expect(text).toContain('X-K: ${SHOP_KEY}')
  expect(text).toContain('url: http://localhost:3000/health')
  expect(notes).toEqual(
    expect.arrayContaining([
      'shop process: Gatus does not see processes',
      'shop disk: Gatus runs no commands',
      'shop orders: Gatus counts in a row: 3 of 5 became 3',
      'shop http: the address is of this machine, where Gatus has to run too',
    ]),
  )
  await expect(call('health.export', { format: 'gatus', app: 'none' })).rejects.toMatchObject({
    code: 'not-found',
  })
})
