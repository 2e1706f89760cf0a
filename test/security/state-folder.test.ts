import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { nobody, openPrograms } from '../support/nobody.ts'
import { figure, scale } from '../support/scale.ts'

const root = process.getuid?.() === 0

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qa-s5-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Everything under a folder, by path from it: its kind and permissions. */
function modes(base: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(path.join(base, below))) {
    const file = path.join(below, name)
    const stats = lstatSync(path.join(base, file))
    found[file] = `${stats.isDirectory() ? 'folder' : 'file'} ${(stats.mode & 0o7777).toString(8)}`
    if (stats.isDirectory()) Object.assign(found, modes(base, file))
  }
  return found
}

describe.runIf(process.platform !== 'win32')('S5', () => {
  test.each(['000', '022', '077'])('with umask %s everything is 0700 and 0600', async (umask) => {
    const home = path.join(folder, 'state')
    const runtime = ['/bin/sh', '-c', `umask ${umask}; exec "$0" "$@"`, process.execPath]
    const daemon = await startDaemon({ home, runtime })
    const client = daemon.client()
    await client.call('leases.allocate', { name: 'shop' })
    await client.call('audit.checkpoint', {})
    const found = modes(home)
    await client.dispose()
    expect(lstatSync(home).mode & 0o7777).toBe(0o700)
    for (const [file, mode] of Object.entries(found))
      expect(`${file} ${mode}`).toMatch(/ folder 700$| file 600$|daemon\.sock file [67]\d\d$/)
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(['token', 'daemon.json', 'quantum-admin.sqlite']),
    )
    expect(Object.keys(found)).toEqual(
      expect.arrayContaining(['audit/key.pem', 'audit/head.json', 'logs/daemon.log']),
    )
    await daemon.stop()
  })

  test('files that were left open to others are closed before they are used', async () => {
    const home = path.join(folder, 'state')
    mkdirSync(home, { mode: 0o755 })
    writeFileSync(path.join(home, 'settings.json'), '{}', { mode: 0o666 })
    chmodSync(path.join(home, 'settings.json'), 0o666)
    const daemon = await startDaemon({ home })
    expect(modes(home)['settings.json']).toBe('file 600')
    expect(lstatSync(home).mode & 0o7777).toBe(0o700)
    await daemon.stop()
  })

  test('whatever is planted in the place of one of its paths, the daemon refuses to start and touches nothing', async () => {
    const paths = statePaths('/home')
    const beside = (...names: string[]) => names.map((name) => path.join('/home', name))
    const files = [
      paths.lock,
      paths.daemonFile,
      paths.token,
      paths.store,
      paths.settings,
      paths.secrets,
      paths.log,
      `${paths.log}.1`,
      `${paths.log}.3`,
      ...beside(
        'quantum-admin.sqlite-wal',
        'quantum-admin.sqlite-shm',
        'quantum-admin.sqlite-journal',
        'daemon.lock-journal',
        'secrets.0123.key',
      ),
      ...beside('audit/key.pem', 'audit/head.json', 'audit/checkpoints.jsonl', 'audit/ballast'),
    ]
    const socket = path.join('/home', 'daemon.sock')
    const cases: (readonly [string, keyof typeof plants])[] = [
      ...files.flatMap((file) =>
        kinds.filter((kind) => kind !== 'file').map((kind) => [file, kind] as const),
      ),
      ...kinds.map((kind) => [socket, kind] as const),
      ...[paths.audit, paths.logs].flatMap((file) =>
        kinds.filter((kind) => kind !== 'folder' && kind !== 'hardlink').map((kind) => [file, kind] as const),
      ),
      ...(['symlink', 'dangling', 'fifo', 'file', 'foreign'] as const).map(
        (kind) => ['/home', kind] as const,
      ),
    ]
    const wrong: string[] = []
    let tried = 0
    const possible = cases.filter(([, kind]) => root || kind !== 'foreign')
    const todo = possible.filter((_, number) => number % scale(2, 1) === 0)
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
          const problem = await plantAndStart(next[0].slice('/home'.length), next[1])
          tried++
          if (problem !== undefined) wrong.push(`${next[0]} as ${next[1]}: ${problem}`)
        }
      }),
    )
    expect(wrong).toEqual([])
    expect(tried).toBeGreaterThanOrEqual(50)
    figure('S5', `${tried} planted entries, each refused, each target unchanged`)
  })

  test('where the path is too long the socket moves to a private folder, and a planted one is refused', async () => {
    const home = path.join(folder, 'x'.repeat(100))
    const temporary = path.join(folder, 't')
    mkdirSync(temporary)
    const env = { XDG_RUNTIME_DIR: '', TMPDIR: temporary }
    const daemon = await startDaemon({ home, env })
    const { socket } = daemon.describe()
    expect(path.dirname(path.dirname(socket))).toBe(temporary)
    expect(lstatSync(path.dirname(socket)).mode & 0o7777).toBe(0o700)
    const client = daemon.client()
    await expect(client.call('daemon.status', {})).resolves.toMatchObject({ socket })
    await client.dispose()
    await daemon.kill()
    const place = path.dirname(socket)
    for (const plant of [
      () => symlinkSync(folder, place),
      () => writeFileSync(place, ''),
      () => {
        mkdirSync(place)
        writeFileSync(socket, 'mine')
      },
      () => {
        mkdirSync(place)
        mkdirSync(socket)
      },
      ...(root
        ? [
            () => {
              mkdirSync(place, { mode: 0o777 })
              chownSync(place, nobody, nobody)
            },
          ]
        : []),
    ]) {
      rmSync(place, { recursive: true, force: true })
      plant()
      await expect(startDaemon({ home, env })).rejects.toThrow('unsafe-state-folder')
    }
    rmSync(place, { recursive: true, force: true })
    await (await startDaemon({ home, env })).stop()
  })

  test('a runtime folder that is not there or too long is an error in words, or not used', async () => {
    const home = path.join(folder, 'x'.repeat(100))
    const file = path.join(folder, 'file')
    writeFileSync(file, '')
    await expect(startDaemon({ home, env: { XDG_RUNTIME_DIR: path.join(file, 'run') } })).rejects.toThrow(
      'unsafe-state-folder',
    )
    const daemon = await startDaemon({ home, env: { XDG_RUNTIME_DIR: path.join(folder, 'r'.repeat(120)) } })
    expect(Buffer.byteLength(daemon.describe().socket)).toBeLessThan(108)
    await daemon.stop()
  })

  test.runIf(root)(
    'another user of the machine can do nothing: not see, not connect, not start',
    async () => {
      const daemon = await startDaemon()
      const client = daemon.client()
      await client.call('secrets.set', { name: 'db', value: 'a value' })
      await client.dispose()
      const attempts = `
      const fs = require('node:fs'), net = require('node:net'), home = process.argv[1]
      const done = []
      const attempt = (name, run) => { try { run(); done.push(name) } catch {} }
      process.setgroups?.([]); process.setgid(${nobody}); process.setuid(${nobody})
      attempt('list', () => fs.readdirSync(home))
      for (const name of ['token', 'daemon.json', 'quantum-admin.sqlite', 'audit/key.pem', 'logs/daemon.log', 'settings.json', 'secrets.json'])
        attempt('read ' + name, () => fs.readFileSync(home + '/' + name))
      attempt('write', () => fs.writeFileSync(home + '/planted', ''))
      attempt('replace', () => fs.renameSync(home, home + '-mine'))
      attempt('chmod', () => fs.chmodSync(home, 0o777))
      const socket = net.connect(home + '/daemon.sock', () => { done.push('connect'); end() })
      socket.on('error', end)
      function end() { console.log(JSON.stringify(done)); process.exit() }`
      const said = execFileSync(process.execPath, ['-e', attempts, daemon.home], { encoding: 'utf8' })
      expect(JSON.parse(said)).toEqual([])
      const programs = openPrograms()
      expect(() =>
        execFileSync(programs.node, [programs.daemonScript, 'run'], {
          env: { ...process.env, QUANTUM_ADMIN_HOME: daemon.home },
          stdio: 'pipe',
          uid: nobody,
          gid: nobody,
        }),
      ).toThrow(/unsafe-state-folder/)
      programs.remove()
      figure('S5', 'a second user: 0 operations')
      await daemon.stop()
    },
  )
})

