import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Keeps the main thread of this process on one core and those of the servers together on another, for as long as they
 * live. Without it the system may put one peer on its caller's core and the other elsewhere, where waking it costs
 * several times what is compared (in a virtual machine, a way out to the host); that choice would be all one sees.
 *
 * Only on Linux and with two cores; else it says that everything stays where the system puts it.
 * @throws when util-linux's `taskset` is missing or refuses.
 */
export function holdApart(servers: readonly number[]): void {
  const [here, there] = cores
  if (here === undefined || there === undefined)
    return console.log('where each peer runs is left to the system; the ratios say less')
  hold(process.pid, here)
  for (const pid of servers) hold(pid, there)
}

/** Looked up before anything is held: what is held may run nowhere else, nor what it starts. */
const cores = process.platform === 'linux' ? allowedCores() : []

/** By the affinity that this process was given (proc_pid_status(5)): `0-3,8`. */
function allowedCores(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, n) => first + n)
  })
}

const hold = (pid: number, core: number): void => {
  execFileSync('taskset', ['--cpu-list', '--pid', String(core), String(pid)], { stdio: 'ignore' })
}
