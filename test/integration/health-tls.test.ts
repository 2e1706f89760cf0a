import { readFileSync } from 'node:fs'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '#client/client.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

describe.runIf(withPeers('openssl', 'faketime'))('checks over TLS', () => {
  let daemon: TestDaemon
  let client: Client
  let folder: string
  const closing: (() => void)[] = []

  async function serve({ certFile, keyFile }: TestCertificate): Promise<number> {
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_, response) =>
      response.end('ok'),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'qa-tls-checks-'))
    const certificates = {
      good: makeCertificate(),
      expired: makeCertificate({ expired: true }),
      otherHost: makeCertificate({ names: ['DNS:elsewhere.test'] }),
      unknown: makeCertificate(),
      early: makeCertificate({ early: true }),
      tenDays: makeCertificate({ days: 10 }),
    }
    const { good, expired, otherHost, unknown, early, tenDays } = certificates
    const signed = makeCertificate({ authority: unknown })
    closing.push(() => signed.remove())
    closing.push(() => Object.values(certificates).forEach((one) => one.remove()))
    // Trusted by the daemon, so that each is refused for one reason alone.
    const authorities = path.join(folder, 'authorities.pem')
    writeFileSync(authorities, [good, expired, otherHost, early, tenDays].map(({ ca }) => ca).join('\n'))
    const check = async (name: string, certificate: TestCertificate, more = '') =>
      `      ${name}: { url: "https://localhost:${await serve(certificate)}/", failures: 1${more} }`
    mkdirSync(path.join(folder, 'shop'))
    const lines = [
      'admin:',
      '  run: { command: sleep 1 }',
      '  health:',
      '    checks:',
      await check('good', good, ', certificateWarning: 1s'),
      await check('ending', good),
      await check('expired', expired),
      await check('otherHost', otherHost),
      await check('unknown', unknown),
      await check('early', early),
      await check('tenDays', tenDays),
      await check('signed', signed),
      await check('unverified', unknown, ', verifyCertificate: false, certificateWarning: 1s'),
    ]
    writeFileSync(path.join(folder, 'shop', 'quantum.config.yaml'), lines.join('\n'))
    daemon = await startDaemon({
      env: { DOCKER_HOST: 'unix:///nowhere/docker.sock', NODE_EXTRA_CA_CERTS: authorities },
    })
    client = daemon.client()
    await client.call('apps.add', { folder: path.join(folder, 'shop') })
  })

  afterAll(async () => {
    await client.dispose()
    await daemon.stop()
    for (const close of closing) close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('each kind of certificate that is refused is told as what it is', async () => {
    const rows = await client.call('health.check', { app: 'shop' })
    const reasons = Object.fromEntries(rows.map(({ check, reason }) => [check, reason]))
    const dates = /\d{4}-\d\d-\d\d/
    expect(reasons['good']).toBeNull()
    expect(reasons['unverified']).toBeNull()
    expect(reasons['ending']).toMatch(
      /^has a certificate that expires on \d{4}-\d\d-\d\d, (?:today|in 1 day)$/,
    )
    expect(reasons['expired']).toMatch(/^failed: its certificate has expired on \d{4}-\d\d-\d\d$/)
    expect(Date.parse(dates.exec(reasons['expired'] ?? '')?.[0] ?? '')).toBeLessThan(Date.now())
    expect(reasons['otherHost']).toBe('failed: its certificate is for another host (DNS:elsewhere.test)')
    expect(reasons['unknown']).toBe('failed: its certificate is self-signed')
    expect(reasons['early']).toMatch(/^failed: its certificate is not valid yet, only from \d{4}-\d\d-\d\d$/)
    expect(reasons['signed']).toBe(
      'failed: its certificate is from an authority that is not trusted (quantum-admin-test)',
    )
  })

  test('a certificate that ends soon makes a check degraded, says in how many days, and is no incident', async () => {
    const show = () => client.call('health.show', { app: 'shop', check: 'tenDays' })
    // By evidence, as everything else: one answer alone may have come from a server that is being replaced.
    for (let answers = 0; answers < 3; answers++)
      await client.call('health.check', { app: 'shop', check: 'tenDays' })
    const detail = await show()
    expect(detail).toMatchObject({ state: 'degraded', severity: 'critical' })
    const ends = Date.parse(detail.certificateEndsAt ?? '')
    expect(Math.round((ends - Date.now()) / 86_400_000)).toBe(10)
    expect(detail.reason).toBe(
      `has a certificate that expires on ${detail.certificateEndsAt?.slice(0, 10)}, in 9 days`,
    )
    const { rows } = await client.call('incidents.list', { open: true })
    expect(rows.map(({ check }) => check)).not.toContain('tenDays')
    const shown = await daemon.cli('health', 'show', 'shop', 'tenDays')
    expect(shown.stdout).toMatch(/^Certificate +ends \d{4}-\d\d-\d\dT.* \(in (?:9|10) days\)$/m)
    expect(
      (await client.call('health.show', { app: 'shop', check: 'good' })).certificateEndsAt,
    ).not.toBeNull()
  })
})
