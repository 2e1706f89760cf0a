import { setTimeout as delay } from 'node:timers/promises'
import type { RunDetail, RunRow, RunState, TestCounts } from '#contract/jobs.ts'
import { Failure } from '#base/failure.ts'
import { printable, printableLine } from '#base/printable.ts'
import type { View } from './live.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { fullTime, relativeTime } from './text.ts'

// What runs of jobs and of tests have in common.

const stateLooks: Readonly<Record<RunState, Look>> = {
  running: 'yellow',
  passed: 'green',
  failed: 'red',
  timeout: 'red',
  lost: 'red',
  cancelled: 'dim',
  skipped: 'dim',
}

/** How long a run took, such as `1.2 s`; empty while it goes on. */
function took({ durationMs }: Pick<RunRow, 'durationMs'>): string {
  if (durationMs === null) return ''
  if (durationMs < 10_000) return `${(durationMs / 1000).toFixed(1)} s`
  if (durationMs < 120_000) return `${Math.round(durationMs / 1000)} s`
  return `${Math.round(durationMs / 60_000)} min`
}

export const countsText = (tests: TestCounts | null): string =>
  tests === null
    ? ''
    : [
        `${tests.passed} passed`,
        `${tests.failed} failed`,
        ...(tests.skipped === 0 ? [] : [`${tests.skipped} skipped`]),
      ].join(', ')

/** How a run went, such as `passed 3 h ago`. */
export const outcomeText = (row: RunRow | null, now: number): string =>
  row === null ? '' : `${row.state} ${relativeTime(row.endedAt ?? row.startedAt, now)}`

export const outcomeLook = (row: RunRow | null): Look | undefined =>
  row === null ? undefined : stateLooks[row.state]

const runColumns = (now: number): readonly Column<RunRow>[] => [
  { title: 'RUN', value: ({ run }) => run.slice(0, 8), look: () => 'dim' },
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'JOB', least: 8, value: ({ job }) => job ?? '' },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => stateLooks[state] },
  { title: 'TESTS', spare: 1, value: ({ tests }) => countsText(tests) },
  { title: 'STARTED', value: ({ startedAt }) => relativeTime(startedAt, now) },
  { title: 'TOOK', value: took },
  { title: 'BY', spare: 3, value: ({ by, trigger }) => (trigger === 'schedule' ? 'schedule' : by) },
  { title: 'NOTE', least: 10, spare: 2, value: ({ reason }) => reason ?? '' },
]

/** What ran, newest first. @param none - what is said when nothing did. */
export const runsView = (
  session: Session,
  load: () => Promise<readonly RunRow[]>,
  none: string,
): View<readonly RunRow[]> => ({
  topics: ['jobs'],
  load,
  json: (rows) => rows,
  lines: (rows) => (rows.length === 0 ? [none] : table(session.out, runColumns(Date.now()), rows)),
})

export function describeRun(out: Output, detail: RunDetail): string[] {
  const now = Date.now()
  return fields(out, [
    ...summary(detail),
    ['Run', detail.run],
    ['Asked for by', detail.trigger === 'schedule' ? `its schedule, for ${detail.scheduledFor}` : detail.by],
    ['Ended', detail.endedAt === null ? '' : fullTime(detail.endedAt, now)],
    ['Took', took(detail)],
    ['Tests', countsText(detail.tests)],
    ['Command', detail.command],
    ['Folder', detail.folder],
    ['Process', detail.pid === null || detail.endedAt !== null ? '' : `pid ${detail.pid}`],
    ['Output', detail.output ?? ''],
    ...detail.lastLines.map((line) => ['Wrote last', line] as const),
  ])
}

/** What a run is, for a question about it. */
export const summary = (row: RunRow): (readonly [string, string])[] => [
  ['App', row.app],
  ['Job', row.job ?? 'its tests'],
  ['State', row.reason === null ? row.state : `${row.state}: ${row.reason}`],
  ['Started', fullTime(row.startedAt, Date.now())],
]

