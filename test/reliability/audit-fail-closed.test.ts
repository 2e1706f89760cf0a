import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  openSync,
  closeSync,
  existsSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { systemCode } from '#base/failure.ts'
import { statePaths } from '#base/state-paths.ts'
import { auditPaths } from '../../daemon/capabilities/audit/audit-files.ts'
import { commandSamples } from '../support/command-samples.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { figure } from '../support/scale.ts'
import { trailFiles } from '../support/strace.ts'
import type { TrailAnswer } from '../support/trail-server.ts'
import { openTrail, verifyHome, withFolder, type TestTrail } from '../support/trail.ts'

/** Only root can mount a small file system and trace a process that is no child. */
const asRoot = process.getuid?.() === 0 || process.env['CI'] === 'true'

/** Waits until a command succeeds. @returns how long that took, in milliseconds. */
async function recovery(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  for (;;) {
    const error = await call().then(
      () => null,
      (problem: unknown) => problem,
    )
    const took = performance.now() - started
    if (error === null) return took
    if (took > 10_000) throw error
    await wait(100)
  }
}

/** Every command must be refused before its handler, while queries are answered. */
async function expectRefusals(trail: TestTrail): Promise<void> {
  const before = trail.entered.length
  const results = await Promise.allSettled(commandSamples.map(([name, params]) => trail.call(name, params)))
  for (const [index, result] of results.entries()) {
    expect(result, commandSamples[index]?.[0]).toMatchObject({
      status: 'rejected',
      reason: { code: 'audit-unavailable' },
    })
  }
  expect(trail.entered.slice(before)).toEqual([])
  expect(trail.audit.problem).not.toBeNull()
  await expect(trail.call('audit.list', {})).resolves.toMatchObject({ entries: expect.any(Array) })
}

const allocate = (trail: TestTrail, name: string) => () => trail.call('leases.allocate', { name })

test('while another program holds the database locked, every command is refused and nothing is done (A1)', async () => {
  await withFolder(async (home) => {
    const trail = await openTrail(home)
    await allocate(trail, 'before')()
    const other = new Sqlite(statePaths(home).store)
    other.exec('begin exclusive')
    await expectRefusals(trail)
    other.exec('rollback')
    other.close()
    const took = await recovery(allocate(trail, 'after'))
    figure(
      'A1',
      `locked: ${commandSamples.length} of ${commandSamples.length} commands refused, back in ${Math.round(took)} ms`,
    )
    expect(took).toBeLessThan(5000)
    await trail.close()
    expect(verifyHome(home)).toMatchObject({ ok: true, entries: 2 })
  })
})

test('when the head cannot be replaced, every command is refused, and told so on the trail later (A1)', async () => {
  await withFolder(async (home) => {
    const trail = await openTrail(home)
    await allocate(trail, 'before')()
    const inTheWay = `${auditPaths(statePaths(home).audit).head}.new`
    mkdirSync(inTheWay)
    await expectRefusals(trail)
    rmSync(inTheWay, { recursive: true })
    expect(await recovery(allocate(trail, 'after'))).toBeLessThan(5000)
    await trail.close()
    const again = await openTrail(home)
    const { entries } = await again.audit.list({ limit: 1000 })
    await again.close()
    const refused = entries.filter((entry) => entry.outcome === 'refused')
    expect(refused.every((entry) => entry.errorCode === 'audit-unavailable')).toBe(true)
    expect(refused).toHaveLength(commandSamples.length)
    expect(entries.filter((entry) => entry.outcome === 'ok').map((entry) => entry.resource.name)).toEqual([
      'after',
      'before',
    ])
    expect(verifyHome(home)).toMatchObject({ ok: true })
  })
})

