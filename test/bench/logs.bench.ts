import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Tail } from 'tail'
import { FileFollower } from '../../daemon/logs/intake/file-follower.ts'
import { linesOf } from '../../daemon/logs/intake/lines.ts'
import { median, percentile, type BenchRow } from './bench.ts'

const lines = 1_000_000
const rounds = 7
const rate = 20_000
const seconds = 10
const line = '2026-01-31T20:20:41.123Z INFO request 12345 handled in 12 ms path=/api/v1/users/42\n'

/** Lines a second that a follower of ours reads of a file that is there. */
async function oursReads(file: string): Promise<number> {
  const follower = new FileFollower(file, { cursor: null })
  const started = performance.now()
  let count = 0
  for (let batch; (batch = await follower.next(1_000_000)) !== null;)
    count += batch.blocks.reduce((sum, { to }) => sum + to.length, 0)
  const taken = performance.now() - started
  await follower.dispose()
  if (count !== lines) throw new Error(`${count} lines were read`)
  return (1000 * lines) / taken
}

async function tailReads(file: string): Promise<number> {
  const started = performance.now()
  const tail = new Tail(file, { fromBeginning: true, separator: '\n' })
  const all = Promise.withResolvers<void>()
  let count = 0
  tail.on('line', () => {
    if (++count === lines) all.resolve()
  })
  await all.promise
  tail.unwatch()
  return (1000 * lines) / (performance.now() - started)
}

/** Milliseconds from a line's being written by another process until it is here. */
const age = (text: string): number =>
  Number(process.hrtime.bigint() - BigInt(text.slice(0, text.indexOf(' ')))) / 1e6

async function writing(file: string): Promise<void> {
  const script = path.join(import.meta.dirname, 'peers', 'line-writer.ts')
  const writer = spawn(process.execPath, [script, file, String(rate), String(seconds)], { stdio: 'inherit' })
  await once(writer, 'close')
}

async function oursHears(file: string): Promise<number> {
  writeFileSync(file, '')
  const ages: number[] = []
  const follower = new FileFollower(file, { cursor: null })
  let reading = false
  const take = async (): Promise<void> => {
    if (reading) return
    reading = true
    for (let batch; (batch = await follower.next(1_000_000)) !== null;)
      for (const { bytes } of batch.blocks.flatMap(linesOf)) ages.push(age(bytes.toString('latin1', 0, 32)))
    reading = false
  }
  let again = Promise.resolve()
  follower.readable.on(() => void (again = again.then(take)))
  await take()
  await writing(file)
  await again
  await take()
  await follower.dispose()
  if (ages.length !== rate * seconds) console.log(`${ages.length} of ${rate * seconds} lines came`)
  return percentile(ages, 99)
}

async function tailHears(file: string): Promise<number> {
  writeFileSync(file, '')
  const ages: number[] = []
  const tail = new Tail(file, { fromBeginning: true, separator: '\n' })
  tail.on('line', (text: string) => ages.push(age(text)))
  await writing(file)
  tail.unwatch()
  return percentile(ages, 99)
}

/** How fast a log is read that is there, and how soon a line is here that is written. */
export async function bench(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-bench-'))
  try {
    const file = path.join(folder, 'whole.log')
    writeFileSync(file, line.repeat(lines))
    const ours: number[] = []
    const peers: number[] = []
    for (let round = 0; round < rounds; round++) {
      ours.push(await oursReads(file))
      peers.push(await tailReads(file))
    }
    const heard = await oursHears(path.join(folder, 'grows.log'))
    const tailHeard = await tailHears(path.join(folder, 'grows-too.log'))
    const beside = { unit: 'ms', ours: heard, ratio: 'ours-over-peer' } as const
    return [
      {
        what: 'time for a line of a file that is there',
        unit: 'ns',
        ours: 1e9 / median(ours),
        peer: { name: 'tail', value: 1e9 / median(peers) },
        ratio: 'peer-over-ours',
        goal: 5,
      },
      {
        ...beside,
        what: `from written to read, p99 at ${rate} lines a second`,
        peer: { name: 'tail', value: tailHeard },
        goal: 1.5,
      },
      {
        ...beside,
        what: 'the same, beside what is allowed',
        peer: { name: 'allowed', value: 10 },
        goal: 1,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
