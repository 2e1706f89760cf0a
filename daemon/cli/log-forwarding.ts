import type { LogForwardRow } from '#contract/logs.ts'
import type { View } from './live.ts'
import { logFilter } from './log-filter.ts'
import type { Session } from './session.ts'
import { table, type Column } from './table.ts'
import { relativeTime } from './text.ts'

/** How far the logs of apps were sent. */
export const forwarding = (session: Session, apps: string[]): View<readonly LogForwardRow[]> => ({
  topics: ['logs', 'apps'],
  load: async () => {
    // An app that is none is told.
    await logFilter(session, apps, { source: [], field: [] })
    return session.query('logs.forwarding', apps.length === 0 ? {} : { apps })
  },
  json: (rows) => rows,
  lines: (rows) =>
    rows.length === 0
      ? ['Nothing is forwarded. `admin.logs.forward` in the configuration of an app says where to.']
      : table(session.out, columns(Date.now()), rows),
})

const columns = (now: number): readonly Column<LogForwardRow>[] => [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  { title: 'TO', least: 12, value: ({ kind, url }) => `${kind} ${url}` },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => looks[state] },
  { title: 'BEHIND', align: 'right', value: ({ behind }) => String(behind) },
  { title: 'SENT', align: 'right', spare: 1, value: ({ sent }) => String(sent) },
  { title: 'UP TO', spare: 2, value: ({ sentTo }) => relativeTime(sentTo, now) },
  {
    title: 'NOT SENT',
    value: ({ refused, lost }) =>
      [refused === 0 ? '' : `${refused} refused`, lost === 0 ? '' : `${lost} lost`]
        .filter((part) => part !== '')
        .join(', '),
    look: () => 'red',
  },
  { title: 'LAST ERROR', least: 10, value: (row) => lastError(row, now) },
]

const looks = { current: 'green', sending: 'green', retrying: 'yellow', stopped: 'red' } as const

function lastError({ error, nextAt }: LogForwardRow, now: number): string {
  if (error === null) return ''
  const again = nextAt === null ? '' : `; tried again ${relativeTime(nextAt, now)}`
  return `${relativeTime(error.at, now)}: ${error.message}${again}`
}
