import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { removeLeftovers } from '../../daemon/adapters/files/state-folder.ts'
import { withChange } from '../support/change.ts'
import { withPeers } from '../support/peers.ts'
import { callsOf, PowerLoss, powerLossOptions } from '../support/power-loss.ts'
import { figure, full, scale } from '../support/scale.ts'
import { afterSteps, contentOf, openVault } from '../support/secrets.ts'
import { inParallel } from '../support/strace.ts'
import { withFolder } from '../support/trail.ts'

const childProgram = fileURLToPath(new URL('../support/secrets-child.ts', import.meta.url))
/** The system calls by which secrets reach the disk. */
const calls = ['write', 'pwrite64', 'fsync', 'fdatasync', 'rename', 'unlink', 'close'] as const
type DiskCall = (typeof calls)[number]

interface Point {
  readonly call: DiskCall
  readonly when: number
}
interface Run {
  readonly home: string
  readonly log: string
  readonly lines: readonly string[]
}

/** Runs the child under strace in a folder of its own. */
const runUnder = <T>(
  options: (log: string) => readonly string[],
  use: (run: Run) => Promise<T>,
): Promise<T> =>
  withFolder(async (folder) => {
    const home = path.join(folder, 'home')
    for (const made of [home, statePaths(home).audit]) mkdirSync(made, { mode: 0o700 })
    const log = path.join(folder, 'strace.log')
    const child = spawn('strace', ['-f', ...options(log), process.execPath, childProgram, home], {
      stdio: ['ignore', 'pipe', 'ignore'],
      // Every thread counts for itself; what is done beside the event loop is done by one.
      env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1' },
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    await once(child, 'close')
    return use({ home, log: readFileSync(log, 'latin1'), lines: output.split('\n').filter(Boolean) })
  })

/** With a fault, such as `signal=SIGKILL`, at the n-th of its calls. */
const runAt = <T>({ call, when }: Point, fault: string, use: (run: Run) => Promise<T>): Promise<T> =>
  runUnder((log) => ['-o', log, '-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`], use)

/** The calls of the thread that writes, after the program was loaded: how many there were, by call. */
async function allPoints(): Promise<readonly Point[]> {
  const counts = await inParallel(calls, 4, (call) =>
    runAt({ call, when: 65_535 }, 'signal=SIGKILL', ({ log, lines }) => {
      expect(lines.at(-1)).toBe('done')
      const byThread = new Map<string, number>()
      for (const [, thread = ''] of log.matchAll(new RegExp(`^(\\d+) +${call}\\(`, 'gm')))
        byThread.set(thread, (byThread.get(thread) ?? 0) + 1)
      return Promise.resolve(Math.max(0, ...byThread.values()))
    }),
  )
  return calls.flatMap((call, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, when) => ({ call, when: when + 1 })),
  )
}

/** What is wrong with a state folder after a run. */
async function problemsAfter({ home, lines }: Run): Promise<readonly string[]> {
  const acked = lines.filter((line) => line.startsWith('ack ')).length
  const allowed = [acked, acked + 1].map((count) => afterSteps((index) => index < count))
  removeLeftovers(statePaths(home))
  const problems: string[] = []
  const found = await contentOf(openVault(home)).catch((error: Error) => error.message)
  if (!allowed.some((one) => isDeepStrictEqual(one, found)))
    problems.push(`${acked} acknowledged, and then ${JSON.stringify(found)}`)
  const next = openVault(home)
  await withChange((change) => next.set(change, 'after', 'a value'))
  if ((await openVault(home).value('after')) !== 'a value') problems.push('it did not go on')
  await withChange((change) => next.rotate(change))
  const keys = readdirSync(home).filter((name) => name.endsWith('.key'))
  if (keys.length !== 1) problems.push(`${keys.length} keys are left`)
  if (readdirSync(home).some((name) => name.endsWith('.tmp'))) problems.push('half a file is left')
  return problems
}

const every = <T>(points: readonly T[], nth: number): readonly T[] =>
  points.filter((_, index) => index % nth === nth - 1)

describe.runIf(withPeers('strace'))('secrets', () => {
  test(
    'a kill at any write, sync, rename or removal leaves those from before or from after (R2)',
    async () => {
      const points = await allPoints()
      const chosen = every(points, scale(8, 1))
      expect(chosen.length).toBeGreaterThan(10)
      const problems = await inParallel(chosen, 4, ({ call, when }) =>
        runAt({ call, when }, 'signal=SIGKILL', async (run) => {
          if (run.lines.includes('done')) return []
          return (await problemsAfter(run)).map((problem) => `${call} ${when}: ${problem}`)
        }),
      )
      figure(
        'R2',
        `secrets: killed at ${chosen.length} of ${points.length} points, ${problems.flat().length} bad states`,
      )
      expect(problems.flat()).toEqual([])
    },
    full ? 3_600_000 : 240_000,
  )

  test('a full disk at any write is told, and what was kept stays', async () => {
    const points = (await allPoints()).filter(({ call }) => call === 'fsync' || call === 'rename')
    const chosen = every(points, scale(6, 1))
    const problems = await inParallel(chosen, 4, ({ call, when }) =>
      runAt({ call, when }, 'error=ENOSPC', async (run) => {
        const refused = run.lines.filter((line) => line.startsWith('refused'))
        const wrong = refused.filter((line) => !line.endsWith(' secrets-unavailable'))
        const found = await contentOf(openVault(run.home)).catch((error: Error) => error.message)
        const where = `${call} ${when}`
        if (refused.length !== 1) wrong.push(`${refused.length} were refused`)
        const isDone = (index: number) => run.lines.includes(`ack ${index}`)
        // What was refused when it had its name already, before that was durable, may be there.
        const allowed = [afterSteps(isDone), afterSteps(() => true)]
        if (!allowed.some((one) => isDeepStrictEqual(one, found))) wrong.push(JSON.stringify(found))
        if (typeof found === 'string') wrong.push(found)
        return wrong.map((problem) => `${where}: ${problem}`)
      }),
    )
    figure('R4', `secrets: a full disk at ${chosen.length} points, ${problems.flat().length} bad states`)
    expect(problems.flat()).toEqual([])
  }, 240_000)

  test('a loss of power takes nothing that was acknowledged (R3)', async () => {
    const { states, problems } = await runUnder(powerLossOptions, losses)
    figure('R3', `secrets: ${states} states after a loss of power, ${problems.length} problems`)
    expect(states).toBeGreaterThan(30)
    expect(problems).toEqual([])
  }, 240_000)
})

/** Takes the power away after each thing that was said or synced. */
async function losses({
  home,
  log,
  lines,
}: Run): Promise<{ readonly states: number; readonly problems: readonly string[] }> {
  expect(lines.at(-1)).toBe('done')
  const disk = new PowerLoss(home)
  const problems: string[] = []
  let states = 0
  for (const call of callsOf(log)) {
    if (!disk.apply(call)) continue
    for (const names of ['early', 'late'] as const) {
      const left = path.join(path.dirname(home), `state-${++states}`)
      for (const made of [left, statePaths(left).audit]) mkdirSync(made, { mode: 0o700 })
      disk.leave(left, names)
      const said = disk.said.split('\n').filter(Boolean)
      const found = await problemsAfter({ home: left, log: '', lines: said })
      problems.push(
        ...found.map((problem) => `names ${names}, after ${said.at(-1) ?? 'nothing'}: ${problem}`),
      )
    }
  }
  return { states, problems }
}
