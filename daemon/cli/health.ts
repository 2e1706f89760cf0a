import type { CheckDetail, CheckRow, CheckState } from '#contract/health.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { later, wholeNumber } from './arguments.ts'
import { declareExchange } from './health-exchange.ts'
import { show as showView, type View } from './live.ts'
import type { Declare } from './noun.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { duration, fullTime, plural, relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  noun
    .argument('[app]', 'of this app only')
    .action((app: string | undefined) => showView(session, list(session, app)))
  noun
    .command('show')
    .description('everything about one check, and what it came to lately')
    .argument('<app>', 'its name in the list')
    .argument('<check>', 'its name in the list')
    .option('--environment <name>', 'where the app runs that is meant')
    .option('--limit <n>', 'how many results at most', wholeNumber('--limit', 1, 1000), 20)
    .action((app: string, check: string, options: Showing) => show(session, app, check, options))
  noun
    .command('check')
    .description('check an app now; exit code 6 when something is not well')
    .argument('<app>', 'its name in the list')
    .argument('[check]', 'this one only')
    .option('--environment <name>', 'where the app runs that is meant')
    .action((app: string, check: string | undefined, { environment }: Elsewhere) =>
      checkNow(session, { app, ...ofCheck(check, environment) }),
    )
  noun
    .command('pause')
    .description('check an app no longer, until a time or until you resume it')
    .argument('<app>', 'its name in the list')
    .argument('[check]', 'this one only')
    .option('--environment <name>', 'where the app runs that is meant')
    .option('--until <time>', 'until then: 30m, 2h, 7d from now, or a date and time', later('--until'))
    .action((app: string, check: string | undefined, { environment, until }: Pausing) =>
      pause(session, { app, ...ofCheck(check, environment) }, until ?? null),
    )
  noun
    .command('resume')
    .description('check it again')
    .argument('<app>', 'its name in the list')
    .argument('[check]', 'this one only')
    .option('--environment <name>', 'where the app runs that is meant')
    .action((app: string, check: string | undefined, { environment }: Elsewhere) =>
      resume(session, { app, ...ofCheck(check, environment) }),
    )
  declareExchange(noun, session)
}

interface Elsewhere {
  readonly environment?: string
}
interface Showing extends Elsewhere {
  readonly limit: number
}
interface Pausing extends Elsewhere {
  readonly until?: string
}
interface Chosen {
  readonly app: string
  readonly environment?: string
  readonly check?: string
}

const ofCheck = (check: string | undefined, environment: string | undefined) => ({
  ...(check === undefined ? {} : { check }),
  ...(environment === undefined ? {} : { environment }),
})

const list = (session: Session, app: string | undefined): View<readonly CheckRow[]> => ({
  topics: ['health', 'apps'],
  load: async () => (await session.query('health.list', app === undefined ? {} : { app })).rows,
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? [
          'Nothing is checked. `quantum-admin apps add FOLDER` adds apps; `quantum-admin docs health` says how they are checked.',
        ]
      : table(session.out, columns(Date.now()), rows),
})

const looks: Readonly<Record<CheckState, Look>> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
  unknown: 'dim',
  paused: 'dim',
}

const columns = (now: number): readonly Column<CheckRow>[] => [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'WHERE', value: ({ environment }) => environment ?? '' },
  { title: 'CHECK', least: 8, value: ({ check }) => check },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => looks[state] },
  { title: 'SINCE', spare: 4, value: ({ since }) => relativeTime(since, now) },
  { title: 'TOOK', spare: 3, value: ({ latencyMs }) => took(latencyMs) },
  { title: 'TARGET', least: 12, spare: 2, value: ({ target }) => target, look: () => 'dim' },
  { title: 'NOTE', least: 10, spare: 1, value: noteOf },
]

const took = (milliseconds: number | null): string =>
  milliseconds === null ? '' : `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`

const noteOf = ({ reason, pausedBy, pausedUntil }: CheckRow): string => {
  if (pausedBy === null) return reason ?? ''
  return pausedUntil === null ? `by ${pausedBy}` : `by ${pausedBy} until ${pausedUntil}`
}

