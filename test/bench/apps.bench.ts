import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { statePaths } from '#base/state-paths.ts'
import type { Client } from '#client/client.ts'
import { connectLocal } from '#client/connect.ts'
import { launch } from '#client/launch.ts'
import { daemonScript, temporaryHome } from '../support/daemon.ts'
import { cpuMsOf } from '../support/process-usage.ts'
import { median, type BenchRow } from './bench.ts'
import { startPm2, type Pm2 } from './peers/pm2.ts'

const rounds = 15
const floodRounds = 5
const many = 20
const settleMs = 2500
/** Whoever has not come by then does not come. */
const patienceMs = 60_000
const lines = 2_000_000
const lineBytes = 100

/** Says when its own first line ran, and lives until it is ended. */
const markProgram = `require('node:fs').writeFileSync('mark', String(performance.timeOrigin + performance.now()))
setInterval(() => undefined, 1000000)`
const idleProgram = `setInterval(() => undefined, 1000000)`
/** Writes as fast as whoever reads it lets it. */
const floodProgram = `
const text = ('x'.repeat(${lineBytes - 1}) + '\\n').repeat(100)
let left = ${lines / 100}
const write = () => {
  while (left-- > 0) if (!process.stdout.write(text)) return process.stdout.once('drain', write)
  setInterval(() => undefined, 1000000)
}
write()`

const now = (): number => performance.timeOrigin + performance.now()

/** What the clock said when the program of a folder ran its first line, once it has. */
async function markIn(folder: string): Promise<number> {
  const file = path.join(folder, 'mark')
  const deadline = performance.now() + patienceMs
  while (performance.now() < deadline) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    if (text !== '') {
      rmSync(file)
      return Number(text)
    }
    await sleep(1)
  }
  throw new Error(`Nothing was run in ${folder}`)
}

/** An app that is given no port, so that its start is nothing but a start. */
function makeApp(root: string, name: string, program: string): string {
  const folder = path.join(root, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'main.cjs'), program)
  const config = `admin: { name: ${name}, run: { command: exec ${process.execPath} main.cjs, restart: { policy: never } } }\n`
  writeFileSync(path.join(folder, 'quantum.config.yaml'), config)
  return folder
}

async function bareStart(folder: string): Promise<number> {
  const output = openSync(path.join(folder, 'bare.log'), 'a')
  const began = now()
  const child = spawn(process.execPath, ['main.cjs'], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', output, output],
  })
  const took = (await markIn(folder)) - began
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  return took
}

async function ourStart(client: Client, app: string, folder: string): Promise<number> {
  const began = now()
  const started = client.call('apps.start', { app })
  const took = (await markIn(folder)) - began
  // It settles when the app has lived for a second, which is no part of the start.
  await started
  await client.call('apps.stop', { app })
  return took
}

async function pm2Start(pm2: Pm2, folder: string): Promise<number> {
  const began = now()
  const started = pm2.start('mark', path.join(folder, 'main.cjs'), path.join(folder, 'pm2.log'))
  const took = (await markIn(folder)) - began
  await started
  await pm2.remove('mark')
  return took
}

/** Proportional set size in MB of a process and all below it: what is shared is shared out. */
function memoryBelow(pid: number): number {
  const own = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024
  return childrenOf(pid).reduce((sum, child) => sum + memoryBelow(child), own)
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, ppid] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? []
      return Number(ppid) === pid ? [Number(name)] : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

/** Seconds of processor time that a process has used. */
const processorOf = (pid: number): number => cpuMsOf(pid) / 1000

interface Flood {
  /** Until all of it was in the file. */
  readonly seconds: number
  /** Of the supervisor. */
  readonly processor: number
}

