import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataOf, errorOf, openTerminal } from '../support/cli.ts'
import { runCli, startDaemon, temporaryHome, type CliResult, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

describe.runIf(withPeers('openssl'))('a daemon elsewhere', () => {
  let certificate: TestCertificate
  let daemon: TestDaemon
  let url: string
  let config: string
  let viewer: string
  let operator: string

  const token = async (name: string, role: string): Promise<string> => {
    await daemon.cli('users', 'add', name, '--role', role)
    return (dataOf(await daemon.cli('users', 'token', name, '--json')) as { token: string }).token
  }
  /** Runs against the daemon's network door, with no state folder of this machine to fall back to. */
  const remote = (words: readonly string[], env: NodeJS.ProcessEnv): Promise<CliResult> =>
    runCli(path.join(config, 'no-such-home'), ['--url', url, '--ca', certificate.certFile, ...words], {
      XDG_CONFIG_HOME: config,
      QUANTUM_ADMIN_TOKEN: '',
      ...env,
    })

  beforeAll(async () => {
    certificate = makeCertificate()
    config = temporaryHome()
    daemon = await startDaemon({
      args: ['--listen', '127.0.0.1:0', '--tls-cert', certificate.certFile, '--tls-key', certificate.keyFile],
    })
    url = daemon.describe().url?.replace('wss:', 'https:') ?? ''
    viewer = await token('vera', 'viewer')
    operator = await token('otto', 'operator')
  })
  afterAll(async () => {
    await daemon.stop()
    certificate.remove()
    rmSync(config, { recursive: true })
  })

  test('is reached with a token from the environment, and says who did what from where', async () => {
    const leased = await remote(['ports', 'lease', 'from-afar', '--json'], { QUANTUM_ADMIN_TOKEN: operator })
    expect(dataOf(leased)).toMatchObject({ name: 'from-afar' })
    const page = dataOf(await daemon.cli('audit', 'list', '--actor', 'otto', '--action', 'create', '--json'))
    expect(page).toMatchObject({
      entries: [
        { actor: { name: 'otto', client: expect.stringMatching(/^cli\//) as string, address: '127.0.0.1' } },
      ],
    })
    expect(
      dataOf(await remote(['daemon', 'status', '--json'], { QUANTUM_ADMIN_TOKEN: viewer })),
    ).toMatchObject({
      pid: daemon.process.pid,
    })
  })

  test('is reached with a token from a file that nobody else can read, and from no other', async () => {
    const folder = path.join(config, 'quantum-admin')
    mkdirSync(folder, { recursive: true })
    const file = path.join(folder, `token-127.0.0.1-${new URL(url).port}`)
    const missing = await remote(['ports', 'leases', '--json'], {})
    expect(errorOf(missing)).toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining(file) as string,
    })
    writeFileSync(file, `${viewer}\n`, { mode: 0o600 })
    expect((await remote(['ports', 'leases'], {})).code).toBe(0)
    chmodSync(file, 0o640)
    const open = await remote(['ports', 'leases', '--json'], {})
    expect(open.code).toBe(4)
    expect(errorOf(open).message).toContain('open to others')
    rmSync(file)
  })

  test('refuses what the role does not allow', async () => {
    const result = await remote(['ports', 'lease', 'mine', '--json'], { QUANTUM_ADMIN_TOKEN: viewer })
    expect(result.code).toBe(4)
    expect(errorOf(result).code).toBe('forbidden')
  })

  test('refuses a wrong token, a revoked one, and one of a removed user', async () => {
    const refused = async (given: string) => {
      const result = await remote(['ports', 'leases', '--json'], { QUANTUM_ADMIN_TOKEN: given })
      expect({ code: result.code, error: errorOf(result).code }).toEqual({
        code: 4,
        error: 'unauthenticated',
      })
    }
    await refused('A'.repeat(43))
    const made = await daemon.cli('users', 'token', 'vera', '--json')
    const { id, token: second } = JSON.parse(made.stdout) as { id: string; token: string }
    expect((await remote(['ports', 'leases'], { QUANTUM_ADMIN_TOKEN: second })).code).toBe(0)
    expect((await daemon.cli('users', 'revoke', id, '--yes')).code).toBe(0)
    await refused(second)
    const gone = await token('gone', 'viewer')
    expect((await daemon.cli('users', 'remove', 'gone', '--yes')).code).toBe(0)
    await refused(gone)
  })

  test('is not believed without its certificate', async () => {
    const result = await runCli(config, ['--url', url, 'daemon', 'status', '--json'], {
      QUANTUM_ADMIN_TOKEN: viewer,
    })
    expect(result.code).toBe(5)
    expect(errorOf(result).message).toMatch(/certificate/i)
  })

  test('cannot be given the commands that are for this machine', async () => {
    for (const words of [
      ['daemon', 'start'],
      ['daemon', 'restart', '--yes'],
      ['daemon', 'run'],
      ['daemon', 'logs'],
    ]) {
      const result = await remote([...words, '--json'], { QUANTUM_ADMIN_TOKEN: operator })
      expect({ words, code: result.code, error: errorOf(result).code }).toEqual({
        words,
        code: 2,
        error: 'wrong-use',
      })
    }
  })
})

describe('users', () => {
  let daemon: TestDaemon
  beforeAll(async () => {
    daemon = await startDaemon()
  })
  afterAll(() => daemon.stop())

  test('a token is printed alone, once, and is in no list, log or audit entry', async () => {
    await daemon.cli('users', 'add', 'ana')
    const { stdout, stderr } = await daemon.cli('users', 'token', 'ana', '--expires', '7d')
    const secret = stdout.trim()
    expect(secret).toMatch(/^[\w-]{40,}$/)
    expect(stderr).toContain('this once only')
    for (const words of [
      ['users', 'list'],
      ['audit', 'list', '--all'],
      ['daemon', 'logs'],
      ['audit', 'export'],
    ]) {
      const said = await daemon.cli(...words, '--json')
      expect(said.stdout + said.stderr).not.toContain(secret)
    }
  })

  test('removing somebody shows who they are and asks', async () => {
    await daemon.cli('users', 'add', 'bo', '--role', 'operator')
    await daemon.cli('users', 'token', 'bo')
    const terminal = openTerminal(daemon.home, ['users', 'remove', 'bo'])
    await terminal.shows('[y/N]')
    expect(terminal.screen).toMatch(/bo \(operator\)[^]*1 token will stop working/)
    terminal.type('y\r')
    expect(await terminal.ended).toBe(0)
    expect(dataOf(await daemon.cli('users', 'list', '--json'))).not.toContainEqual(
      expect.objectContaining({ name: 'bo' }),
    )
  })
})