/** Fills a file system to the last block. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (let size = 65_536; size >= 1;) {
      try {
        writeSync(descriptor, Buffer.alloc(size))
      } catch (error) {
        if (systemCode(error) !== 'ENOSPC') throw error
        size = size === 1 ? 0 : Math.ceil(size / 16)
      }
    }
  } finally {
    closeSync(descriptor)
  }
}

describe.runIf(asRoot)('on a disk of its own', () => {
  async function withSmallDisk(use: (home: string) => Promise<void>): Promise<void> {
    await withFolder(async (folder) => {
      const disk = path.join(folder, 'disk')
      mkdirSync(disk)
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], {
        encoding: 'utf8',
      })
      expect(mounted.status, mounted.stderr).toBe(0)
      try {
        await use(disk)
      } finally {
        spawnSync('umount', [disk])
      }
    })
  }

  test('when it is full, every command is refused and nothing is done; space brings the trail back (A1, R4)', async () => {
    await withSmallDisk(async (home) => {
      const trail = await openTrail(home)
      await allocate(trail, 'before')()
      fill(path.join(home, 'filler'))
      await expectRefusals(trail)
      rmSync(path.join(home, 'filler'))
      const took = await recovery(allocate(trail, 'after'))
      figure('A1', `full disk: ${commandSamples.length} commands refused, back in ${Math.round(took)} ms`)
      expect(took).toBeLessThan(5000)
      await trail.close()
      expect(verifyHome(home)).toMatchObject({ ok: true })
    })
  })

  test('when it fills up while a command runs, the outcome is still written, from space set aside', async () => {
    await withSmallDisk(async (home) => {
      const { ballast } = auditPaths(statePaths(home).audit)
      const gate = Promise.withResolvers<void>()
      const trail = await openTrail(home, () => gate.promise)
      const running = trail.call('leases.allocate', { name: 'running' })
      while (trail.entered.length === 0) await wait(5)
      expect(statSync(ballast).size).toBe(1024 * 1024)
      fill(path.join(home, 'filler'))
      gate.resolve()
      await running
      expect((await trail.audit.list({ limit: 1 })).entries).toMatchObject([{ outcome: 'ok' }])
      expect(existsSync(ballast)).toBe(false)
      // What is left of that space is not for new commands.
      await expectRefusals(trail)
      rmSync(path.join(home, 'filler'))
      expect(await recovery(allocate(trail, 'after'))).toBeLessThan(5000)
      expect(statSync(ballast).size).toBe(1024 * 1024)
      await trail.close()
      expect(verifyHome(home)).toMatchObject({ ok: true, entries: 2 })
    })
  })

  test('a daemon that starts on a nearly full disk closes what was open, refuses commands and recovers', async () => {
    await withSmallDisk(async (home) => {
      const first = await openTrail(home, () => new Promise(() => undefined))
      void first.call('leases.allocate', { name: 'running' })
      while (first.entered.length === 0) await wait(5)
      await first.close()
      rmSync(auditPaths(statePaths(home).audit).ballast)
      fill(path.join(home, 'filler'))
      await expect(openTrail(home)).rejects.toMatchObject({ code: 'store-unavailable' })
      // Room for what a database needs to open, but not to set space aside for the outcomes of new commands.
      truncateSync(path.join(home, 'filler'), statSync(path.join(home, 'filler')).size - 256 * 1024)
      const trail = await openTrail(home)
      expect((await trail.audit.list({ limit: 1 })).entries).toMatchObject([{ outcome: 'interrupted' }])
      await expectRefusals(trail)
      rmSync(path.join(home, 'filler'))
      expect(await recovery(allocate(trail, 'after'))).toBeLessThan(5000)
      const { entries } = await trail.audit.list({ limit: 10 })
      expect(entries.map((entry) => `${entry.resource.name} ${entry.outcome}`)).toEqual([
        'after ok',
        'running interrupted',
      ])
      await trail.close()
      expect(verifyHome(home)).toMatchObject({ ok: true })
    })
  })
})

describe.runIf(asRoot && withPeers('strace'))('when the system refuses to write', () => {
  /** Calls that change something on the disk, to be refused with one error. */
  const changing = 'pwrite64,write,fsync,fdatasync,ftruncate,rename,unlink'

  test.each([
    ['EIO', 'the disk is broken'],
    ['EROFS', 'the file system became read-only'],
  ])(
    '%s: every command is refused and nothing is done, queries go on, and it recovers (A1)',
    async (error) => {
      await withFolder(async (home) => {
        const server = fork(inRoot('test/support/trail-server.ts'), [home], {
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        })
        await once(server, 'message')
        const call = async (name: string, params: unknown): Promise<TrailAnswer> => {
          server.send({ name, params })
          const [answer] = (await once(server, 'message')) as [TrailAnswer]
          return answer
        }
        expect(await call('leases.allocate', { name: 'before' })).toMatchObject({ code: null, entered: 1 })
        const paths = trailFiles(home).flatMap((file) => ['-P', file])
        const inject = ['-e', `trace=${changing}`, '-e', `inject=${changing}:error=${error}`]
        const strace = spawn(
          'strace',
          ['-f', '-p', String(server.pid), '-o', '/dev/null', ...paths, ...inject],
          {
            stdio: ['ignore', 'ignore', 'pipe'],
          },
        )
        await once(strace.stderr, 'data')
        for (const [name, params] of commandSamples) {
          expect(await call(name, params), name).toMatchObject({ code: 'audit-unavailable', entered: 1 })
        }
        expect(await call('audit.list', {})).toMatchObject({ code: null })
        strace.kill('SIGINT')
        await once(strace, 'close')
        const took = await recovery(async () => {
          const { code, message } = await call('leases.allocate', { name: 'after' })
          if (code !== null) throw new Error(message)
        })
        figure('A1', `${error}: ${commandSamples.length} commands refused, back in ${Math.round(took)} ms`)
        expect(took).toBeLessThan(5000)
        server.disconnect()
        await once(server, 'exit')
        expect(verifyHome(home)).toMatchObject({ ok: true })
      })
    },
  )
})
