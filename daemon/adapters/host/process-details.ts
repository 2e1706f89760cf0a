import { containerIdOf } from './container-id.ts'
import { readLink, readStat, readText } from './proc-files.ts'
import { hasEnded, parseStat, type ProcStat } from './proc-stat.ts'

/** What costs more to read than it changes; kept per process. */
export interface ProcessDetails {
  readonly argv: readonly string[] | null
  readonly uid: number | null
  readonly containerId: string | null
  /** Device and inode of the program it runs; null where we may not know, and for kernel threads. */
  readonly executable: string | null
}

/** The state of a process now, or null when it has ended. A thread's id is not a process. */
export const readProcess = (pid: number): ProcStat | null => runningIn(readText(`/proc/${pid}/stat`))

/** The state that a line of /proc/PID/stat tells, or null when there was none or the process has ended. */
export function runningIn(line: string | null): ProcStat | null {
  const stat = parseStat(line ?? '')
  return stat === null || hasEnded(stat) ? null : stat
}

export function readDetails(pid: number): ProcessDetails {
  return {
    argv: parseArgv(readText(`/proc/${pid}/cmdline`) ?? ''),
    uid: readStat(`/proc/${pid}`)?.uid ?? null,
    containerId: containerIdOf(readText(`/proc/${pid}/cgroup`) ?? ''),
    executable: executableOf(pid),
  }
}

/** Device and inode of its program: a file that is renamed or deleted while it runs is still the same program. */
export function executableOf(pid: number): string | null {
  const stat = readStat(`/proc/${pid}/exe`)
  return stat === null ? null : `${stat.dev}:${stat.ino}`
}

/** The folder it is in, or null where we may not know. */
export const workingFolder = (pid: number): string | null => readLink(`/proc/${pid}/cwd`)

/** Whether a pid names a whole process; /proc answers for the ids of its threads too. */
export const isProcess = (pid: number): boolean =>
  new RegExp(`^Tgid:\\t${pid}$`, 'm').test(readText(`/proc/${pid}/status`) ?? '')

/** Arguments end with NUL each. A process that has overwritten them (setproctitle) leaves one text, maybe padded. */
function parseArgv(text: string): string[] | null {
  if (text === '') return null
  const argv = text.split('\0')
  if (argv.at(-1) === '') argv.pop()
  while (argv.length > 1 && argv.at(-1) === '' && !text.endsWith('\0\0')) argv.pop()
  return argv
}
