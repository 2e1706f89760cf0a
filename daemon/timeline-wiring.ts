import { totalmem } from 'node:os'
import type { LogLine } from '#contract/logs.ts'
import { isoTime } from '#base/clock.ts'
import type { AuditService } from './capabilities/audit/audit-service.ts'
import type { TimelineSources } from './capabilities/health/incident-timelines.ts'
import type { HistoryService } from './capabilities/history/history-service.ts'
import type { JobsService } from './capabilities/jobs/jobs-service.ts'
import type { LogsService } from './capabilities/logs/logs-service.ts'
import type { MetricsService } from './capabilities/metrics/metrics-service.ts'

const mostRows = 1000
/** The newest errors; those before them were written by the thousand, and are known. */
const mostErrors = 1000
/** What people and small programs write of errors without a level. */
const unlevelled = '/error|exception|fatal|panic|traceback|denied|refused|cannot|failed|no such|unable to/i'

/** What is known around an incident, of those who know it. */
export function timelineSources(around: {
  readonly history: HistoryService
  readonly audit: AuditService
  readonly jobs: JobsService
  readonly logs: LogsService
  readonly metrics: MetricsService
}): TimelineSources {
  const { history, audit, jobs, logs, metrics } = around
  return {
    look: history.look,
    notice: history.notice,
    named: (app) => history.named(app),
    history: (since, until) =>
      history.list({ app: undefined, since: isoTime(since), until: isoTime(until), limit: mostRows }),
    audit: async (since, until) =>
      (await audit.list({ since: isoTime(since), until: isoTime(until), limit: mostRows })).entries,
    runs: async (app) => jobs.history({ app }, mostRows),
    errors: (app, since, until) => errorsOf(logs, app, since, until),
    machine: async (since, until) => {
      const { from, stepMs, lines } = await metrics.series({
        app: undefined,
        check: undefined,
        metrics: ['cpu', 'memory'],
        since: isoTime(since),
        until: isoTime(until),
        points: 120,
      })
      const valuesOf = (name: string) => lines.find(({ metric }) => metric === name)?.values ?? []
      const first = Date.parse(from)
      const cpuPercent = valuesOf('cpu')
      return {
        at: cpuPercent.map((_, index) => first + index * stepMs),
        cpuPercent,
        memory: valuesOf('memory'),
        totalMemory: totalmem(),
      }
    },
  }
}

async function errorsOf(
  logs: LogsService,
  app: string,
  since: number,
  until: number,
): Promise<readonly LogLine[]> {
  const span = { apps: [app], since: isoTime(since), until: isoTime(until), limit: mostErrors }
  const { signal } = new AbortController()
  const [levelled, others] = await Promise.all([
    logs.search({ ...span, levels: ['error', 'fatal'] }, signal),
    logs.search({ ...span, levels: ['none'], query: unlevelled }, signal),
  ])
  return [...levelled.lines, ...others.lines].toSorted((a, b) => a.time.localeCompare(b.time))
}
