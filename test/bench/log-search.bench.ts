import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { LogFilter } from '#contract/logs.ts'
import { LogThread } from '../../daemon/logs/log-thread.ts'
import { LogStore } from '../../daemon/logs/segments/log-store.ts'
import { Scanner } from '../../daemon/logs/scan/scanner.ts'
import { cache, inRoot } from '../support/paths.ts'
import { median, percentile, type BenchRow } from './bench.ts'
import { mixture, type Mixture } from './log-mixture.ts'
import { grep, lnav, ripgrep } from './log-peers.ts'

/** `LOG_SEARCH_GB=10 npm run bench log-search` takes ten times as much. */
const gigabytes = Number(process.env['LOG_SEARCH_GB'] ?? 1)
const app = 'bench'
const never = new AbortController().signal
const everything = { perApp: { days: 1e6, bytes: 1e15 }, bytes: 1e15 }
const megabyte = 1024 * 1024
const rounds = 5

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0))
const say = (text: string): void => console.log(`log-search: ${text}`)

const threadOn = (folder: string): LogThread =>
  new LogThread(
    inRoot('dist/daemon.cjs'),
    { folder, instance: 'bench', limits: everything, aside: { app: 'daemon', source: 'daemon' } },
    console.error,
  )

/** Milliseconds of each call, one after the other. */
async function times(calls: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> {
  const took: number[] = []
  for (const call of calls) {
    const started = performance.now()
    await call()
    took.push(performance.now() - started)
  }
  return took
}

/** Reads all files as the daemon does, while somebody looks at the newest lines again and again. */
async function take(folder: string, { files, bytes, lines }: Mixture): Promise<readonly BenchRow[]> {
  const thread = threadOn(folder)
  const before = process.memoryUsage.rss()
  const started = performance.now()
  const inputs = files.map((file) => {
    const source = path.basename(file)
    return { app, source, kind: 'application', file, run: null, live: true } as const
  })
  thread.read(inputs, [])
  const [closing, quiet]: [number[], number[]] = [[], []]
  let most = before
  for (let kept = 0; kept < bytes - lines;) {
    const isClosing = globSync('*.seg.new', { cwd: path.join(folder, app) }).length > 0
    const [took = 0] = await times([() => thread.search({ limit: 20, apps: [app] }, never)])
    ;(isClosing ? closing : quiet).push(took)
    most = Math.max(most, process.memoryUsage.rss())
    const rows = await thread.sources([app])
    kept = rows.reduce((sum, row) => sum + row.bytes, 0)
    await wait(20)
  }
  const seconds = (performance.now() - started) / 1000
  say(
    `read and kept ${(bytes / megabyte).toFixed(0)} MB, ${lines} lines in ${seconds.toFixed(1)} s: ` +
      `${(bytes / megabyte / seconds).toFixed(1)} MB/s, ${(lines / seconds).toFixed(0)} lines/s, ` +
      `at most ${((most - before) / megabyte).toFixed(0)} MB more memory`,
  )
  const told = (name: string, values: readonly number[]): void =>
    say(
      `the newest 20 lines meanwhile, ${name}: p50 ${ms(median(values))} ms, p99 ${ms(percentile(values, 99))} ms, ` +
        `at most ${ms(Math.max(0, ...values))} ms (${values.length} times)`,
    )
  told('while no segment is closed', quiet)
  told('while one is closed', closing)
  while (globSync('*.open', { cwd: path.join(folder, app) }).length > 1) await wait(50)
  await thread.dispose()
  return [
    {
      what: 'a search while a segment is closed, p99, beside one while none is',
      unit: 'ms',
      ours: percentile(closing, 99),
      peer: { name: 'none is', value: percentile(quiet, 99) },
      ratio: 'ours-over-peer',
      goal: 1.5,
    },
  ]
}

/** A kind of question, how the peers put it, and what is asked for. */
interface Kind {
  readonly what: string
  readonly filters: readonly LogFilter[]
  /** Arguments of rg and grep; those of rg are for a text as it is written, which is less work than any case. */
  readonly rg: readonly string[]
  readonly grep?: readonly string[]
  readonly limit?: number
  readonly counts?: boolean
  readonly goal?: Pick<BenchRow, 'ratio' | 'goal'>
}

const selective = { ratio: 'peer-over-ours', goal: 100 } as const

function kindsOf({ ids, codes, middle: [since, until] }: Mixture): readonly Kind[] {
  const [id = '', code = ''] = [ids[0], codes[0]]
  const absent = ['quixotically', 'zzyzx road', 'unladen swallow']
  return [
    { what: 'a UUID', filters: ids.map((query) => ({ query })), rg: ['-F', id], goal: selective },
    {
      what: 'a phrase',
      filters: [{ query: '"ledger mismatch"' }],
      rg: ['-F', 'ledger mismatch'],
      goal: selective,
    },
    {
      what: 'a code of 8 characters',
      filters: codes.map((query) => ({ query })),
      rg: ['-F', code],
      goal: selective,
    },
    {
      what: 'no such word, 10 letters and more',
      filters: absent.map((query) => ({ query: `"${query}"` })),
      rg: ['-F', 'quixotically'],
      goal: selective,
    },
    { what: 'no such word, 5 letters', filters: [{ query: 'qzjxv' }], rg: ['-F', 'qzjxv'] },
    {
      what: 'the newest 1,000 lines with a common word',
      filters: [{ query: 'request' }, { query: 'ticket' }],
      rg: ['-F', 'request'],
      limit: 1000,
    },
    {
      what: 'how many lines have a common word',
      filters: [{ query: 'request' }],
      rg: ['-c', '-F', 'request'],
      grep: ['-c', '-F', 'request'],
      counts: true,
      goal: { ratio: 'ours-over-peer', goal: 1.15 },
    },
    {
      what: 'a regular expression',
      filters: [{ query: '/user_id=4[0-9]{4}7 .*refunded/' }],
      rg: ['-e', 'user_id=4[0-9]{4}7 .*refunded'],
      grep: ['-E', 'user_id=4[0-9]{4}7 .*refunded'],
    },
    { what: 'a field', filters: [{ query: 'res.statusCode:503' }], rg: ['-F', '"statusCode":503'] },
    { what: 'a level and a time', filters: [{ levels: ['error'], since, until }], rg: ['-i', '-F', 'error'] },
  ]
}

/** Milliseconds of CPU of all programs that ended so far; in steps of ten. */
function childrenMs(): number {
  if (process.platform !== 'linux') return Number.NaN
  // proc_pid_stat(5): the name, which may hold anything, is in brackets; fields 16 and 17 are ticks of 10 ms.
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[13]) + Number(fields[14]))
}