/** @param kept - settles when all of it is kept: what that costs is part of it. */
async function flood(
  supervisor: number,
  file: string,
  start: () => Promise<unknown>,
  kept: () => Promise<void> = () => Promise.resolve(),
): Promise<Flood> {
  rmSync(file, { force: true })
  const used = processorOf(supervisor)
  let began: number | undefined
  const started = start()
  const deadline = performance.now() + patienceMs
  for (;;) {
    if (performance.now() > deadline) throw new Error(`Not all of the flood is in ${file}`)
    const size = existsSync(file) ? statSync(file).size : 0
    if (size > 0) began ??= performance.now()
    if (size >= lines * lineBytes) break
    await sleep(2)
  }
  const seconds = (performance.now() - (began ?? 0)) / 1000
  await started
  await kept()
  return { seconds, processor: processorOf(supervisor) - used }
}

/**
 * Settles when nothing more of the flood comes to be kept. That need not be all of it: an app's output is bounded, and what
 * is cut off before it was read is gone, which is said in the log.
 */
async function allKept(client: Client): Promise<void> {
  const kept = async () => (await client.call('logs.sources', { apps: ['flood'] })).rows[0]?.lines ?? 0
  let [lines, since] = [0, performance.now()]
  while (performance.now() - since < settleMs) {
    const now = await kept()
    if (now !== lines) [lines, since] = [now, performance.now()]
    await sleep(20)
  }
  console.log(`apps: ${lines} lines of floods are kept so far`)
}

async function bareMemory(folder: string): Promise<number> {
  const children = Array.from({ length: many }, () =>
    spawn(process.execPath, ['main.cjs'], { cwd: folder, detached: true, stdio: 'ignore' }),
  )
  await sleep(settleMs)
  const memory = children.reduce((sum, { pid }) => sum + memoryBelow(pid ?? 0), 0) / many
  const ended = children.map((child) => once(child, 'exit'))
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(ended)
  return memory
}

/** One after the other in each round, so that whatever else the machine does strikes all of them. */
async function measureStarts(client: Client, pm2: Pm2, folder: string) {
  const taken: { readonly ours: number; readonly bare: number; readonly pm2: number }[] = []
  for (let round = 0; round <= rounds; round++)
    taken.push({
      bare: await bareStart(folder),
      ours: await ourStart(client, 'mark', folder),
      pm2: await pm2Start(pm2, folder),
    })
  // The first of each loads what the others find loaded.
  const middle = (of: keyof (typeof taken)[number]) => median(taken.slice(1).map((one) => one[of]))
  return { ours: middle('ours'), bare: middle('bare'), pm2: middle('pm2') }
}

/** Ours: what a start, an app that idles and a flood cost. */
async function measureOurs(root: string, pm2: Pm2) {
  const home = temporaryHome()
  await launch({ runtime: process.execPath, script: daemonScript }, home)
  const client = connectLocal({ home, client: 'bench/0', launcher: null }, 'once')
  const { pid } = await client.call('daemon.status', {})
  const all = (name: 'apps.start' | 'apps.stop', apps: readonly string[]) =>
    Promise.all(apps.map((app) => client.call(name, { app })))
  const idle = Array.from({ length: many }, (_, number) => `idle-${number}`)
  try {
    const folder = makeApp(root, 'mark', markProgram)
    for (const name of idle) makeApp(root, name, idleProgram)
    makeApp(root, 'flood', floodProgram)
    await client.call('apps.add', { folder: root })
    const starts = await measureStarts(client, pm2, folder)
    await sleep(settleMs)
    const before = memoryBelow(pid)
    const rows = await all('apps.start', idle)
    await sleep(settleMs)
    // The processes of apps are not below the daemon in a tree: they outlive it. Their shells are counted with them.
    const apps = rows.reduce((sum, row) => sum + memoryBelow(row.pid ?? 0), 0)
    // Of a collection of its garbage meanwhile, which would make it less, it gets no credit.
    const own = Math.max(0, memoryBelow(pid) - childrenShared(pid, rows) - before)
    const memory = (own + apps) / many
    await all('apps.stop', idle)
    const file = path.join(statePaths(home).apps, 'flood', 'output.log')
    const theirFile = path.join(root, 'flood', 'pm2.log')
    const floods: { readonly ours: Flood; readonly pm2: Flood }[] = []
    for (let round = 0; round < floodRounds; round++) {
      const ours = await flood(
        pid,
        file,
        () => client.call('apps.start', { app: 'flood' }),
        () => allKept(client),
      )
      await client.call('apps.stop', { app: 'flood' })
      const script = path.join(root, 'flood', 'main.cjs')
      const theirs = await flood(pm2.pid, theirFile, () => pm2.start('flood', script, theirFile))
      await pm2.remove('flood')
      floods.push({ ours, pm2: theirs })
    }
    return { starts, memory, floods }
  } finally {
    await all('apps.stop', [...idle, 'mark', 'flood'])
    await client.call('daemon.stop', {})
    await client.dispose()
    while (existsSync(`/proc/${pid}`)) await sleep(10)
    rmSync(home, { recursive: true, force: true })
  }
}

