import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contract, type MethodName, type Params } from '#contract/index.ts'
import { roles, type Role } from '#contract/method.ts'
import type { Failure } from '#base/failure.ts'
import type { Client } from '#client/client.ts'
import { connectRemote } from '#client/connect.ts'
import { daemonScript, startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { until } from '../support/door.ts'
import { withPeers } from '../support/peers.ts'
import { figure } from '../support/scale.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

const usable = withPeers('openssl')
const container = { id: 'abcdef012345', name: 'no-such-container' }
const noRun = '0'.repeat(32)
const ended = { pid: 2 ** 31 - 1, startedAt: '2026-01-01T00:00:00.000Z', name: 'nobody' }

/** Well-formed params for every method, so that nothing but the role decides. A new method must be added here. */
const params: { readonly [M in MethodName]: Params<M> } = {
  'daemon.status': {},
  'daemon.doctor': {},
  'daemon.stop': {},
  'daemon.handover': { version: '0.0.0', build: '0' },
  'overview.get': {},
  'events.subscribe': { topics: ['ports'] },
  'ports.list': {},
  'ports.who': { port: 1 },
  'ports.free': { port: 1, holders: [{ pid: ended.pid, startedAt: ended.startedAt }] },
  'processes.list': {},
  'processes.show': { pid: 1 },
  'processes.stop': ended,
  'containers.list': {},
  'containers.show': { id: container.id },
  'containers.usage': {},
  'containers.logs': { id: container.id },
  'containers.start': container,
  'containers.stop': container,
  'containers.restart': container,
  'leases.list': {},
  'leases.allocate': { name: 'roles' },
  'leases.release': { name: 'no-such-lease' },
  'audit.list': {},
  'audit.show': { sequence: 1 },
  'audit.head': {},
  'audit.verify': {},
  'audit.export': { format: 'jsonl' },
  'audit.checkpoint': {},
  'users.list': {},
  'users.add': { name: 'added', role: 'viewer' },
  'users.remove': { name: 'no-such-user' },
  'users.token': { name: 'no-such-user' },
  'users.revoke': { tokenId: 'no-such-token' },
  'apps.list': {},
  'apps.show': { app: 'no-such-app' },
  'apps.add': { folder: '/no/such/folder' },
  'apps.output': { app: 'shop' },
  'apps.environment': { app: 'shop' },
  'apps.remove': { app: 'no-such-app' },
  'apps.start': { app: 'no-such-app' },
  'apps.stop': { app: 'no-such-app' },
  'apps.restart': { app: 'no-such-app' },
  'apps.recover': { app: 'no-such-app', reason: 'none' },
  'health.list': {},
  'health.show': { app: 'no-such-app', check: 'http' },
  'health.check': { app: 'no-such-app' },
  'health.pause': { app: 'no-such-app' },
  'health.resume': { app: 'no-such-app' },
  'health.watch': {},
  'health.preview': { text: '{"monitorList":[]}' },
  'health.import': { app: 'no-such-app', text: '{"monitorList":[]}' },
  'health.export': { format: 'gatus' },
  'incidents.list': {},
  'incidents.show': { number: 1 },
  'incidents.acknowledge': { number: 1 },
  'incidents.note': { number: 1, text: 'none' },
  'incidents.hooks': {},
  'incidents.testHooks': { app: 'no-such-app' },
  'incidents.open': { app: 'no-such-app', check: 'http' },
  'incidents.resolve': { number: 1 },
  'jobs.list': {},
  'jobs.queue': { app: 'no-such-app' },
  'jobs.history': {},
  'jobs.show': { run: noRun },
  'jobs.output': { run: noRun },
  'jobs.run': { app: 'no-such-app', job: 'none' },
  'jobs.cancel': { run: noRun },
  'jobs.fire': { app: 'no-such-app', job: 'none', time: ended.startedAt },
  'jobs.schedule': { app: 'no-such-app', job: 'none' },
  'jobs.settle': { run: noRun },
  'tests.list': {},
  'tests.history': {},
  'tests.show': { run: noRun },
  'tests.output': { run: noRun },
  'tests.run': { app: 'no-such-app' },
  'tests.cancel': { run: noRun },
  'connectors.list': {},
  'connectors.show': { name: 'no-such-connector' },
  'connectors.test': { name: 'no-such-connector' },
  'connectors.add': { name: 'added', url: 'redis://127.0.0.1:1' },
  'connectors.remove': { name: 'no-such-connector' },
  'secrets.list': {},
  'secrets.set': { name: 'roles', value: 'roles-value' },
  'secrets.remove': { name: 'no-such-secret' },
  'secrets.rotate': {},
  'logs.search': {},
  'logs.around': { id: 'no-such-app/1' },
  'logs.show': { id: 'no-such-app/1' },
  'logs.histogram': {},
  'logs.errors': {},
  'logs.sources': {},
  'logs.forwarding': {},
  'metrics.series': {},
  'metrics.now': {},
  'history.list': {},
  'incidents.timeline': { number: 1 },
}

let certificate: TestCertificate
let daemon: TestDaemon
let admin: Client

beforeAll(async () => {
  if (!usable) return
  certificate = makeCertificate()
  const { certFile, keyFile } = certificate
  daemon = await startDaemon({
    args: ['--listen', 'localhost:0', '--tls-cert', certFile, '--tls-key', keyFile],
  })
  admin = daemon.client()
})
afterAll(async () => {
  if (!usable) return
  await admin.dispose()
  await daemon.stop()
  certificate.remove()
})

const remote = (token: string, url = daemon.describe().url ?? ''): Client =>
  connectRemote({ url, ca: certificate.ca, token: () => Promise.resolve(token), client: 'test/0' }, 'once')

async function login(
  name: string,
  role: Role,
): Promise<{ readonly client: Client; readonly tokenId: string }> {
  await admin.call('users.add', { name, role })
  const { token, id } = await admin.call('users.token', { name })
  return { client: remote(token), tokenId: id }
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => (error as Failure).code,
  )

describe.runIf(usable)('over TLS', () => {
  test('S7: every method is refused to every role below its own, and to no other', async () => {
    const names = Object.keys(contract) as MethodName[]
    const wrong: string[] = []
    let tried = 0
    for (const role of roles) {
      const { client } = await login(`s7-${role}`, role)
      for (const name of names) {
        const allowed = roles.indexOf(role) >= roles.indexOf(contract[name].role)
        // It would be the end of the test; the last one shows that an admin may.
        if (name === 'daemon.stop' && allowed) continue
        const code = await codeOf(client.call(name, params[name]))
        tried++
        if ((code === 'forbidden') === allowed) wrong.push(`${role} calls ${name}: ${code}`)
      }
      await client.dispose()
    }
    expect(wrong).toEqual([])
    expect(tried).toBe(names.length * roles.length - 1)
    const { entries } = await admin.call('audit.list', { outcome: 'refused', limit: 1000 })
    const commands = names.filter((name) => contract[name].kind === 'command')
    const refusals = commands.reduce((sum, name) => sum + roles.indexOf(contract[name].role), 0)
    expect(entries.filter(({ errorCode }) => errorCode === 'forbidden')).toHaveLength(refusals)
    figure('S7', `${tried} calls over TLS, ${refusals} refused commands on the trail, 0 unlisted acceptances`)
  })

  test('the trail names who it was, from where and with which program', async () => {
    const { client } = await login('s7-named', 'operator')
    await client.call('leases.allocate', { name: 'named' })
    const { entries } = await admin.call('audit.list', { actor: 's7-named' })
    const summary = entries.map(({ action, outcome, actor }) => [
      action,
      outcome,
      actor.name,
      actor.client,
      actor.address,
    ])
    expect(summary).toEqual([
      ['create', 'ok', 's7-named', 'test/0', '127.0.0.1'],
      ['login', 'ok', 's7-named', 'test/0', '127.0.0.1'],
    ])
    await client.dispose()
  })

  test('revoking a token and removing a user end what they have open, and let nobody back in', async () => {
    const first = await login('s7-revoked', 'viewer')
    await first.client.call('daemon.status', {})
    await admin.call('users.revoke', { tokenId: first.tokenId })
    await until('the connection to end', () => first.client.state.state === 'closed')
    const second = await login('s7-removed', 'viewer')
    await second.client.call('daemon.status', {})
    await admin.call('users.remove', { name: 's7-removed' })
    await until('the connection to end', () => second.client.state.state === 'closed')
    expect(await codeOf(admin.call('users.revoke', { tokenId: first.tokenId }))).toBe('not-found')
    for (const { client } of [first, second]) {
      client.reconnect()
      expect(await codeOf(client.call('daemon.status', {}))).toBe('unauthenticated')
      await client.dispose()
    }
  })

  test('the local token does not open the network, nor does any token without the right authority', async () => {
    const local = remote(daemon.token())
    expect(await codeOf(local.call('daemon.status', {}))).toBe('unauthenticated')
    await local.dispose()
    const { token } = await admin.call('users.token', { name: 's7-viewer' })
    const url = daemon.describe().url ?? ''
    const trusting = connectRemote({ url, token: () => Promise.resolve(token), client: 'test/0' }, 'once')
    const failure = await trusting.call('daemon.status', {}).catch((error: unknown) => error as Failure)
    expect(failure).toMatchObject({
      code: 'daemon-unreachable',
      message: expect.stringMatching(/certificate/i),
    })
    await trusting.dispose()
    for (const wrong of [
      'http://localhost:1',
      'ws://localhost:1',
      'ftp://x',
      'wss://u:p@localhost:1',
      'https://localhost:1/?t=1',
    ])
      expect(() => remote('t', wrong)).toThrow(/is not an https/)
  })

  test('an admin of the network may stop the daemon, and is answered first', async () => {
    const { client } = await login('s7-last', 'admin')
    await expect(client.call('daemon.stop', {})).resolves.toBeNull()
    await until('the daemon to end', () => daemon.process.exitCode !== null)
    await client.dispose()
  })
})

describe.runIf(usable)('--listen', () => {
  /** Exit code and error code of a daemon that is not to start. */
  const refused = (args: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const env = { ...process.env, QUANTUM_ADMIN_HOME: temporaryHome() }
      const options = { env, timeout: 20_000, killSignal: 'SIGKILL' } as const
      execFile(process.execPath, [daemonScript, 'run', ...args], options, (error, _stdout, stderr) => {
        rmSync(env.QUANTUM_ADMIN_HOME, { recursive: true, force: true })
        resolve(`exit ${error?.code ?? 'none'}, ${/^code: .*$/m.exec(stderr)?.[0]}`)
      })
    })

  test('used wrongly says what is missing and exits 2', async () => {
    const { certFile, keyFile } = certificate
    const tls = ['--tls-cert', certFile, '--tls-key', keyFile]
    const cases = [
      ['--listen', 'localhost:0'],
      ['--listen', 'localhost:0', '--tls-cert', certFile],
      ['--listen', 'localhost', ...tls],
      ['--listen', 'localhost:99999', ...tls],
      ['--listen', ':7443', ...tls],
      ['--listen', '::1:7443', ...tls],
      ['--listen', 'localhost:0', '--tls-cert', keyFile, '--tls-key', keyFile],
      ['--listen', 'localhost:0', '--tls-cert', '/nowhere', '--tls-key', keyFile],
      ['--listen', '203.0.113.1:0', ...tls],
      ['--listen', 'no.such.host.invalid:0', ...tls],
      ['--public'],
      tls,
      ['--listne', 'localhost:0'],
      ['surplus'],
      ...['0', '0x0', '0.0', '0.0.0.0', '[::]', '[::ffff:0.0.0.0]', '[0::0]', '[::ffff:0:0]'].map((host) => [
        '--listen',
        `${host}:0`,
        ...tls,
      ]),
    ]
    const results = await Promise.all(
      cases.map(async (args) => [args.join(' '), await refused(args)] as const),
    )
    for (const [args, result] of results)
      expect(`${args}: ${result}`).toBe(`${args}: exit 2, code: wrong-use`)
  })

  test('with --public every interface is served, still only under the names of the certificate', async () => {
    const { certFile, keyFile, ca } = certificate
    const args = ['--listen', '0.0.0.0:0', '--public', '--tls-cert', certFile, '--tls-key', keyFile]
    const open = await startDaemon({ args })
    const port = new URL(open.describe().url ?? '').port
    const local = open.client()
    await local.call('users.add', { name: 'ana', role: 'viewer' })
    const { token } = await local.call('users.token', { name: 'ana' })
    for (const host of ['localhost', '127.0.0.1']) {
      const url = `https://${host}:${port}`
      const client = connectRemote({ url, ca, token: () => Promise.resolve(token), client: 'test/0' }, 'once')
      await expect(client.call('daemon.status', {})).resolves.toMatchObject({ state: 'running' })
      await client.dispose()
    }
    await local.dispose()
    await open.stop()
  })
})
