/** What /proc/PID/stat says, as far as it is used here (proc_pid_stat(5)). */
export interface ProcStat {
  /** The kernel's name for it, at most 15 bytes, chosen freely by the process: any character may occur. */
  readonly name: string
  readonly state: string
  readonly ppid: number
  /** Its process group. */
  readonly group: number
  /** Whether it runs on a terminal. */
  readonly terminal: boolean
  readonly threads: number
  /** User and system time in clock ticks. */
  readonly cpuTicks: number
  /** Clock ticks since boot, kept as the text it is. */
  readonly startTicks: string
  readonly residentPages: number
  /** Where its program and arguments lie in memory; changes with every exec, all zero where we may not know. */
  readonly layout: string
}

/** Fields that are read, counted as in proc_pid_stat(5): state is 3, resident pages are 24. */
const lastField = 24
/** The last fields of the line are the addresses, and the exit code, which stays 0 while it runs. */
const layoutFields = 8

/** Fields are counted from after the name, which may itself hold `) R 1 (`: only the last `)` ends it. */
export function parseStat(text: string): ProcStat | null {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 0 || close < open) return null
  const fields = text.slice(close + 2).split(' ', lastField - 2)
  const number = (field: number) => Number(fields[field - 3] ?? Number.NaN)
  const startTicks = fields[22 - 3]
  const state = fields[0]
  if (startTicks === undefined || state === undefined) return null
  return {
    name: text.slice(open + 1, close),
    state,
    ppid: number(4),
    group: number(5),
    terminal: fields[7 - 3] !== '0',
    threads: number(20),
    cpuTicks: number(14) + number(15),
    startTicks,
    residentPages: number(24),
    layout: text.slice(startOfLast(layoutFields, text)),
  }
}

/** Where the last so many words begin. */
function startOfLast(words: number, text: string): number {
  let at = text.length
  for (let word = 0; word < words; word++) at = text.lastIndexOf(' ', at - 1)
  return at + 1
}

/** A zombie has ended, unless only its first thread did. */
export const hasEnded = (stat: ProcStat): boolean =>
  stat.state === 'X' || (stat.state === 'Z' && stat.threads <= 1)
