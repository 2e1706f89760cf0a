import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { parseStat } from '../../daemon/adapters/host/proc-stat.ts'
import { StatFiles } from '../../daemon/adapters/host/stat-files.ts'

// In a pid namespace of its own: two processes, one after the other, with the same number. Prints what is read of each.
async function start(): Promise<ChildProcess & { pid: number }> {
  const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('A child that was spawned has no pid')
  return Object.assign(child, { pid })
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Another process with that number: the kernel gives out the one after what is written here (CONFIG_CHECKPOINT_RESTORE). */
async function startAs(pid: number): Promise<ChildProcess> {
  for (;;) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1))
    const child = await start()
    if (child.pid === pid) return child
    await end(child)
  }
}

const files = new StatFiles()
const read = (pid: number) => parseStat(files.read(pid) ?? '')?.startTicks ?? null
const first = await start()
const ofFirst = read(first.pid)
await end(first)
// A process is told apart by its start, which is counted in hundredths of a second.
const beforeSecond = performance.now()
while (performance.now() - beforeSecond < 50);
const second = await startAs(first.pid)
const ofSecond = read(first.pid)
await end(second)
console.log(JSON.stringify({ ofFirst, ofSecond, ofNone: read(first.pid), open: files.size }))
