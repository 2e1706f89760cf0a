import type { ProcessKind, ProcessRow } from '#contract/resources.ts'
import { isoTime } from '#base/clock.ts'
import type { EngineContainer } from '../../adapters/docker/engine.ts'
import type { HostProcess, HostSocket } from '../../adapters/host/host.ts'
import { appOfContainer, containerRef, type AppOfFolder } from './container-rows.ts'
import { bounded, boundedOrNull, commandLine } from './display.ts'

export interface ProcessPicture {
  readonly processes: readonly HostProcess[]
  readonly sockets: readonly HostSocket[]
  readonly containers: readonly EngineContainer[]
  readonly appOf: (pid: number) => string | null
  readonly appOfFolder: AppOfFolder
  readonly isQuantum: (process: HostProcess) => boolean
}

/** One row per process, by pid. */
export function processRows(picture: ProcessPicture): ProcessRow[] {
  const ports = portsByPid(picture.sockets)
  const rows = picture.processes.map((process): ProcessRow => {
    const container = containerRef(picture.containers, process.containerId)
    const owner = container && picture.containers.find(({ id }) => id === container.id)
    return {
      pid: process.pid,
      ppid: process.ppid,
      name: bounded(process.name),
      command: commandLine(process.argv),
      cwd: boundedOrNull(process.cwd),
      user: boundedOrNull(process.user),
      startedAt: process.startedAt === null ? null : isoTime(process.startedAt),
      cpuPercent: process.cpuPercent,
      memoryBytes: process.memoryBytes,
      ports: ports.get(process.pid) ?? [],
      container,
      app: picture.appOf(process.pid) ?? (owner ? appOfContainer(owner, picture.appOfFolder) : null),
      kind: kindOf(picture, process),
    }
  })
  return rows.sort((a, b) => a.pid - b.pid)
}

function kindOf(picture: ProcessPicture, process: HostProcess): ProcessKind {
  if (picture.isQuantum(process)) return 'quantum'
  return process.containerId === null ? 'other' : 'container'
}

/** The ports each process holds, each once, in rising order. */
function portsByPid(sockets: readonly HostSocket[]): Map<number, number[]> {
  const ports = new Map<number, number[]>()
  for (const { pids, port } of sockets) {
    for (const pid of pids) {
      const held = ports.get(pid)
      if (held === undefined) ports.set(pid, [port])
      else if (!held.includes(port)) held.push(port)
    }
  }
  for (const held of ports.values()) held.sort((a, b) => a - b)
  return ports
}
