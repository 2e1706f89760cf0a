import { l10n } from 'vscode'
import type { IncidentTimeline, TimelineEvent } from '#contract/incident-timeline.ts'
import { fullText, moment } from './display.ts'
import type { Ask } from './document-texts.ts'
import { incidentLines } from './health.ts'
import { linesOf } from './views/tooltip.ts'

/** So much of a log is shown before and after a line, in milliseconds. */
const aroundMs = 60_000

/** What was not well, what changed first before it, and what happened around it. */
export async function incidentText(ask: Ask, number: number): Promise<string> {
  const [detail, timeline] = await Promise.all([
    ask('incidents.show', { number }),
    ask('incidents.timeline', { number }),
  ])
  const notes = detail.notes.map(({ at, by, text }) => `${moment(at)}  ${fullText(by)}: ${fullText(text)}`)
  return [
    fullText(l10n.t('Incident #{0} of {1}', number, detail.app)),
    '',
    ...causeLines(timeline),
    '',
    ...linesOf(incidentLines(detail)),
    ...linesOf([[l10n.t('First failure'), moment(timeline.onset)]]),
    ...timelineLines(timeline),
    ...(notes.length === 0 ? [] : ['', l10n.t('Notes'), ...notes.map((line) => `  ${line}`)]),
  ].join('\n')
}

function causeLines({ causes }: IncidentTimeline): readonly string[] {
  const [first, ...others] = causes
  const what = l10n.t('First change before onset')
  if (first === undefined) return linesOf([[what, l10n.t('nothing changed that is known here')]])
  return linesOf([
    [what, first.text],
    [l10n.t('Because'), first.reason],
    ...others.map(({ text, reason }): [string, string] => [l10n.t('Or'), `${text}: ${reason}`]),
  ])
}

function timelineLines({ events, left, causes }: IncidentTimeline): readonly string[] {
  if (events.length === 0) return []
  const first = causes[0]?.event
  return [
    '',
    l10n.t('Timeline'),
    ...events.flatMap((event, index) => eventLines(event, index === first)),
    ...(left === 0 ? [] : [`  ${l10n.t('{0} more that were further away in time are left out.', left)}`]),
  ]
}

function eventLines(event: TimelineEvent, isCause: boolean): readonly string[] {
  const { at, title, detail } = event
  const more = detail === null ? '' : ` (${fullText(detail)})`
  const link = linkText(event)
  return [
    `${isCause ? '▸' : ' '} ${moment(at)}  ${fullText(title)}${more}`,
    // On a line of its own, which nothing that others have written can make: incident-links.ts makes it a link.
    ...(link === null ? [] : [`${linkMark}${link}`]),
  ]
}

/** What a line begins with that leads somewhere. */
export const linkMark = '      → '

function linkText({ opens, at, app }: TimelineEvent): string | null {
  if (opens?.type === 'audit') return l10n.t('Audit entry #{0}', opens.sequence)
  if (opens?.type === 'file')
    return opens.line === null ? fullText(opens.file) : `${fullText(opens.file)}:${opens.line}`
  if (opens?.type !== 'log') return null
  const [from, to] = [-aroundMs, aroundMs].map((by) => new Date(Date.parse(at) + by).toISOString())
  return `${l10n.t('Logs')}: ${app} ${from} – ${to}`
}