async function ask(
  thread: LogThread,
  files: readonly string[],
  kind: Kind,
  name: string,
): Promise<readonly BenchRow[]> {
  const { what, filters, rg, limit = 100, counts = false, goal } = kind
  const call = (filter: LogFilter) => () =>
    counts
      ? thread.histogram({ apps: [app], ...filter }, 1, never)
      : thread.search({ apps: [app], ...filter, limit }, never)
  const [ours, theirs]: [number[], number[]] = [[], []]
  const cpu = { ours: 0, rg: 0 }
  // What is asked once is asked as often as what there are many of, unless it takes long.
  const asked = filters.length > 3 || counts ? filters : Array.from({ length: 4 }, () => filters).flat()
  for (let round = 0; round < rounds; round++) {
    const [before, child] = [process.cpuUsage(), childrenMs()]
    ours.push(...(await times(asked.map(call))))
    const { user, system } = process.cpuUsage(before)
    cpu.ours += (user + system) / 1000 / asked.length / rounds
    theirs.push(ripgrep(files, 1, ...rg))
    cpu.rg += (childrenMs() - child) / rounds
  }
  const peer = median(theirs)
  const [p50, p95] = [median(ours), percentile(ours, 95)]
  say(
    `${name}: ${what}: p50 ${ms(p50)} ms, p95 ${ms(p95)} ms; rg -j4 ${ms(peer)} ms (${(peer / p50).toFixed(1)} x); CPU ${ms(cpu.ours)} ms, rg ${ms(cpu.rg)} ms` +
      (name === 'hot' ? `; grep ${ms(grep(files, ...(kind.grep ?? rg)))} ms` : ''),
  )
  if (name !== 'hot') return []
  const row = { what, unit: 'ms', ours: p50 }
  const rows: BenchRow[] = []
  if (goal !== undefined) rows.push({ ...row, peer: { name: 'rg -j4', value: peer }, ...goal })
  if (limit === 1000)
    rows.push({ ...row, peer: { name: 'allowed', value: 15 }, ratio: 'ours-over-peer', goal: 1 })
  return rows
}

