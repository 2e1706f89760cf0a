import { isZone, neverComes, patternProblem } from './cron.ts'
import { nearestPlace, type Placed } from './config-values.ts'
import { error, pathText, quoted, warning, type Finding } from './findings.ts'

/** What of a job this looks at. */
interface Scheduled {
  readonly schedule?: string | null | undefined
  readonly timezone?: string | null | undefined
}

/** What is wrong with the schedules of jobs, which a schema cannot tell. */
export const jobFindings = (jobs: Readonly<Record<string, Scheduled>>, file: Placed): readonly Finding[] =>
  Object.entries(jobs).flatMap(([name, job]) => [
    ...scheduleFindings(name, job.schedule ?? null, file),
    ...zoneFindings(name, job.timezone ?? null, file),
  ])

function scheduleFindings(name: string, schedule: string | null, file: Placed): readonly Finding[] {
  if (schedule === null) return []
  const path = ['admin', 'jobs', name, 'schedule']
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

function zoneFindings(name: string, zone: string | null, file: Placed): readonly Finding[] {
  if (zone === null || isZone(zone)) return []
  const path = ['admin', 'jobs', name, 'timezone']
  const { offset, end } = nearestPlace(file.place, path)
  return [
    error(
      offset,
      `${pathText(path)}: expected a time zone such as Europe/Berlin or UTC, got ${quoted(zone)}`,
      { end, code: 'value' },
    ),
  ]
}
