import { l10n, window } from 'vscode'
import type { CheckRow, IncidentRow } from '#contract/health.ts'
import type { Actions } from '../actions.ts'
import { label, withoutIcons } from '../display.ts'
import type { Documents } from '../documents.ts'
import { checkStateWord, worstState } from '../health.ts'
import { inAppsView } from '../progress.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface HealthCommandsDeps {
  readonly actions: Actions
  readonly targets: Targets
  readonly documents: Documents
}

/** What can be done with checks and incidents. */
export const healthCommands = ({ actions, targets, documents }: HealthCommandsDeps): Handlers => ({
  'quantumAdmin.checkNow': async (node) =>
    checkNow(actions, await targets.checks(node, l10n.t('Check an App Now'))),
  'quantumAdmin.pauseChecks': async (node) =>
    pause(actions, await targets.checks(node, l10n.t('Pause the Checks of an App'))),
  'quantumAdmin.resumeChecks': async (node) =>
    resume(actions, await targets.checks(node, l10n.t('Resume the Checks of an App'))),
  'quantumAdmin.showIncident': async (node) => {
    const { number } = await targets.incident(node, l10n.t('Show an Incident'))
    await documents.show('incident', String(number), l10n.t('Incident {0}', number))
  },
  'quantumAdmin.acknowledgeIncident': async (node) =>
    acknowledge(actions, await targets.incident(node, l10n.t('Acknowledge an Incident'), isNew)),
})

type Chosen = Pick<CheckRow, 'app'> & Partial<CheckRow>

const isNew = ({ resolvedAt, acknowledgedBy }: IncidentRow): boolean =>
  resolvedAt === null && acknowledgedBy === null

/** Of one check that one; of an app all of its. */
const paramsOf = ({ app, check, environment }: Chosen) => ({
  app,
  ...(check === undefined ? {} : { check, environment: environment ?? null }),
})
const questionOf = (message: string, yes: string, name: string) => ({ message, detail: '', yes, name })

async function checkNow(actions: Actions, chosen: Chosen): Promise<void> {
  const shown = label(chosen.check ?? chosen.app)
  const question = questionOf(l10n.t('Check {0} now?', shown), l10n.t('Check'), shown)
  const rows = await inAppsView(() =>
    actions.run({ name: 'health.check', params: paramsOf(chosen), question }),
  )
  window.setStatusBarMessage(withoutIcons(`${shown}: ${checkStateWord(worstState(rows))}`, 300), 5000)
}

const hourMs = 3_600_000

async function pause(actions: Actions, chosen: Chosen): Promise<void> {
  const shown = label(chosen.check ?? chosen.app)
  const choices = [
    { label: l10n.t('For 30 minutes'), hours: 0.5 },
    { label: l10n.t('For 2 hours'), hours: 2 },
    { label: l10n.t('For a day'), hours: 24 },
    { label: l10n.t('Until I resume it'), hours: null },
  ]
  const choice = await window.showQuickPick(choices, { title: l10n.t('Pause {0}', withoutIcons(shown)) })
  if (choice === undefined) return
  const until = choice.hours === null ? null : new Date(Date.now() + choice.hours * hourMs).toISOString()
  const question = questionOf(l10n.t('Pause {0}?', shown), l10n.t('Pause'), shown)
  await actions.run({ name: 'health.pause', params: { ...paramsOf(chosen), until }, question })
}

async function resume(actions: Actions, chosen: Chosen): Promise<void> {
  const shown = label(chosen.check ?? chosen.app)
  const question = questionOf(l10n.t('Resume {0}?', shown), l10n.t('Resume'), shown)
  await actions.run({ name: 'health.resume', params: paramsOf(chosen), question })
}

async function acknowledge(actions: Actions, { number }: IncidentRow): Promise<void> {
  const name = `#${number}`
  const question = questionOf(l10n.t('Acknowledge incident {0}?', name), l10n.t('Acknowledge'), name)
  await actions.run({ name: 'incidents.acknowledge', params: { number }, question })
}
