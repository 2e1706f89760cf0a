import { mkdirSync, readFileSync } from 'node:fs'
import * as path from 'node:path'
import { expect, test } from 'vitest'
import { problemsAfter } from '../support/crash-check.ts'
import { callsOf, PowerLoss, powerLossOptions, type Names } from '../support/power-loss.ts'
import { figure, full, scale } from '../support/scale.ts'
import { runUnderStrace } from '../support/strace.ts'
import { withFolder } from '../support/trail.ts'

const limit = full ? 1_800_000 : 240_000

interface Losses {
  readonly states: number
  readonly problems: readonly string[]
}

/** Runs commands once, then takes the power away after each thing that was said or synced. */
function loseThePower(sync: 'synced' | 'unsynced', commands: number, every: number): Promise<Losses> {
  return withFolder(async (folder) => {
    const home = path.join(folder, 'home')
    const log = path.join(folder, 'strace.log')
    mkdirSync(home)
    const run = await runUnderStrace({ home, commands, sync, strace: powerLossOptions(log) })
    expect(run.lines.at(-1), run.errors).toBe('done')
    const disk = new PowerLoss(home)
    const problems: string[] = []
    let moments = 0
    let states = 0
    for (const call of callsOf(readFileSync(log, 'latin1'))) {
      if (!disk.apply(call) || !disk.said.startsWith('ready\n')) continue
      // Every acknowledgement, and some of the other moments.
      const acknowledged = call.name === 'write' && disk.said.split('\n').at(-2)?.startsWith('ack ') === true
      if (!acknowledged && moments++ % every !== 0) continue
      for (const names of ['early', 'late'] as const) {
        states++
        problems.push(...(await problemsLeft(disk, path.join(folder, `state-${states}`), names)))
      }
    }
    return { states, problems }
  })
}

async function problemsLeft(disk: PowerLoss, folder: string, names: Names): Promise<readonly string[]> {
  disk.leave(folder, names)
  const lines = disk.said.split('\n').filter((line) => line !== '')
  const said = { lines, signal: null, status: null, errors: '' }
  return (await problemsAfter(folder, said)).map(
    (problem) => `names ${names}, after ${lines.at(-1)}: ${problem}`,
  )
}

test(
  'a loss of power takes nothing that was acknowledged, and is taken for no falsification (R3)',
  async () => {
    const { states, problems } = await loseThePower('synced', scale(6, 40), scale(6, 1))
    figure('R3', `audit: ${states} states after a loss of power, ${problems.length} problems`)
    expect(problems).toEqual([])
  },
  limit,
)

test(
  'the same replay does find the loss when commits are not synced (R3, control)',
  async () => {
    const { states, problems } = await loseThePower('unsynced', 3, 1000)
    const lost = problems.filter((problem) => problem.includes('acknowledged'))
    figure(
      'R3',
      `audit, control without syncing: acknowledged rows lost in ${lost.length} places of ${states} states`,
    )
    expect(lost).not.toEqual([])
  },
  limit,
)
