import type { PortHolder, PortRow, PortWho } from '#contract/resources.ts'
import type { ContainerEngine } from '../../adapters/docker/engine.ts'
import type { Git } from '../../adapters/git/git.ts'
import type { Host, HostProcess } from '../../adapters/host/host.ts'
import { bounded, commandLine } from './display.ts'
import { ancestorsOf } from './guard.ts'

export interface WhoDeps {
  readonly host: Host
  readonly engine: ContainerEngine
  readonly git: Git
  readonly startedBy: (holder: {
    readonly pid: number | null
    readonly startedAt: string | null
    readonly containerId: string | null
  }) => Promise<PortWho['audit']>
}

/** Where compose keeps the folder it was started in. */
const composeFolder = 'com.docker.compose.project.working_dir'

/** Who holds a port: its rows, and for the first holder its ancestors, worktree and audit entry. */
export async function whoHolds(deps: WhoDeps, port: number, all: readonly PortRow[]): Promise<PortWho> {
  const rows = all.filter((row) => row.port === port)
  const first = rows.find(({ pid }) => pid !== null) ?? rows[0]
  if (!first) return { port, rows, ancestors: [], worktree: null, audit: null }
  const holder = first.pid === null ? null : await deps.host.process(first.pid)
  const folder = folderOf(deps.engine, first)
  const [ancestors, worktree, audit] = await Promise.all([
    holder ? ancestorsOf(deps.host, holder) : [],
    folder === null ? null : deps.git.worktreeOf(folder),
    deps.startedBy({
      pid: first.pid,
      startedAt: first.startedAt,
      containerId: first.container?.id ?? null,
    }),
  ])
  return { port, rows, ancestors: ancestors.map(portHolder), worktree, audit }
}

const portHolder = ({ pid, name, argv }: HostProcess): PortHolder => ({
  pid,
  name: bounded(name),
  command: commandLine(argv),
})

/** The folder on this machine that the holder belongs to; a container's own folders are not on it. */
function folderOf(engine: ContainerEngine, { container, cwd }: PortRow): string | null {
  if (!container) return cwd
  const owner = engine.containers().find(({ id }) => id === container.id)
  return owner?.labels[composeFolder] ?? null
}
