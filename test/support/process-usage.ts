import { readFileSync } from 'node:fs'

/** Milliseconds of processor time that a process has used (proc(5): utime and stime are fields 14 and 15, in 1/100 s). */
export function cpuMsOf(pid: number): number {
  // The name of a program may hold anything, also brackets: what is counted comes behind the last one.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** MiB that a process has in memory, now and at most so far; 0 of one that has ended and that nobody waited for. @throws ENOENT when it has ended. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024
  return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') }
}
