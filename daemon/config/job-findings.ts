import { isZone, neverComes, patternProblem } from './cron.ts'
import { nearestPlace, type Placed } from './config-values.ts'
import { error, pathText, quoted, warning, type Finding, type KeyPath } from './findings.ts'

/** What of a job this looks at. */
interface Scheduled {
  readonly schedule?: string | null | undefined
  readonly timezone?: string | null | undefined
}

/** What is wrong with the schedules of jobs, which a schema cannot tell. */
export const jobFindings = (jobs: Readonly<Record<string, Scheduled>>, file: Placed): readonly Finding[] =>
  Object.entries(jobs).flatMap(([name, job]) => [...scheduleFindings(['admin', 'jobs', name], job, file)])

/** What is wrong with when something is done. @param at - what has a schedule and a time zone. */
export const scheduleFindings = (
  at: KeyPath,
  { schedule, timezone }: Scheduled,
  file: Placed,
): readonly Finding[] => [
  ...patternFindings([...at, 'schedule'], schedule ?? null, file),
  ...zoneFindings([...at, 'timezone'], timezone ?? null, file),
]

function patternFindings(path: KeyPath, schedule: string | null, file: Placed): readonly Finding[] {
  if (schedule === null) return []
  const { offset, end } = nearestPlace(file.place, path)
  const problem = patternProblem(schedule)
  if (problem !== null)
    return [
      error(
        offset,
        `${pathText(path)}: expected five fields of cron, such as "0 3 * * *", got ${quoted(schedule)}: ${problem}`,
        { end, code: 'value' },
      ),
    ]
  if (!neverComes(schedule)) return []
  return [
    warning(
      offset,
      `${pathText(path)}: ${quoted(schedule)} never comes, because no such day is in that month`,
      { end, code: 'value' },
    ),
  ]
}

function zoneFindings(path: KeyPath, zone: string | null, file: Placed): readonly Finding[] {
  if (zone === null || isZone(zone)) return []
  const { offset, end } = nearestPlace(file.place, path)
  return [
    error(
      offset,
      `${pathText(path)}: expected a time zone such as Europe/Berlin or UTC, got ${quoted(zone)}`,
      { end, code: 'value' },
    ),
  ]
}
