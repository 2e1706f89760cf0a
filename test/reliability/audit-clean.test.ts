import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Failure } from '#base/failure.ts'
import { statePaths } from '#base/state-paths.ts'
import { auditPaths } from '../../daemon/capabilities/audit/audit-files.ts'
import { Random } from '../support/random.ts'
import { figure, full, scale } from '../support/scale.ts'
import { childProgram } from '../support/strace.ts'
import { copyHome } from '../support/tamper.ts'
import { openTrail, verifyHome, withFolder, type TestTrail } from '../support/trail.ts'

const limit = full ? 1_800_000 : 120_000
const texts = ['web', 'näme', 'a\0b', '\ud800', 'x\u2028y', '=1+1', '"\\', ' ', '\u{1f680}', 'z'.repeat(300)]

/** A day of a daemon: single commands, bursts, failures, hostile names, a clock that jumps, checkpoints. */
async function live(trail: TestTrail, random: Random, time: { now: number }): Promise<void> {
  for (let step = random.int(1, 8); step > 0; step--) {
    time.now += random.pick([1, 1000, 60_000, -5000, 3_600_000, -86_400_000 * 365])
    const name = () => random.pick(texts)
    const one = () =>
      trail
        .call('processes.stop', { pid: 9, startedAt: '2026-03-01T10:00:00.000Z', name: name() })
        .catch(() => null)
    await Promise.all(Array.from({ length: random.pick([1, 1, 1, 5, 20]) }, one))
    if (random.next() < 0.1) await trail.call('audit.checkpoint', {})
  }
}

test(
  'no clean trail raises an alarm, whatever crash or clock it went through (A3)',
  async () => {
    const random = new Random(77)
    const logs = scale(50, 1000)
    let checked = 0
    for (let log = 0; log < logs; log++) {
      await withFolder(async (folder) => {
        let home = path.join(folder, 'home-0')
        mkdirSync(home)
        const time = { now: Date.parse('2026-03-01T10:00:00.000Z') }
        const clock = { now: () => time.now, monotonic: () => performance.now() }
        const starts = random.int(1, 3)
        for (let start = 1; start <= starts; start++) {
          const trail = await openTrail(
            home,
            (_name, _params, change) => {
              change.note({ text: random.pick(texts), n: random.next() })
              if (random.next() < 0.2) throw new Failure('conflict', random.pick(texts))
            },
            clock,
          )
          await live(trail, random, time)
          const head = auditPaths(statePaths(home).audit).head
          const older = readFileSync(head)
          const crashed = path.join(folder, `home-${start}`)
          if (random.next() < 0.5) {
            // Killed between a commit and the head that follows it, with a command half done.
            const half = trail.call('containers.stop', { id: 'c1c1c1c1c1c1', name: 'web' }).catch(() => null)
            await wait(0)
            copyHome(home, crashed)
            writeFileSync(auditPaths(statePaths(crashed).audit).head, older)
            await half
            await trail.close()
          } else {
            await trail.close()
            copyHome(home, crashed)
          }
          for (const state of [home, crashed]) {
            expect(verifyHome(state), `log ${log}, start ${start}`).toMatchObject({
              ok: true,
              firstBadSequence: null,
            })
            checked++
          }
          home = crashed
        }
      })
    }
    figure('A3', `${logs} clean trails in ${checked} states: 0 false alarms`)
  },
  limit,
)

test(
  'a trail that is being written at that moment raises no alarm',
  async () => {
    await withFolder(async (home) => {
      const commands = scale(300, 3000)
      const child = spawn(process.execPath, [childProgram, home, String(commands)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      while (!output.includes('ready')) await wait(5)
      let verified = 0
      let entries = 0
      while (child.exitCode === null) {
        const result = verifyHome(home)
        expect(result).toMatchObject({ ok: true })
        expect(result.entries).toBeGreaterThanOrEqual(entries)
        entries = result.entries
        verified++
        await wait(1)
      }
      expect(output.trimEnd().split('\n').at(-1)).toBe('done')
      expect(verified).toBeGreaterThan(5)
      figure('A3', `${verified} verifications while ${commands} commands were written: 0 false alarms`)
    })
  },
  limit,
)
