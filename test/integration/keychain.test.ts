import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { visible } from '../support/disclosure.ts'
import { withPeers } from '../support/peers.ts'

/** A desktop session's keychain, unlocked or not, without the desktop. */
class Keyring {
  readonly env: NodeJS.ProcessEnv
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'qa-keyring-'))
  readonly #children: ChildProcess[] = []

  constructor() {
    const at = (name: string) => path.join(this.#folder, name)
    for (const name of ['home', 'data', 'run']) mkdirSync(at(name), { mode: 0o700 })
    this.env = {
      HOME: at('home'),
      XDG_DATA_HOME: at('data'),
      XDG_RUNTIME_DIR: at('run'),
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      QUANTUM_ADMIN_KEYCHAIN: '',
    }
  }

  async start(unlocked: boolean): Promise<void> {
    const bus = this.#spawn('dbus-daemon', ['--session', '--nofork', '--print-address'])
    const [address] = (await once(bus.stdout ?? bus, 'data')) as [Buffer]
    this.env['DBUS_SESSION_BUS_ADDRESS'] = String(address).trim()
    const keys = this.#spawn('gnome-keyring-daemon', [
      '--foreground',
      '--components=secrets',
      ...(unlocked ? ['--unlock'] : []),
    ])
    keys.stdin?.end('the password of the session')
    // It has no other way to say that it serves.
    for (;;) {
      const asked = spawn('secret-tool', ['lookup', 'application', 'none'], {
        env: { ...process.env, ...this.env },
        stdio: 'ignore',
      })
      const [code] = (await once(asked, 'close')) as [number | null]
      if (code === 0 || code === 1) return
      await wait(50)
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      child.kill('SIGKILL')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, {
      env: { ...process.env, ...this.env },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.#children.push(child)
    process.once('exit', () => child.kill('SIGKILL'))
    return child
  }
}

const keyFiles = (home: string): readonly string[] =>
  readdirSync(home).filter((name) => name.endsWith('.key'))

describe.runIf(withPeers('dbus', 'keyring', 'secretTool'))('a keychain', () => {
  const keyring = new Keyring()
  const home = temporaryHome()
  beforeAll(() => keyring.start(true))
  afterAll(async () => {
    await keyring.stop()
    rmSync(home, { recursive: true, force: true })
  })

  const withDaemon = async (
    env: NodeJS.ProcessEnv,
    run: (daemon: TestDaemon) => Promise<void>,
  ): Promise<void> => {
    const daemon = await startDaemon({ home, env: { ...keyring.env, ...env } })
    try {
      await run(daemon)
    } finally {
      await daemon.kill()
    }
  }

  test('that is unlocked keeps the key, over starts and changes of it, and no process shows it', async () => {
    const seen: Buffer[] = []
    await withDaemon({}, async (daemon) => {
      const client = daemon.client()
      const setting = client.call('secrets.set', { name: 'db', value: 'a value' })
      const over = new AbortController()
      void setting.finally(() => over.abort())
      while (!over.signal.aborted) {
        seen.push(...visible(daemon.process.pid ?? 0))
        await wait(2)
      }
      await setting
      expect(await client.call('secrets.list', {})).toMatchObject({ rows: [{ name: 'db' }], key: 'keychain' })
      await client.dispose()
    })
    expect(keyFiles(home)).toEqual([])
    expect(seen.some((part) => part.includes('secret-tool'))).toBe(true)
    expect(
      seen.filter((part) => /secret-tool/.test(String(part)) && /[0-9a-f]{64}/.test(String(part))),
    ).toEqual([])
    await withDaemon({}, async (daemon) => {
      const client = daemon.client()
      expect((await client.call('secrets.list', {})).rows).toHaveLength(1)
      expect(await client.call('secrets.rotate', {})).toEqual({ key: 'keychain' })
      expect(await client.call('secrets.rotate', {})).toEqual({ key: 'keychain' })
      await client.dispose()
    })
  })

  test('that is not there makes its secrets unreadable, and nothing is overwritten', async () => {
    const file = statePaths(home).secrets
    const before = readFileSync(file, 'utf8')
    await withDaemon({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere/bus' }, async (daemon) => {
      const client = daemon.client()
      const refused = { code: 'secrets-unavailable' }
      await expect(client.call('secrets.list', {})).rejects.toMatchObject(refused)
      await expect(client.call('secrets.set', { name: 'x', value: 'y' })).rejects.toMatchObject(refused)
      await expect(client.call('secrets.rotate', {})).rejects.toMatchObject(refused)
      await client.dispose()
    })
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  test('that is turned off is left alone, and the key is moved to a file by a change of it', async () => {
    await withDaemon({}, async (daemon) => {
      const client = daemon.client()
      expect((await client.call('secrets.list', {})).key).toBe('keychain')
      await client.dispose()
    })
    await withDaemon({ QUANTUM_ADMIN_KEYCHAIN: 'off' }, async (daemon) => {
      const client = daemon.client()
      expect(await client.call('secrets.rotate', {})).toEqual({ key: 'file' })
      expect(keyFiles(home)).toHaveLength(1)
      await client.dispose()
    })
    await withDaemon({}, async (daemon) => {
      const client = daemon.client()
      expect(await client.call('secrets.rotate', {})).toEqual({ key: 'keychain' })
      expect(keyFiles(home)).toEqual([])
      await client.dispose()
    })
  })

  test('that is locked, with nobody there to unlock it, leaves the key in a file', async () => {
    const locked = new Keyring()
    await locked.start(false)
    const daemon = await startDaemon({ env: locked.env })
    try {
      const client = daemon.client()
      await client.call('secrets.set', { name: 'db', value: 'a value' })
      expect((await client.call('secrets.list', {})).key).toBe('file')
      await client.dispose()
    } finally {
      await daemon.stop()
      await locked.stop()
    }
  })
})