/** Megabytes of text a second of which one thread makes filters. */
function signing(): number {
  const scanner = new Scanner()
  const text = Buffer.alloc(128 * 1024)
  const letters = 'the quick brown {"reqId":"8f14e45f"} user_id=4512 GET /cart 200\n'
  for (let at = 0; at < text.length; at++)
    text[at] = letters.charCodeAt((at * 7 + (at >> 9)) % letters.length)
  const started = performance.now()
  const count = 800
  for (let round = 0; round < count; round++) scanner.filterOf([text])
  return (count * text.length) / megabyte / ((performance.now() - started) / 1000)
}

const sizeOf = (folder: string, pattern: string): number =>
  globSync(pattern, { cwd: folder }).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0)

/** What of it is on disk, and how large the index is. */
function sizes(folder: string, { bytes }: Mixture): readonly BenchRow[] {
  const index = sizeOf(folder, '*/*.idx')
  const closed = sizeOf(folder, '*/*.seg') + sizeOf(folder, '*/*.packed')
  const share = closed / (closed + sizeOf(folder, '*/*.open'))
  const percent = (100 * index) / (bytes * share)
  say(`on disk: ${(sizeOf(folder, '*/*') / bytes).toFixed(2)} of what was read`)
  const allowed = { name: 'allowed', value: 7 }
  return [
    {
      what: 'the index of what is closed',
      unit: '% of the text',
      ours: percent,
      peer: allowed,
      ratio: 'ours-over-peer',
      goal: 1,
    },
  ]
}

/** Has the system forget what it keeps of files in memory; false where only its administrator may. */
function forgetFiles(): boolean {
  try {
    spawnSync('sync')
    writeFileSync('/proc/sys/vm/drop_caches', '3')
    return true
  } catch {
    return false
  }
}

/** A selective question to files of which nothing lies in memory: ours, and theirs. */
async function fromDisk(thread: LogThread, { files, ids }: Mixture): Promise<readonly BenchRow[]> {
  const [ours, theirs]: [number[], number[]] = [[], []]
  for (const id of ids.slice(0, rounds)) {
    if (!forgetFiles()) return []
    ours.push(...(await times([() => thread.search({ apps: [app], query: id, limit: 100 }, never)])))
    forgetFiles()
    theirs.push(ripgrep(files, 1, '-F', id))
  }
  const peer = { name: 'rg -j4', value: median(theirs) }
  const row = { what: 'a UUID, from the disk', unit: 'ms', ours: median(ours), peer }
  return [{ ...row, ratio: 'peer-over-ours', goal: 30 }]
}

/** Intake, then each kind of question beside what others take for it, on the same files, which lie in memory. */
export async function bench(): Promise<readonly BenchRow[]> {
  const made = mixture(cache('bench', `mixture-${gigabytes}`), gigabytes * 1024 ** 3)
  const { files } = made
  const folder = mkdtempSync(cache('bench', 'store-'))
  const rows: BenchRow[] = []
  try {
    rows.push(...(await take(folder, made)), ...sizes(folder, made))
    const allowed = { name: 'allowed', value: 1000 }
    const made100 = 100_000 / signing()
    rows.push({
      what: 'making filters of 100 MB',
      unit: 'ms',
      ours: made100,
      peer: allowed,
      ratio: 'ours-over-peer',
      goal: 1,
    })
    const thread = threadOn(folder)
    for (const kind of kindsOf(made)) rows.push(...(await ask(thread, files, kind, 'hot')))
    rows.push(...(await fromDisk(thread, made)))
    await thread.dispose()
    const seen = lnav(files, 'ledger mismatch')
    if (seen !== null) say(`a phrase in lnav, from start to end: ${ms(seen)} ms`)
    const store = new LogStore(folder)
    store.keep(everything, Date.now() + 1e8)
    store.dispose()
    say(`compressed: ${(sizeOf(folder, '*/*.{seg,packed}') / made.bytes).toFixed(2)} of what was read`)
    const cold = threadOn(folder)
    for (const kind of kindsOf(made)) await ask(cold, files, kind, 'compressed')
    await cold.dispose()
    return rows
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
