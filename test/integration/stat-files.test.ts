import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { parseStat } from '../../daemon/adapters/host/proc-stat.ts'
import { StatFiles } from '../../daemon/adapters/host/stat-files.ts'

const run = promisify(execFile)
const reuse = fileURLToPath(new URL('../support/stat-reuse.ts', import.meta.url))
const shortage = fileURLToPath(new URL('../support/stat-shortage.ts', import.meta.url))
const root = process.getuid?.() === 0

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function startSleeper(): Promise<number> {
  const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  children.push(child)
  await once(child, 'spawn')
  return child.pid ?? 0
}

const lineOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8')

/** What of a line tells one process from another and does not change while it starts. */
const identityIn = (line: string | null) => {
  const stat = parseStat(line ?? '')
  return { pid: line?.split(' ')[0], ppid: stat?.ppid, startTicks: stat?.startTicks }
}

test('reads what the file says now, the first time and again', async () => {
  const files = new StatFiles()
  const pid = await startSleeper()
  expect(identityIn(files.read(pid))).toEqual(identityIn(lineOf(pid)))
  const before = files.read(process.pid)
  while (lineOf(process.pid) === before);
  expect(files.read(process.pid)).not.toBe(before)
  expect(identityIn(files.read(pid))).toEqual(identityIn(lineOf(pid)))
  files.retain(new Set())
})

test('a process that has ended is none, and its descriptor is given back', async () => {
  const files = new StatFiles()
  const pid = await startSleeper()
  files.read(pid)
  expect(files.size).toBe(1)
  for (const child of children.splice(0)) await end(child)
  expect(files.read(pid)).toBeNull()
  expect(files.size).toBe(0)
})

test('what belongs to processes out of the round is given back', async () => {
  const files = new StatFiles()
  const pids = [await startSleeper(), await startSleeper(), await startSleeper()]
  for (const pid of pids) files.read(pid)
  files.retain(new Set(pids.slice(1)))
  expect(files.size).toBe(2)
  files.retain(new Set())
  expect(files.size).toBe(0)
})

test('past the bound processes are read all the same', async () => {
  const files = new StatFiles(2)
  const pids = [await startSleeper(), await startSleeper(), await startSleeper()]
  for (let round = 0; round < 2; round++)
    expect(pids.map((pid) => identityIn(files.read(pid)))).toEqual(pids.map((pid) => identityIn(lineOf(pid))))
  expect(files.size).toBe(2)
  files.retain(new Set())
})

test.runIf(root)('a pid that is another process by now is read as that one', async () => {
  const apart = ['--pid', '--fork', '--kill-child', '--mount-proc']
  const { stdout } = await run('unshare', [...apart, process.execPath, reuse])
  const { ofFirst, ofSecond, ofNone, open } = JSON.parse(stdout) as Record<string, unknown>
  expect(Number(ofSecond)).toBeGreaterThan(Number(ofFirst))
  expect({ ofNone, open }).toEqual({ ofNone: null, open: 0 })
})

test('without descriptors left every process is still read, and those that were kept are given back', async () => {
  for (let more = 0; more < 20; more++) await startSleeper()
  const limited = ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, shortage]
  const { stdout } = await run('/bin/sh', limited)
  const { asked, read, open, spare } = JSON.parse(stdout) as Record<string, number>
  expect(asked).toBeGreaterThan(20)
  // Some may have ended in between.
  expect(read).toBeGreaterThanOrEqual((asked ?? 0) - 5)
  expect(open).toBeLessThan(spare ?? 0)
})
