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
    }
    const { good, expired, otherHost, unknown } = certificates
    closing.push(() => Object.values(certificates).forEach((one) => one.remove()))
    // Trusted by the daemon, so that each is refused for one reason alone.
    const authorities = path.join(folder, 'authorities.pem')
    writeFileSync(authorities, [good, expired, otherHost].map(({ ca }) => ca).join('\n'))
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
  })
})
