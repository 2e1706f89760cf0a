import { Failure } from '#base/failure.ts'
import type { Host, HostProcess } from '../../adapters/host/host.ts'

/** No machine nests processes deeper than this; a longer chain is a race with reused pids. */
const deepest = 128

/** The parents of a process up to pid 1, nearest first, each as it is now. */
export async function ancestorsOf(host: Host, process: HostProcess): Promise<readonly HostProcess[]> {
  const ancestors: HostProcess[] = []
  const seen = new Set([process.pid])
  let { ppid } = process
  while (ppid > 0 && !seen.has(ppid) && ancestors.length < deepest) {
    const parent = await host.process(ppid)
    if (!parent) break
    seen.add(parent.pid)
    ancestors.push(parent)
    ppid = parent.ppid
  }
  return ancestors
}

/** Says why a process must not be stopped by us, whoever asks. */
export class Guard {
  readonly #self: number
  readonly #supervisors: ReadonlyMap<number, HostProcess>

  private constructor(self: number, supervisors: ReadonlyMap<number, HostProcess>) {
    this.#self = self
    this.#supervisors = supervisors
  }

  /** Looks up who keeps this daemon alive: its parents as they are now. */
  static async of(host: Host, self: number): Promise<Guard> {
    const own = await host.process(self)
    const supervisors = own ? await ancestorsOf(host, own) : []
    return new Guard(self, new Map(supervisors.map((process) => [process.pid, process])))
  }

  /** @throws Failure `refused` with the reason. */
  check(target: HostProcess): void {
    const named = `${target.name.slice(0, 100)} (pid ${target.pid})`
    if (target.pid === 1) throw refused(`${named} is pid 1: stopping it stops the machine or container`)
    if (target.pid === this.#self) throw refused(`${named} is this daemon; use \`quantum-admin daemon stop\``)
    if (this.#supervisors.has(target.pid))
      throw refused(`${named} started this daemon and keeps it alive; stop it where it was started`)
    // On Linux pid 2 is the parent of all kernel threads, and they have no arguments.
    if (process.platform === 'linux' && target.argv === null && (target.pid === 2 || target.ppid === 2))
      throw refused(`${named} is part of the kernel`)
  }
}

const refused = (message: string) => new Failure('refused', message)
