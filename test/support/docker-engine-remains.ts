import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A bridge of the test's own; its name holds the subnet, so that the kernel refuses a second claim. */
export async function claimBridge(): Promise<{ readonly bridge: string; readonly subnet: string }> {
  for (let tries = 0; ; tries++) {
    const [second, third] = [randomInt(201, 251), randomInt(0, 256)]
    const bridge = `qa-${second}-${third}`
    try {
      await run('ip', ['link', 'add', bridge, 'type', 'bridge'])
    } catch (error) {
      if (tries === 20) throw error
      continue
    }
    await run('ip', ['address', 'add', `10.${second}.${third}.1/24`, 'dev', bridge])
    await run('ip', ['link', 'set', bridge, 'up'])
    return { bridge, subnet: `10.${second}.${third}.0/24` }
  }
}

/** Removes what an engine that no longer runs has left: shims, containers, mounts, bridge and files. */
export async function removeEngine(folder: string, bridge: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const remaining = processesOf(folder)
    if (remaining.length === 0) break
    for (const pid of remaining) kill(pid)
    await delay(20)
  }
  // Newest first, so that a mount inside another goes before it.
  for (const point of mountsIn(folder).reverse())
    await run('umount', ['--lazy', point]).catch(() => undefined)
  for (const link of [bridge, ...networkBridges(folder)])
    await run('ip', ['link', 'delete', link]).catch(() => undefined)
  for (const socket of shimSockets(folder)) await rm(socket, { force: true })
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Waits for the containerd of an engine that was killed to end, and removes the trace the next one would follow. */
export async function forgetContainerd(folder: string): Promise<void> {
  const isContainerd = (command: string) => /(^|\/)containerd\0/.test(command)
  for (let tries = 0; tries < 500 && processesOf(folder, isContainerd).length > 0; tries++) await delay(10)
  await rm(join(folder, 'exec/containerd/containerd.pid'), { force: true })
}

/** Removes engines whose test process is gone, so that a killed run does not burden the next one. */
export async function sweepEngines(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const match = /^qa-engine-(\d+)-(qa-\d+-\d+)$/.exec(name)
    if (match === null || isAlive(Number(match[1]))) continue
    const folder = join(tmpdir(), name)
    // The engine itself may still be ending in good order after its death signal.
    const isEngine = (command: string) => /(^|\/)dockerd\0/.test(command)
    for (let tries = 0; tries < 200 && processesOf(folder, isEngine).length > 0; tries++) await delay(50)
    await removeEngine(folder, match[2] ?? '')
  }
}

/** Processes that name the folder in their command line, and the children of the shims among them. */
function processesOf(folder: string, wanted = (_command: string) => true): readonly number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({
      pid: Number(name),
      command: read(`/proc/${name}/cmdline`),
      stat: read(`/proc/${name}/stat`),
    }))
  const ours = all.filter(({ command }) => command.includes(`${folder}/`) && wanted(command))
  const shims = new Set(
    ours.filter(({ command }) => command.includes('containerd-shim')).map(({ pid }) => pid),
  )
  const parent = (stat: string) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  const contained = all.filter(({ stat }) => stat !== '' && shims.has(parent(stat)))
  return [...ours, ...contained].map(({ pid }) => pid)
}

/** Shims keep their sockets outside the engine's folder; each notes where. */
function shimSockets(folder: string): readonly string[] {
  const tasks = join(folder, 'exec/containerd/daemon/io.containerd.runtime.v2.task/moby')
  const ids = existsSync(tasks) ? readdirSync(tasks) : []
  return ids
    .map((id) => read(join(tasks, id, 'address')).replace('unix://', ''))
    .filter((path) => path.startsWith('/run/containerd/s/'))
}

/** The bridges of networks that were left; the engine has ranges of addresses for some thirty of them at a time. */
const networkBridges = (folder: string): readonly string[] => [
  ...new Set(read(join(folder, 'data/network/files/local-kv.db')).match(/\bbr-[0-9a-f]{12}\b/g)),
]

const mountsIn = (folder: string): string[] =>
  read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))

/** The file's text; empty when the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
