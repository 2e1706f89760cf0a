import { readFileSync, readdirSync } from 'node:fs'

/** A process that says in its environment which run of which app it belongs to. */
export interface AppProcess {
  readonly pid: number
  readonly app: string
  readonly run: string
}

/** The processes of the apps below a folder, as their environments tell; what ends meanwhile is left out. */
export function appProcesses(folder: string): readonly AppProcess[] {
  const found: AppProcess[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    const environment = environmentOf(pid)
    const app = environment.get('QUANTUM_ADMIN_APP')
    const run = environment.get('QUANTUM_ADMIN_RUN')
    if (app !== undefined && run !== undefined && environment.get('PWD')?.startsWith(`${folder}/`) === true)
      found.push({ pid, app, run })
  }
  return found
}

function environmentOf(pid: number): ReadonlyMap<string, string> {
  try {
    const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  } catch {
    // It has ended, or is another user's.
    return new Map()
  }
}