async function show(session: Session, app: string, check: string, options: Showing): Promise<void> {
  const { limit, environment } = options
  const detail = await session.query('health.show', { app, check, limit, ...ofCheck(undefined, environment) })
  if (session.out.json) session.out.data(detail)
  else session.out.lines(await describe(session.out, detail))
}

async function describe(out: Output, detail: CheckDetail): Promise<string[]> {
  const now = Date.now()
  const { pausedBy, checkedAt, degradedAboveMs } = detail
  const lines = fields(out, [
    ['Check', detail.check],
    ['Of', detail.environment === null ? detail.app : `${detail.app} in ${detail.environment}`],
    ['Target', detail.target],
    ['State', detail.state],
    ['Since', fullTime(detail.since, now)],
    ['Reason', detail.reason ?? ''],
    ['Paused', pausedBy === null ? '' : noteOf(detail)],
    ['Checked', checkedAt === null ? 'never since the daemon started' : fullTime(checkedAt, now)],
    ['Took', took(detail.latencyMs)],
    ['Every', duration(detail.intervalMs)],
    ['At most', `${detail.timeoutMs} ms, ${plural(detail.retries, 'retry', 'retries')}`],
    ['Unhealthy after', `${detail.failures} failed`],
    ['Healthy after', `${detail.successes} good`],
    ['Degraded above', degradedAboveMs === null ? '' : `${degradedAboveMs} ms`],
    [
      'Certificate',
      detail.certificateEndsAt === null ? '' : `ends ${fullTime(detail.certificateEndsAt, now)}`,
    ],
    ['Severity', detail.severity],
    ['Heartbeats', heartbeats(detail.push ?? null, now)],
    ['Named by', namers[detail.source]],
  ])
  return detail.results.length === 0
    ? lines
    : [...lines, '', ...(await table(out, resultColumns, detail.results))]
}

const namers: Readonly<Record<CheckDetail['source'], string>> = {
  config: 'quantum.config.yaml',
  found: 'nobody: it was found',
  kuma: 'Uptime Kuma',
}

function heartbeats(push: CheckDetail['push'] | null, now: number): string {
  if (push === null || push === undefined) return ''
  if (push.problem !== null)
    return `not taken since ${fullTime(push.failingSince ?? '', now)}: ${push.problem}`
  return push.sentAt === null ? 'none was taken yet' : `last taken ${relativeTime(push.sentAt, now)}`
}

const gradeLooks = { good: 'green', soft: 'yellow', bad: 'red' } as const

const resultColumns: readonly Column<CheckDetail['results'][number]>[] = [
  { title: 'AT', value: ({ at }) => at },
  { title: 'RESULT', value: ({ grade }) => grade, look: ({ grade }) => gradeLooks[grade] },
  { title: 'TOOK', value: ({ latencyMs }) => took(latencyMs) },
  { title: 'REASON', least: 10, value: ({ reason }) => reason ?? '' },
]

async function checkNow(session: Session, chosen: Chosen): Promise<void> {
  const { out } = session
  const rows = await session.command('health.check', chosen)
  if (out.json) out.data(rows)
  else out.lines(await table(out, columns(Date.now()), rows))
  const bad = rows.filter(
    ({ state, checkedAt, reason }) =>
      state === 'unhealthy' || (checkedAt !== null && reason !== null && state !== 'paused'),
  )
  if (bad.length === 0) return
  const shown = bad.map(({ check, state }) => `${check} (${state})`).join(', ')
  throw new Failure('check-failed', `${chosen.app} is not well: ${shown}`)
}

async function pause(session: Session, chosen: Chosen, until: string | null): Promise<void> {
  const { out } = session
  const rows = await session.command('health.pause', { ...chosen, until })
  if (out.json) return out.data(rows)
  const end = until === null ? 'until you resume it' : `until ${until}`
  out.line(
    `${plural(rows.length, 'check')} of ${printable(chosen.app)} ${rows.length === 1 ? 'is' : 'are'} paused ${end}.`,
  )
}

async function resume(session: Session, chosen: Chosen): Promise<void> {
  const { out } = session
  const rows = await session.command('health.resume', chosen)
  if (out.json) out.data(rows)
  else
    out.line(
      `${plural(rows.length, 'check')} of ${printable(chosen.app)} ${rows.length === 1 ? 'is' : 'are'} made again.`,
    )
}
