import { env, l10n, window } from 'vscode'
import type { AuditEntry } from '#contract/audit.ts'
import { Failure } from '#base/failure.ts'
import type { Actions } from '../actions.ts'
import { entryTitle } from '../audit-pages.ts'
import type { AuditWatch } from '../audit-watch.ts'
import { printableJson, withoutIcons, withoutLinks } from '../display.ts'
import type { Documentation } from '../documentation.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import { withProgress } from '../progress.ts'
import type { ActivityView } from '../views/activity-view.ts'
import { asking } from './targets.ts'
import { exportActivity } from './activity-export.ts'
import { askFilter } from './activity-filter.ts'
import type { Handlers } from './register.ts'

export interface ActivityCommandsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly view: ActivityView
  readonly documents: Documents
  readonly watch: AuditWatch
  readonly documentation: Documentation
}

/** What can be done with the audit trail. */
export const activityCommands = (deps: ActivityCommandsDeps): Handlers => ({
  'quantumAdmin.activity.refresh': () => deps.view.refresh(),
  'quantumAdmin.activity.loadMore': () => deps.view.loadMore(),
  'quantumAdmin.activity.filter': async () => deps.view.setFilter(await askFilter(deps.view)),
  'quantumAdmin.activity.clearFilter': () => deps.view.setFilter({}),
  'quantumAdmin.activity.show': async (node) => {
    const { sequence } = await entryOf(deps, node, l10n.t('Show an Entry'))
    await deps.documents.show('entry', String(sequence), l10n.t('Entry {0}', sequence))
  },
  'quantumAdmin.activity.copy': async (node) => {
    const entry = await entryOf(deps, node, l10n.t('Copy an Entry'))
    await env.clipboard.writeText(printableJson(entry))
    window.setStatusBarMessage(l10n.t('Copied'), 2000)
  },
  'quantumAdmin.activity.export': () => exportActivity(deps.actions, deps.view.filter),
  'quantumAdmin.activity.verify': () => verify(deps),
})

const isEntry = (value: unknown): value is AuditEntry =>
  typeof value === 'object' && value !== null && 'sequence' in value && typeof value.sequence === 'number'

async function entryOf(
  { model, view }: ActivityCommandsDeps,
  node: unknown,
  title: string,
): Promise<AuditEntry> {
  if (isEntry(node)) return node
  const { entries } = await model.query('audit.list', view.filter)
  if (entries.length === 0) throw new Failure('not-found', 'There is no entry that the filter finds')
  const choices = entries.map((entry) => ({
    entry,
    label: withoutIcons(entryTitle(entry)),
    description: `#${entry.sequence} ${new Date(entry.timestamp).toLocaleString()}`,
  }))
  const choice = await window.showQuickPick(choices, { ...asking(node, title), matchOnDescription: true })
  if (choice === undefined) throw new Failure('cancelled', 'Nothing was picked')
  return choice.entry
}

async function verify({ model, watch, documentation }: ActivityCommandsDeps): Promise<void> {
  const pin = await watch.pin()
  const result = await withProgress(l10n.t('Verifying the audit trail'), (report, signal) =>
    model.query('audit.verify', pin === undefined ? {} : { pin }, {
      signal,
      onProgress: ({ message }) => report(message),
    }),
  )
  const learn = l10n.t('Learn More')
  const { ok, entries, checkpoints, firstBadSequence, reason } = result
  const place = firstBadSequence === null ? '' : l10n.t(' First bad entry: {0}.', firstBadSequence)
  const shown = ok
    ? window.showInformationMessage(
        l10n.t(
          'The audit trail is as it was written (records: {0}, checkpoints: {1}).',
          entries,
          checkpoints,
        ),
        learn,
      )
    : window.showErrorMessage(
        l10n.t('The audit trail was changed: {0}.', withoutLinks(reason ?? l10n.t('no reason given'))) +
          place,
        learn,
      )
  // Waiting for the person would keep the command, and with it the walkthrough's step, unfinished.
  void shown.then((choice) =>
    choice === learn ? documentation.open(ok ? 'audit.md' : 'errors/verify-failed.md') : undefined,
  )
}
