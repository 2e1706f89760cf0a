import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { exchange, type Address, type RawAnswer } from '../support/raw.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

// What a Prometheus reads is one more way in: it is shut unless it was opened, and then for nobody else.

let certificate: TestCertificate | undefined
let daemon: TestDaemon
let port = 0

beforeAll(async () => {
  certificate = withPeers('openssl') ? makeCertificate() : undefined
  const door =
    certificate === undefined ? [] : ['--tls-cert', certificate.certFile, '--tls-key', certificate.keyFile]
  daemon = await startDaemon({ args: certificate === undefined ? [] : ['--listen', 'localhost:0', ...door] })
  port = Number(new URL(daemon.describe().url ?? 'wss://localhost:0').port)
})
afterAll(async () => {
  await daemon.stop()
  certificate?.remove()
})

const allow = (exposition: boolean): void =>
  writeFileSync(statePaths(daemon.home).settings, JSON.stringify({ metrics: { exposition } }), {
    mode: 0o600,
  })

const local = (): Address => ({ path: daemon.describe().socket })
const bearer = (token: string): string => `Authorization: Bearer ${token}`

function ask(
  address: Address,
  lines: readonly string[],
  { method = 'GET', path = '/metrics' }: { readonly method?: string; readonly path?: string } = {},
): Promise<RawAnswer> {
  return exchange(address, `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
}

const asked = async (...args: Parameters<typeof ask>): Promise<number | null> => (await ask(...args)).status

test('it is shut by default, opened and shut by the settings while the daemon runs', async () => {
  const mine = ['Host: localhost', bearer(daemon.token())]
  const shut = await ask(local(), mine)
  expect(shut.status).toBe(403)
  expect(shut.text.split('\r\n\r\n')[1]).toBe('')
  allow(true)
  await expect.poll(() => asked(local(), mine)).toBe(200)
  expect((await ask(local(), mine)).text).toContain('# TYPE quantum_admin_build_info gauge')
  allow(false)
  await expect.poll(() => asked(local(), mine)).toBe(403)
})

test('only who shows the right token, from no web page, is answered, and nobody else is told anything', async () => {
  allow(true)
  const token = daemon.token()
  const host = 'Host: localhost'
  await expect.poll(() => asked(local(), [host, bearer(token)])).toBe(200)
  const wrong = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`
  const refused: readonly (readonly [readonly string[], number])[] = [
    [[host], 401],
    [[host, bearer(wrong)], 401],
    [[host, bearer(token), bearer(token)], 401],
    [[host, `Authorization: Basic ${Buffer.from(`admin:${token}`).toString('base64')}`], 401],
    [['Host: evil.example', bearer(token)], 403],
    [[host, bearer(token), 'Origin: http://localhost'], 403],
    [[host, bearer(token), 'Referer: http://localhost/'], 403],
  ]
  for (const [lines, status] of refused) {
    const answer = await ask(local(), lines)
    expect(answer.status, lines.join()).toBe(status)
    expect(answer.text.split('\r\n\r\n')[1]).toBe('')
  }
  for (const other of [
    { path: '/metrics/' },
    { path: '/metrics?a=1' },
    { path: '/' },
    { method: 'POST' },
    { method: 'HEAD' },
  ])
    expect(await asked(local(), [host, bearer(token)], other), JSON.stringify(other)).toBe(403)
})

describe.runIf(withPeers('openssl'))('over the network', () => {
  test('a viewer reads it with a token that counts now, and of many times one login is on the trail', async () => {
    allow(true)
    const client = daemon.client()
    await client.call('users.add', { name: 'collector', role: 'viewer' })
    const { token, id } = await client.call('users.token', { name: 'collector' })
    const address = { port }
    const lines = [`Host: localhost:${port}`, bearer(token)]
    await expect.poll(() => asked(address, lines)).toBe(200)
    for (let round = 0; round < 5; round++) expect(await asked(address, lines)).toBe(200)
    // The local one is for nobody else.
    expect(await asked(address, [`Host: localhost:${port}`, bearer(daemon.token())])).toBe(401)
    const { entries } = await client.call('audit.list', { action: 'login', limit: 50 })
    expect(entries.filter(({ outcome, resource }) => outcome === 'ok' && resource.id === id)).toHaveLength(1)
    expect(entries.filter(({ errorCode }) => errorCode === 'unauthenticated')).toHaveLength(1)
    await client.call('users.revoke', { tokenId: id })
    expect(await asked(address, lines)).toBe(401)
    await client.dispose()
  })
})