const kinds = ['symlink', 'dangling', 'hardlink', 'fifo', 'folder', 'file', 'foreign'] as const

const plants: Record<(typeof kinds)[number], (file: string, target: string) => void> = {
  symlink: (file, target) => symlinkSync(target, file),
  dangling: (file, target) => symlinkSync(`${target}-nowhere`, file),
  hardlink: (file, target) => linkSync(target, file),
  fifo: (file) => execFileSync('mkfifo', [file]),
  folder: (file) => mkdirSync(file),
  file: (file) => writeFileSync(file, 'mine'),
  foreign: (file) => {
    if (path.extname(file) === '' && !/token|ballast|sqlite/.test(file)) mkdirSync(file)
    else writeFileSync(file, '')
    chownSync(file, nobody, nobody)
  },
}

/** @returns what went wrong, or undefined when the start was refused by name and nothing changed. */
async function plantAndStart(below: string, kind: keyof typeof plants): Promise<string | undefined> {
  const home = below === '' ? path.join(folder, 'home-itself') : temporaryHome()
  const base = mkdtempSync(path.join(folder, 'case-'))
  const place = below === '' ? path.join(base, 'state') : path.join(home, below)
  const target = path.join(base, 'target')
  // A target of the same kind, so that nothing but the link itself is a reason to refuse.
  if (['', '/audit', '/logs'].includes(below) && kind === 'symlink') mkdirSync(target, { mode: 0o755 })
  else writeFileSync(target, 'untouched', { mode: 0o644 })
  mkdirSync(path.dirname(place), { recursive: true })
  plants[kind](place, target)
  const before = picture(base, target, place)
  const refusal = await startDaemon({ home: below === '' ? place : home }).then(
    async (daemon) => {
      await daemon.stop()
      return 'it started'
    },
    (error: unknown) => String(error),
  )
  const after = picture(base, target, place)
  rmSync(home, { recursive: true, force: true })
  if (!refusal.includes('unsafe-state-folder') || !refusal.includes(place)) return refusal
  return before === after ? undefined : `changed from ${before} to ${after}`
}

function picture(base: string, target: string, place: string): string {
  const stats = lstatSync(place)
  const content = lstatSync(target).isFile() ? readFileSync(target, 'utf8') : readdirSync(target).join()
  return JSON.stringify([
    stats.ino,
    stats.mode,
    stats.uid,
    stats.size,
    lstatSync(target).mode,
    content,
    readdirSync(base),
  ])
}