/** Finds one run by its id or the beginning of it. @throws Failure `not-found`, `conflict` when several begin so. */
export async function findRun(session: Session, wanted: string, of: 'jobs' | 'tests'): Promise<RunRow> {
  const rows = await session.query(`${of}.history`, { limit: 1000 })
  const matching = /^[0-9a-f]{4,32}$/.test(wanted) ? rows.filter(({ run }) => run.startsWith(wanted)) : []
  const [only, ...others] = matching
  if (only === undefined)
    throw new Failure('not-found', `There is no run ${JSON.stringify(wanted)}`, {
      hint: `\`quantum-admin ${of} history\` shows them; give at least four characters.`,
    })
  if (others.length === 0) return only
  throw new Failure('conflict', `${wanted} is the beginning of ${matching.length} ids`, {
    hint: 'Give more of the id.',
  })
}

/** How long a run is waited for, and what is shown of it meanwhile. */
export interface RunOptions {
  readonly wait: boolean
  readonly follow: boolean
}

/** Tells what was begun and, where that is asked for, how it ended. @throws Failure when it did not go well. */
export async function tellRun(
  session: Session,
  begun: RunRow,
  options: RunOptions,
  failure: 'job-failed' | 'tests-failed',
): Promise<void> {
  const { out } = session
  const what = begun.job === null ? `The tests of ${begun.app}` : `${begun.job} of ${begun.app}`
  if (!options.wait && !options.follow) {
    if (out.json) out.data(begun)
    else out.line(printable(`${what} ${begun.job === null ? 'run' : 'runs'}: ${begun.run.slice(0, 8)}`))
    return
  }
  const row = await untilEnded(session, begun.run, options.follow && !out.json).catch((error: unknown) => {
    const noun = begun.job === null ? 'tests' : 'jobs'
    if (session.signal.aborted)
      out.note(`The run goes on; \`quantum-admin ${noun} cancel ${begun.run.slice(0, 8)}\` ends it.`)
    throw error
  })
  if (out.json) out.data(row)
  const counts = row.tests === null ? '' : `: ${countsText(row.tests)}`
  const text = `${what} ${row.state} after ${took(row)}${counts}`
  if (row.state !== 'passed')
    throw new Failure(failure, row.reason === null ? text : `${text} (${row.reason})`, {
      hint: `\`quantum-admin ${failure === 'job-failed' ? 'jobs' : 'tests'} show ${row.run.slice(0, 8)}\` says more.`,
    })
  if (!out.json) out.line(printable(`${text}.`))
}

const pollMs = 200

async function untilEnded(session: Session, run: string, shown: boolean): Promise<RunRow> {
  const lines = new Lines(session.out)
  for (let from = 0; ;) {
    const { text, next, ended } = await session.query('jobs.output', { run, from })
    if (shown) lines.write(text)
    from = next
    if (ended) break
    if (text === '') await delay(pollMs, undefined, { signal: session.signal })
  }
  if (shown) lines.end()
  const {
    command: _c,
    folder: _f,
    pid: _p,
    output: _o,
    lastLines: _l,
    ...row
  } = await session.query('jobs.show', { run })
  return row
}

/** Writes what comes in pieces as whole lines, made harmless for a terminal. */
class Lines {
  readonly #out: Output
  #rest = ''

  constructor(out: Output) {
    this.#out = out
  }

  write(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    this.#out.lines(lines.map((line) => this.#shown(line)))
  }

  end(): void {
    if (this.#rest !== '') this.write('\n')
  }

  #shown(line: string): string {
    return this.#out.interactive ? printableLine(line.replace(/\r$/, ''), this.#out.colour) : line
  }
}

/** Says that a run was ended. */
export function tellCancelled({ out }: Session, row: RunRow): void {
  if (out.json) out.data(row)
  else out.line(printable(`The run ${row.run.slice(0, 8)} was cancelled.`))
}
