import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'

/** A bus that starts nothing by itself: whoever asks first would start another keychain, which is locked. */
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=${tmpdir()}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

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
    const config = path.join(this.#folder, 'bus.conf')
    writeFileSync(config, busConfig)
    const bus = this.#spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'])
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
      const { stderr } = spawnSync('secret-tool', ['lookup', 'application', 'none'], {
        env: { ...process.env, ...this.env },
      })
      if (stderr.length === 0) return
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

/** A folder for PATH in which a program notes all that others see of it, its arguments and environment, before it begins. */
function noted(program: string): { readonly folder: string; readonly seen: () => string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-noted-'))
  const notes = path.join(folder, 'notes')
  const real = spawnSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim()
  writeFileSync(
    path.join(folder, program),
    `#!/bin/sh\nprintf '%s\\n' "$*" >> ${notes}\nenv >> ${notes}\nexec ${real} "$@"\n`,
    { mode: 0o700 },
  )
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, seen: () => readFileSync(notes, 'utf8') }
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
    const { folder, seen } = noted('secret-tool')
    await withDaemon({ PATH: `${folder}:${process.env['PATH']}` }, async (daemon) => {
      const client = daemon.client()
      await client.call('secrets.set', { name: 'db', value: 'a value' })
      expect(await client.call('secrets.list', {})).toMatchObject({ rows: [{ name: 'db' }], key: 'keychain' })
      await client.dispose()
    })
    expect(keyFiles(home)).toEqual([])
    expect(seen()).toMatch(/^store .*quantum-admin/m)
    expect(seen()).not.toMatch(/[0-9a-f]{64}/)
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
