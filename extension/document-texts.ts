import { l10n } from 'vscode'
import type { Params, QueryName, Result } from '#contract/index.ts'
import type { PortWho } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { bytes, fullText, moment, percent, printableJson } from './display.ts'
import { portHoldings } from './resources.ts'
import { containerLines } from './views/container-item.ts'
import { leaseLines } from './views/lease-item.ts'
import { portLines } from './views/port-item.ts'
import { processLines } from './views/process-item.ts'
import { linesOf, type Line } from './views/tooltip.ts'

/** Asks the daemon one query. */
export type Ask = <M extends QueryName>(name: M, params: Params<M>) => Promise<Result<M>>

const titled = (title: string, lines: readonly Line[]): string =>
  [fullText(title), '', ...linesOf(lines)].join('\n')

/** Who holds a port, from the socket up to the process that started it all. */
export async function whoText(ask: Ask, port: number): Promise<string> {
  return whoLines(await ask('ports.who', { port })).join('\n')
}

function whoLines(who: PortWho): readonly string[] {
  const holdings = portHoldings(who.rows)
  if (holdings.length === 0) return [l10n.t('Nobody holds port {0}.', who.port)]
  return [
    ...holdings.flatMap((holding) => [
      l10n.t('Port {0} ({1})', holding.port, holding.protocol),
      '',
      ...linesOf(portLines(holding)),
      '',
    ]),
    ...worktreeLines(who),
    ...ancestorLines(who),
    ...auditLines(who),
  ]
}

/** The same in few enough lines for a dialog: who it is, what started it, and where it belongs. */
export function whoSummary(who: PortWho): string {
  const short = (lines: readonly string[]): readonly string[] => lines.map((line) => printable(line, 200))
  const chain = who.ancestors.map(({ name, pid }) => `${printable(name, 40)} (${pid})`).join(' ← ')
  return [
    ...portHoldings(who.rows).flatMap((holding) => short(linesOf(portLines(holding)))),
    ...(chain === '' ? [] : [`${l10n.t('Started by')}: ${printable(chain, 400)}`]),
    ...short(worktreeLines(who)),
    ...short(auditLines(who)),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function ancestorLines({ ancestors }: PortWho): readonly string[] {
  if (ancestors.length === 0) return []
  return [
    l10n.t('Started by'),
    ...ancestors.map(
      ({ name, pid, command }, depth) =>
        `${'  '.repeat(depth + 1)}${fullText(name)} (${pid})${command === null ? '' : `  ${fullText(command)}`}`,
    ),
    '',
  ]
}

function worktreeLines({ worktree }: PortWho): readonly string[] {
  if (worktree === null) return []
  return [
    ...linesOf([
      [l10n.t('Git worktree'), worktree.path],
      [l10n.t('Branch'), worktree.branch],
      [l10n.t('Repository'), worktree.repository],
    ]),
    '',
  ]
}

function auditLines({ audit }: PortWho): readonly string[] {
  if (audit === null) return []
  const { sequence, action, actor, timestamp } = audit
  return linesOf([[l10n.t('Audit entry'), `#${sequence} ${action}, ${actor}, ${moment(timestamp)}`]])
}

export async function processText(ask: Ask, pid: number): Promise<string> {
  const row = await ask('processes.show', { pid })
  return titled(row.name, processLines(row))
}

export async function containerText(ask: Ask, id: string): Promise<string> {
  const detail = await ask('containers.show', { id })
  const labels = Object.entries(detail.labels).map(([name, value]): Line => [fullText(name), value])
  return [
    titled(detail.name, [
      ...containerLines(detail),
      [l10n.t('Command'), detail.command],
      [l10n.t('Process id'), detail.pid === 0 ? null : detail.pid],
      [l10n.t('Started'), detail.startedAt === null ? null : moment(detail.startedAt)],
      [l10n.t('Exit code'), detail.exitCode],
      [l10n.t('Processor'), detail.cpuPercent === null ? null : percent(detail.cpuPercent)],
      [l10n.t('Memory'), detail.memoryBytes === null ? null : bytes(detail.memoryBytes)],
    ]),
    ...(labels.length === 0 ? [] : ['', l10n.t('Labels'), ...linesOf(labels).map((line) => `  ${line}`)]),
  ].join('\n')
}

export async function leaseText(ask: Ask, name: string): Promise<string> {
  const { rows } = await ask('leases.list', {})
  const lease = rows.find((row) => row.name === name)
  if (lease === undefined) throw new Failure('not-found', `There is no lease named ${name}`)
  return `${titled(lease.name, leaseLines(lease))}\n\n${await whoText(ask, lease.port)}`
}

export async function entryText(ask: Ask, sequence: number): Promise<string> {
  return printableJson(await ask('audit.show', { sequence }))
}

export async function doctorText(ask: Ask): Promise<string> {
  const checks = await ask('daemon.doctor', {})
  return checks
    .map(({ ok, name, message, hint }) => {
      const line = `${ok ? '✓' : '✗'} ${fullText(name)}: ${fullText(message)}`
      return ok || hint === null ? line : `${line}\n  ${fullText(hint)}`
    })
    .join('\n')
}

/** So many lines of an app's output are shown. */
const outputLines = 1000

/** The end of what an app wrote. */
export async function outputText(ask: Ask, app: string): Promise<string> {
  const { file, lines } = await ask('apps.output', { app, lines: outputLines })
  if (file === null) return l10n.t('{0} has not run yet, so it has written nothing.', app)
  if (lines.length === 0) return l10n.t('{0} has written nothing.', app)
  return lines.map(fullText).join('\n')
}