/** What of the apps is counted below the daemon already, while it is still their parent. */
function childrenShared(pid: number, rows: readonly { readonly pid: number | null }[]): number {
  const children = new Set(childrenOf(pid))
  return rows.reduce(
    (sum, row) => sum + (row.pid !== null && children.has(row.pid) ? memoryBelow(row.pid) : 0),
    0,
  )
}

async function measurePm2(root: string, pm2: Pm2) {
  await sleep(settleMs)
  const before = memoryBelow(pm2.pid)
  for (let number = 0; number < many; number++) {
    const script = path.join(root, `idle-${number}`, 'main.cjs')
    await pm2.start(`idle-${number}`, script, path.join(root, `idle-${number}`, 'pm2.log'))
  }
  await sleep(settleMs)
  const memory = (memoryBelow(pm2.pid) - before) / many
  for (let number = 0; number < many; number++) await pm2.remove(`idle-${number}`)
  return memory
}

/** Supervision beside a bare spawn and beside PM2. */
export async function bench(): Promise<readonly BenchRow[]> {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'qa-bench-apps-')))
  const supervisor = await startPm2()
  try {
    const ours = await measureOurs(root, supervisor)
    const bareApp = await bareMemory(path.join(root, 'idle-0'))
    const pm2Memory = await measurePm2(root, supervisor)
    const flooded = (who: 'ours' | 'pm2', what: keyof Flood) =>
      median(ours.floods.map((round) => round[who][what])) * perLine
    const perLine = 1_000_000 / lines
    return [
      {
        what: 'from the call to the first line of the app',
        unit: 'ms',
        ours: ours.starts.ours,
        peer: { name: 'bare spawn', value: ours.starts.bare },
        ratio: 'ours-over-peer',
        goal: 1.2,
      },
      {
        what: 'from the call to the first line of the app',
        unit: 'ms',
        ours: ours.starts.ours,
        peer: { name: 'PM2', value: ours.starts.pm2 },
        ratio: 'ours-over-peer',
        goal: 1,
      },
      {
        what: `memory for each of ${many} apps beyond what it needs itself`,
        unit: 'MB',
        ours: ours.memory - bareApp,
        peer: { name: 'PM2', value: pm2Memory - bareApp },
        ratio: 'ours-over-peer',
        goal: 1 / 3,
      },
      {
        what: 'seconds for a million lines of a flood',
        unit: 's',
        ours: flooded('ours', 'seconds'),
        peer: { name: 'PM2', value: flooded('pm2', 'seconds') },
        ratio: 'peer-over-ours',
        goal: 3.5,
      },
      {
        what: 'processor time of the supervisor for a million lines',
        unit: 's',
        ours: flooded('ours', 'processor'),
        peer: { name: 'PM2', value: flooded('pm2', 'processor') },
        ratio: 'ours-over-peer',
        goal: 1 / 3,
      },
    ]
  } finally {
    await supervisor.stop()
    rmSync(root, { recursive: true, force: true })
  }
}
