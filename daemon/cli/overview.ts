import type { CheckState, IncidentRow } from '#contract/health.ts'
import type { Result } from '#contract/index.ts'
import type { RunRow } from '#contract/jobs.ts'
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

/** What is on the screen with `--watch`, besides what `overview` answers. */
interface More {
  readonly connectors: Result<'connectors.list'>['rows']
  readonly jobs: Result<'jobs.list'>['rows']
  readonly tests: Result<'tests.list'>['rows']
}

interface Glance {
  readonly overview: Overview
  /** Null for a single answer, which is to be there at once. */
  readonly more: More | null
}

const overview = (session: Session): View<Glance> => ({
  topics: ['apps', 'ports', 'processes', 'containers', 'leases', 'connectors', 'jobs', 'health', 'audit'],
  load: async () => {
    const wanted = session.globals.watch && !session.out.json
    const [value, more] = await Promise.all([
      session.query('overview.get', {}),
      wanted ? everythingElse(session) : null,
    ])
    return { overview: value, more }
  },
  json: ({ overview: value }) => value,
  lines: (value) => lines(session, value),
})

async function everythingElse(session: Session): Promise<More> {
  const [connectors, jobs, tests] = await Promise.all([
    session.query('connectors.list', {}),
    session.query('jobs.list', {}),
    session.query('tests.list', {}),
  ])
  return {
    connectors: connectors.rows,
    jobs: jobs.rows,
    tests: tests.rows.filter(({ command }) => command !== null),
  }
}

const incidentName = 'Incident'
/** As wide as `Containers`. */
const nameWidth = 10

async function lines(session: Session, { overview: value, more }: Glance): Promise<string[]> {
  const { out } = session
  const { machine, counts } = value
  const about = [
    machine.platform,
    plural(machine.cpus, 'core'),
    `load ${machine.load.toFixed(2)}`,
    `${memorySize(machine.memory.usedBytes)} of ${memorySize(machine.memory.totalBytes)} in use`,
    ...(machine.disk
      ? [`disk ${memorySize(machine.disk.usedBytes)} of ${memorySize(machine.disk.totalBytes)}`]
      : []),
    `up ${duration(machine.uptimeSeconds * 1000)}`,
  ]
  const facts: (readonly [string, string])[] = [
    ['Apps', apps(value)],
    ['Ports', `${counts.ports} open, ${counts.leases} leased`],
    ['Processes', String(counts.processes)],
    ['Containers', containers(value)],
    ...(counts.checks === undefined ? [] : [['Health', health(counts.checks)] as const]),
    ...(value.incidents ?? []).map(incidentFact),
    ...(more === null ? [] : moreFacts(more)),
  ]
  const shown: string[] = []
  for (const [name, text] of facts)
    shown.push(
      `${out.paint(name === incidentName ? 'red' : 'cyan', name.padEnd(nameWidth))}  ${await fitting(out, text, nameWidth + 2)}`,
    )
  return [
    out.paint('bold', await fitting(out, machine.hostname)),
    out.paint('dim', await fitting(out, about.join(' · '))),
    '',
    ...shown,
    '',
    ...(await activity(session, value)),
  ]
}

function health(checks: Readonly<Record<CheckState, number>>): string {
  const some = Object.entries(checks).filter(([, count]) => count > 0)
  return some.map(([state, count]) => `${count} ${state}`).join(', ') || 'nothing is checked'
}

/** One that is open: what a person should look at first. */
const incidentFact = ({ number, app, cause }: IncidentRow): readonly [string, string] => [
  incidentName,
  `#${number} of ${app}: ${cause}`,
]

const moreFacts = ({ connectors, jobs, tests }: More): (readonly [string, string])[] => [
  ['Connectors', tally(connectors.map(({ status }) => (status === 'unknown' ? 'not tested' : status)))],
  ['Jobs', tally(jobs.map(({ running, lastRun }) => runWord(running[0] ?? lastRun)))],
  ['Tests', tally(tests.map(({ running, lastRun }) => runWord(running ?? lastRun)))],
]

const runWord = (run: RunRow | null): string => run?.state ?? 'never run'

/** How many of each, such as `2 passed, 1 failed`. */
const tally = (words: readonly string[]): string =>
  [...Map.groupBy(words, (word) => word)].map(([word, { length }]) => `${length} ${word}`).join(', ') ||
  'none'

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
