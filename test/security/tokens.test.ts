import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs'
import * as path from 'node:path'
import { describe, expect, test } from 'vitest'
import { connectRemote } from '#client/connect.ts'
import { newToken } from '../../daemon/kernel/auth.ts'
import { cliScript, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { filesIn, visible } from '../support/disclosure.ts'
import { withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'
import { makeCertificate } from '../support/tls.ts'

test('S3: a token has 256 bits from the system, in 43 characters, and no two are alike', () => {
  const count = scale(10_000, 100_000)
  const tokens = Array.from({ length: count }, () => newToken())
  expect(new Set(tokens).size).toBe(count)
  expect(tokens.every((token) => /^[A-Za-z0-9_-]{43}$/.test(token))).toBe(true)
  const bytes = tokens.map((token) => Buffer.from(token, 'base64url'))
  expect(bytes.every(({ length }) => length === 32)).toBe(true)
  // Every one of the 256 bits is set about half of the time: six standard deviations.
  const set = Array.from(
    { length: 256 },
    (_, bit) => bytes.filter((b) => ((b[bit >> 3] ?? 0) >> (bit & 7)) & 1).length,
  )
  for (const ones of set) expect(Math.abs(ones - count / 2)).toBeLessThan(3 * Math.sqrt(count))
})

test('S3: every start has a token of its own, 0600, and gone after the stop', async () => {
  const seen = new Set<string>()
  const first = await startDaemon()
  seen.add(first.token())
  await first.kill()
  for (let i = 0; i < scale(4, 30); i++) {
    const daemon = await startDaemon({ home: first.home })
    const file = path.join(first.home, 'token')
    expect(lstatSync(file).mode & 0o7777).toBe(0o600)
    expect(seen.has(daemon.token())).toBe(false)
    seen.add(daemon.token())
    if (i % 2 === 0) await daemon.kill()
    else {
      daemon.process.kill('SIGTERM')
      await once(daemon.process, 'exit')
      expect(existsSync(file)).toBe(false)
    }
  }
  rmSync(first.home, { recursive: true, force: true })
})

/** The forms in which a secret could be written down without anybody noticing. */
function forms(secret: string): Buffer[] {
  const raw = Buffer.from(secret, 'base64url')
  const texts = [
    secret,
    raw.toString('base64').replace(/=+$/, ''),
    raw.toString('hex'),
    raw.toString('hex').toUpperCase(),
    encodeURIComponent(raw.toString('base64')).replace(/%3D/g, ''),
    Buffer.from(secret).toString('hex'),
    // At each of the three offsets at which base64 of a longer text can begin; the edges depend on the neighbours.
    ...[0, 1, 2].map((offset) =>
      Buffer.from(' '.repeat(offset) + secret)
        .toString('base64')
        .slice(4, -4),
    ),
    JSON.stringify([...raw]).slice(1, -1),
  ]
  return [raw, Buffer.from(secret, 'utf16le'), ...texts.map((text) => Buffer.from(text))]
}

async function cli(
  daemon: TestDaemon,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Buffer> {
  const child = spawn(process.execPath, [cliScript, ...args], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: daemon.home, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk))
  await once(child, 'close')
  return Buffer.concat(output)
}

describe.runIf(withPeers('openssl') && process.platform === 'linux')('S4', () => {
  test('after a full workload no token is found anywhere but where it belongs', async () => {
    const certificate = makeCertificate()
    const { certFile, keyFile, ca } = certificate
    const daemon = await startDaemon({
      args: ['--listen', 'localhost:0', '--tls-cert', certFile, '--tls-key', keyFile],
    })
    const url = (daemon.describe().url ?? '').replace('wss:', 'https:')
    const admin = daemon.client()
    await admin.call('users.add', { name: 'ana', role: 'admin' })
    const user = await admin.call('users.token', { name: 'ana' })
    const second = await admin.call('users.token', { name: 'ana' })
    const remote = connectRemote(
      { url, ca, token: () => Promise.resolve(user.token), client: 'test/0' },
      'once',
    )
    await remote.call('leases.allocate', { name: 'shop' })
    await remote.call('users.revoke', { tokenId: second.id })
    for (const token of [second.token, newToken(), `${user.token.slice(0, -1)}-`]) {
      const wrong = connectRemote(
        { url, ca, token: () => Promise.resolve(token), client: `test/${token}` },
        'once',
      )
      await wrong.call('daemon.status', {}).catch(() => {})
      await wrong.dispose()
    }
    // Pasted where it does not belong, in the shape in which a header holds it.
    await admin.call('daemon.handover', { version: '0.0.0', build: `Bearer ${user.token}` }).catch(() => {})
    const commands = [
      'overview',
      'ports list',
      'processes list',
      'containers list',
      'audit list',
      'users list',
      'daemon status',
      'doctor',
      'daemon logs',
      'ports who 1',
      'version',
    ]
    const outputs = await Promise.all(
      commands.flatMap((command) => [
        cli(daemon, command.split(' ')),
        cli(daemon, [...command.split(' '), '--json']),
        cli(daemon, [...command.split(' '), '--json', '--url', url, '--ca', certFile], {
          QUANTUM_ADMIN_TOKEN: user.token,
        }),
      ]),
    )
    const pieces: string[] = []
    await admin.call(
      'audit.export',
      { format: 'jsonl' },
      { onPiece: (piece) => pieces.push(JSON.stringify(piece)) },
    )
    await admin.call('audit.checkpoint', {})
    const places = new Map<string, Buffer>([
      ...filesIn(daemon.home).map((file) => [file, readFileSync(file)] as const),
      ...outputs.map((output, i) => [`output ${i}`, output] as const),
      ['export', Buffer.from(pieces.join('\n'))],
      ...visible(daemon.process.pid ?? 0).map((part, i) => [`process ${i}`, part] as const),
    ])
    places.delete(path.join(daemon.home, 'token'))
    const found: string[] = []
    for (const [name, secret] of Object.entries({
      local: daemon.token(),
      user: user.token,
      revoked: second.token,
    })) {
      for (const form of forms(secret))
        for (const [place, content] of places)
          if (content.includes(form)) found.push(`${name} token in ${place}`)
    }
    expect(found).toEqual([])
    // The search does find what is there: the user's token is stored as its hash.
    const hash = Buffer.from(createHash('sha256').update(user.token).digest('hex'))
    const stored = [...places]
      .filter(([, content]) => content.includes(hash))
      .map(([place]) => path.basename(place))
    expect(stored.some((name) => name.startsWith('quantum-admin.sqlite'))).toBe(true)
    expect(readFileSync(path.join(daemon.home, 'token')).includes(forms(daemon.token())[2] ?? '')).toBe(true)
    const bytes = [...places.values()].reduce((sum, { length }) => sum + length, 0)
    figure(
      'S4',
      `3 tokens in ${forms('').length} forms, ${places.size} places, ${(bytes / 2 ** 20).toFixed(1)} MB: 0 found`,
    )
    await remote.dispose()
    await admin.dispose()
    await daemon.stop()
    certificate.remove()
  }, 120_000)
})
