import { writeSync } from 'node:fs'
import { Failure } from '#base/failure.ts'
import { systemClock } from '#base/clock.ts'
import { openTrail, type TestTrail } from './trail.ts'

// node trail-child.ts HOME COMMANDS SYNC: a daemon's trail in a process that a test may kill or starve. It says on
// standard output, each line written before the next step: `ready`, `effect NAME` when a command has had its
// effect, `ack NAME` when the caller is told so, `refused NAME CODE` when told otherwise, `recovered MS`, `done`.
const [home = '', commands = '0', sync = 'synced'] = process.argv.slice(2)
/** What a trail must not do: the control of the tests that take the power away. */
const unsynced = (): Promise<void> => Promise.resolve()
const say = (line: string): void => void writeSync(1, `${line}\n`)

async function run(trail: TestTrail, name: string): Promise<boolean> {
  try {
    await trail.call('leases.allocate', { name })
    say(`ack ${name}`)
    return true
  } catch (error) {
    say(`refused ${name} ${error instanceof Failure ? error.code : String(error)}`)
    return false
  }
}

/** Tries a command until it succeeds. A trail that does not recover never says so. */
async function recover(trail: TestTrail): Promise<void> {
  const started = performance.now()
  while (!(await run(trail, `again-${Math.round(performance.now() - started)}`))) {
    if (performance.now() - started > 10_000) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  say(`recovered ${Math.round(performance.now() - started)}`)
}

async function main(): Promise<void> {
  const work = (_name: string, params: unknown) => say(`effect ${(params as { name: string }).name}`)
  const trail = await openTrail(home, work, systemClock, sync === 'unsynced' ? unsynced : undefined)
  say('ready')
  for (let i = 0; i < Number(commands); i++) {
    // Every third time three at once, which share a commit.
    const names = i % 3 === 2 ? [`c${i}-a`, `c${i}-b`, `c${i}-c`] : [`c${i}`]
    await Promise.all(names.map((name) => run(trail, name)))
  }
  await recover(trail)
  const { entries } = await trail.audit.list({ limit: 1 })
  say(`listed ${entries.length}`)
  await trail.close()
  say('done')
}

try {
  await main()
} catch (error) {
  if (!(error instanceof Failure)) throw error
  say(`failed ${error.code}`)
  process.exitCode = 3
}
