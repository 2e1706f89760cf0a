import { mkdirSync, readFileSync } from 'node:fs'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { problemsAfter, said } from '../support/crash-check.ts'
import { figure, full, scale } from '../support/scale.ts'
import {
  diskCalls,
  inParallel,
  injecting,
  runUnderStrace,
  type DiskCall,
  type Run,
} from '../support/strace.ts'
import { withFolder } from '../support/trail.ts'

const commands = 3
const limit = full ? 3_600_000 : 240_000

interface Point {
  readonly call: DiskCall
  readonly when: number
}

/** Runs the child in a folder of its own, with a fault at one of its system calls. */
const runAt = <T>(point: Point, fault: string, use: (home: string, run: Run) => Promise<T>): Promise<T> =>
  withFolder(async (folder) => {
    const home = path.join(folder, 'home')
    mkdirSync(home)
    const strace = injecting(home, point.call, `${fault}:when=${point.when}`)
    return use(home, await runUnderStrace({ home, commands, strace }))
  })

/** How often the busiest thread makes a call, from a log whose lines begin with the thread's id. */
function mostByOneThread(log: string, call: DiskCall): number {
  const counts = new Map<string, number>()
  for (const [, thread = ''] of log.matchAll(new RegExp(`^(\\d+) +${call}\\(`, 'gm')))
    counts.set(thread, (counts.get(thread) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/** How often each call is made in an undisturbed run, by the thread that makes it most often. */
async function allPoints(): Promise<readonly Point[]> {
  const counts = await inParallel(diskCalls, 4, (call) =>
    withFolder(async (folder) => {
      const home = path.join(folder, 'home')
      mkdirSync(home)
      const strace = injecting(home, call, 'signal=SIGKILL:when=65535')
      const run = await runUnderStrace({ home, commands, strace })
      expect(run.lines.at(-1), run.errors).toBe('done')
      return mostByOneThread(readFileSync(path.join(folder, 'strace.log'), 'utf8'), call)
    }),
  )
  return diskCalls.flatMap((call, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, when) => ({ call, when: when + 1 })),
  )
}

/** Every n-th of the points, and the last ones of each call, where commands run rather than the start. */
const sampled = (points: readonly Point[], every: number): readonly Point[] =>
  points.filter((_, index) => index % every === every - 1)

test(
  'a kill at any write, sync, truncation, rename or removal leaves a whole trail (R2)',
  async () => {
    const points = await allPoints()
    const chosen = sampled(points, scale(16, 1))
    const problems = await inParallel(chosen, 4, (point) =>
      runAt(point, 'signal=SIGKILL', async (home, run) => {
        if (run.lines.includes('done')) return [`${point.call} ${point.when} did not kill`]
        return (await problemsAfter(home, run)).map((problem) => `${point.call} ${point.when}: ${problem}`)
      }),
    )
    figure(
      'R2',
      `audit: killed at ${chosen.length} of ${points.length} points, ${problems.flat().length} bad states`,
    )
    expect(problems.flat()).toEqual([])
  },
  limit,
)

test(
  'an error of any one write is no false acknowledgement, and the trail goes on within 5 s (R4)',
  async () => {
    const points = await allPoints()
    const faults = ['error=EIO', 'error=ENOSPC'].flatMap((fault) =>
      sampled(points, scale(32, 1)).map((point) => ({ ...point, fault })),
    )
    let refused = 0
    const problems = await inParallel(faults, 4, (point) =>
      runAt(point, point.fault, async (home, run) => {
        const where = `${point.fault} at ${point.call} ${point.when}`
        const found = (await problemsAfter(home, run)).map((problem) => `${where}: ${problem}`)
        refused += said(run, 'refused').length
        const failed = said(run, 'failed')
        // A start that fails says why; a daemon that runs recovers.
        if (failed.length > 0)
          return failed[0] === 'store-unavailable' ? found : [...found, `${where}: ${failed[0]}`]
        const recovered = Number(said(run, 'recovered')[0] ?? Infinity)
        if (recovered > 5000) found.push(`${where}: recovered after ${recovered} ms`)
        if (!run.lines.includes('done')) found.push(`${where}: ${run.errors}`)
        return found
      }),
    )
    figure(
      'R4',
      `audit: ${faults.length} faults, ${refused} commands refused, ${problems.flat().length} bad states`,
    )
    expect(problems.flat()).toEqual([])
  },
  limit,
)
