import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allRecords, faultsOf, keepAll, lineOf, linesAtOnce, openNumbered } from '../support/log-store.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { Random } from '../support/random.ts'
import { figure, full } from '../support/scale.ts'
import { inParallel } from '../support/strace.ts'
import { withFolder } from '../support/trail.ts'
import { RecordBatch } from '../../daemon/logs/segments/record-batch.ts'

const child = inRoot('test', 'support', 'log-store-child.ts')
const count = 7000
/** By which a store reaches the disk. */
const calls = ['write', 'fsync', 'rename', 'unlink', 'openat'] as const
type Call = (typeof calls)[number]

/** Every file that a store of these lines ever has. */
function filesOf(folder: string, names: readonly string[]): readonly string[] {
  const segments = new Set(names.map((name) => name.replace(/\..*$/, '')))
  const endings = ['.open', '.seg', '.seg.new', '.seg.idx', '.seg.idx.new', '.packed', '.packed.new']
  return [...segments].flatMap((name) => endings.map((ending) => join(folder, 'shop', `${name}${ending}`)))
}

interface Ended {
  /** What it said last is kept. */
  readonly said: number
  readonly killed: boolean
}

/** Runs the child, and kills it at a call on the files of its store. */
async function killedAt(folder: string, names: readonly string[], call: Call, when: number): Promise<Ended> {
  const files = filesOf(folder, names).flatMap((file) => ['-P', file])
  const strace = ['-f', '-o', '/dev/null', ...files, '-e', `trace=${call}`]
  const inject = ['-e', `inject=${call}:signal=SIGKILL:when=${when}`]
  const run = spawn('strace', [...strace, ...inject, process.execPath, child, folder, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let said = ''
  run.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [status] = (await once(run, 'close')) as [number | null]
  return { said: Number(said.trim().split('\n').at(-1) ?? 0), killed: status !== 0 }
}

/** How often each call is made when nobody interferes, and the names of the files that are left. */
function undisturbed(folder: string, names: readonly string[]): ReadonlyMap<Call, number> {
  const files = filesOf(folder, names).flatMap((file) => ['-P', file])
  const args = ['-f', '-qq', ...files, '-e', `trace=${calls.join(',')}`, process.execPath, child]
  const { stderr } = spawnSync('strace', [...args, folder, String(count)], {
    env: { ...process.env, NODE_OPTIONS: '' },
    maxBuffer: 1e9,
  })
  const lines = stderr.toString().split('\n')
  return new Map(
    calls.map((call) => [
      call,
      lines.filter((line) => line.includes(` ${call}(`) || line.startsWith(`${call}(`)).length,
    ]),
  )
}

/** What the next daemon finds, and what becomes of it when everything else is written. */
function lookAfter(folder: string, said: number): readonly unknown[] {
  const store = openNumbered(folder)
  const kept = store.next - 1
  const mark = store.markOf('shop', 'output') as { from: number } | undefined
  const found = faultsOf(store, kept)
  for (let from = store.next; from <= count; from = store.next)
    store.append(
      'shop',
      'output',
      RecordBatch.of(Array.from({ length: linesAtOnce }, (_, index) => lineOf(from + index))),
      {
        from: from + linesAtOnce,
      },
    )
  keepAll(store)
  const last = faultsOf(store, count)
  const damaged = store.damagedOf('shop')
  store.dispose()
  const none = { missing: 0, double: 0, reordered: 0, other: 0 }
  const expected = [none, none, 0, kept, true]
  const faults = [found, last, damaged, (mark?.from ?? 1) - 1, kept >= said]
  return JSON.stringify(faults) === JSON.stringify(expected) ? [] : faults
}

describe.runIf(withPeers('strace'))('a store of logs that is killed', () => {
  test(
    'at any call by which it reaches the disk, and again after that, has every line once (R5, R7)',
    () =>
      withFolder(async (home) => {
        const seed = join(home, 'seed')
        mkdirSync(seed)
        spawnSync(process.execPath, [child, seed, String(count)])
        const names = readdirSync(join(seed, 'shop'))
        const again = join(home, 'again')
        mkdirSync(again)
        const made = undisturbed(again, names)
        const random = new Random(5)
        const points = calls.flatMap((call) => {
          const all = Array.from({ length: made.get(call) ?? 0 }, (_, index) => ({ call, when: index + 1 }))
          return full ? all : [random.pick(all), random.pick(all)]
        })
        let kills = 0
        const outcomes = await inParallel(points, 2, async ({ call, when }) => {
          const folder = join(home, `${call}-${when}`)
          mkdirSync(folder)
          const first = await killedAt(folder, names, call, when)
          // And while it takes up what it finds.
          const second = await killedAt(folder, names, random.pick(calls), random.int(1, 12))
          kills += Number(first.killed) + Number(second.killed)
          const faults = lookAfter(folder, Math.max(first.said, second.said))
          rmSync(folder, { recursive: true })
          return faults.map((fault) => ({ call, when, fault }))
        })
        const bad = outcomes.filter((faults) => faults.length > 0)
        figure(
          'R7',
          `stores of logs: ${points.length} of ${[...made.values()].reduce((a, b) => a + b, 0)} points, ${kills} kills: ${bad.length} with a line lost, double or changed`,
        )
        expect(bad).toEqual([])
        expect(kills).toBeGreaterThanOrEqual(points.length)
        const whole = openNumbered(seed)
        expect(allRecords(whole, 'shop')).toHaveLength(count)
        whole.dispose()
      }),
    full ? 3_600_000 : 120_000,
  )
})
