import type { Overview } from '#contract/system.ts'
import { auditColumns } from './audit-table.ts'
import { show, type View } from './live.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fitting, table } from './table.ts'
import { duration, memorySize, plural } from './text.ts'

export const declare: Declare = (noun, session) => {
  noun.action(() => show(session, overview(session)))
}

const overview = (session: Session): View<Overview> => ({
  topics: ['apps', 'ports', 'processes', 'containers', 'leases', 'audit'],
  load: () => session.query('overview.get', {}),
  json: (value) => value,
  lines: (value) => lines(session, value),
})

/** As wide as `Containers`. */
const nameWidth = 10

async function lines(session: Session, value: Overview): Promise<string[]> {
  const { out } = session
  const { machine, counts } = value
  const about = [
    machine.platform,
    plural(machine.cpus, 'core'),
    `load ${machine.load.toFixed(2)}`,
    `${memorySize(machine.memory.usedBytes)} of ${memorySize(machine.memory.totalBytes)} in use`,
    `up ${duration(machine.uptimeSeconds * 1000)}`,
  ]
  const facts: (readonly [string, string])[] = [
    ['Apps', apps(value)],
    ['Ports', `${counts.ports} open, ${counts.leases} leased`],
    ['Processes', String(counts.processes)],
    ['Containers', containers(value)],
  ]
  const shown: string[] = []
  for (const [name, text] of facts)
    shown.push(`${out.paint('cyan', name.padEnd(nameWidth))}  ${await fitting(out, text, nameWidth + 2)}`)
  return [
    out.paint('bold', await fitting(out, machine.hostname)),
    out.paint('dim', await fitting(out, about.join(' · '))),
    '',
    ...shown,
    '',
    ...(await activity(session, value)),
  ]
}

function apps({ counts: { apps: counts } }: Overview): string {
  const { running, failed, stopped } = counts
  if (running + failed + stopped === 0)
    return 'none was added; `quantum-admin apps add FOLDER` adds those of a folder'
  return `${running} running, ${failed} failed, ${stopped} stopped`
}

function containers({ counts, engine }: Overview): string {
  if (engine.state === 'connected') {
    const { running, stopped } = counts.containers
    return `${running} running, ${stopped} stopped`
  }
  return engine.reason ?? engineStates[engine.state]
}

const engineStates = {
  absent: 'no container engine was found',
  denied: 'the container engine does not let you in',
  unreachable: 'the container engine does not answer',
} as const

async function activity(session: Session, { activity: entries }: Overview): Promise<string[]> {
  const { out } = session
  const title = out.paint('bold', 'Latest activity')
  if (entries.length === 0) {
    return [title, out.paint('dim', 'Nothing was done yet. Try `quantum-admin ports lease my-app`.')]
  }
  return [title, ...(await table(out, auditColumns(Date.now()), entries))]
}
