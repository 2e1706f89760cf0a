import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Tail } from 'tail'
import { FileFollower } from '../../daemon/logs/intake/file-follower.ts'
import { linesOf } from '../../daemon/logs/intake/lines.ts'
import { EngineOutput } from '../../daemon/adapters/docker/engine-output.ts'
import { post } from '../../daemon/adapters/http/post.ts'
import { LocalLogEngine } from '../../daemon/logs/local-log-engine.ts'
import { median, percentile, type BenchRow } from './bench.ts'
import { startPm2, type Pm2 } from './peers/pm2.ts'

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

/** Lines a second that are kept of a file that is there: read, understood, without secrets, and to be searched. */
async function oursKeeps(file: string, folder: string): Promise<number> {
  const limits = { perApp: { days: 365_000, bytes: 1e12 }, bytes: 1e12 }
  const engine = new LocalLogEngine({
    folder,
    instance: 'bench',
    limits,
    now: Date.now,
    // Nothing is forwarded, and no container read.
    post,
    output: (endpoint) => new EngineOutput(endpoint),
    told: console.error,
  })
  const kept = () => Number.parseInt(engine.revision.split(':')[1] ?? '', 10) - 1
  const started = performance.now()
  const all = Promise.withResolvers<void>()
  engine.changed.on(() => {
    if (kept() === lines) all.resolve()
  })
  engine.read([{ app: 'bench', source: 'output', kind: 'application', file, run: null, live: true }], [])
  await all.promise
  const taken = performance.now() - started
  await engine.dispose()
  rmSync(folder, { recursive: true })
  return (1000 * lines) / taken
}

/** Writes them as fast as whoever reads it lets it. */
const printing = `const text = require('node:fs').readFileSync('whole.log')
let at = 0
const write = () => {
  while (at < text.length) if (!process.stdout.write(text.subarray(at, at += 65536))) return process.stdout.once('drain', write)
  setInterval(() => undefined, 1000000)
}
write()`

/** Lines a second that PM2 copies from an app's output to its file. */
async function pm2Copies(pm2: Pm2, folder: string): Promise<number> {
  const script = path.join(folder, 'print.cjs')
  const output = path.join(folder, 'pm2.log')
  writeFileSync(script, printing)
  rmSync(output, { force: true })
  const starting = pm2.start('print', script, output)
  const size = () => statSync(output, { throwIfNoEntry: false })?.size ?? 0
  while (size() === 0) await sleep(1)
  const started = performance.now()
  while (size() < lines * line.length) await sleep(1)
  const taken = performance.now() - started
  await starting
  await pm2.remove('print')
  return (1000 * lines) / taken
}

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
  const pm2 = await startPm2()
  try {
    const file = path.join(folder, 'whole.log')
    writeFileSync(file, line.repeat(lines))
    const taken: Record<'reads' | 'keeps' | 'tail' | 'pm2', number>[] = []
    for (let round = 0; round < rounds; round++)
      taken.push({
        reads: await oursReads(file),
        tail: await tailReads(file),
        keeps: await oursKeeps(file, path.join(folder, 'kept')),
        pm2: await pm2Copies(pm2, folder),
      })
    const rateOf = (who: keyof (typeof taken)[number]) => median(taken.map((one) => one[who]))
    for (const who of ['reads', 'keeps', 'tail', 'pm2'] as const)
      console.log(
        `logs: ${who}: ${(rateOf(who) / 1e6).toFixed(2)} million lines, ${((rateOf(who) * line.length) / 1e6).toFixed(0)} MB a second`,
      )
    const forLine = (who: 'reads' | 'keeps', peer: 'tail' | 'pm2') => ({
      unit: 'ns',
      ours: 1e9 / rateOf(who),
      peer: { name: peer, value: 1e9 / rateOf(peer) },
      ratio: 'peer-over-ours' as const,
    })
    const heard = await oursHears(path.join(folder, 'grows.log'))
    const tailHeard = await tailHears(path.join(folder, 'grows-too.log'))
    const beside = { unit: 'ms', ours: heard, ratio: 'ours-over-peer' } as const
    return [
      { ...forLine('reads', 'tail'), what: 'time to read a line of a file that is there', goal: 5 },
      { ...forLine('keeps', 'tail'), what: 'time to read, understand and keep it', goal: 1 },
      { ...forLine('keeps', 'pm2'), what: 'time to read, understand and keep it', goal: 1 },
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
    await pm2.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
