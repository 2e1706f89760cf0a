import { l10n, window, type QuickPickItem } from 'vscode'
import type { AuditFilter, AuditOutcome } from '#contract/audit.ts'
import { Failure } from '#base/failure.ts'
import { withoutIcons } from '../display.ts'
import { outcomeWord } from '../views/activity-item.ts'
import type { ActivityView } from '../views/activity-view.ts'

const outcomes: readonly AuditOutcome[] = ['ok', 'failed', 'refused', 'interrupted', 'pending']

interface Choice<T> extends QuickPickItem {
  readonly value: T
}

type Member = 'actor' | 'action' | 'resource' | 'outcome' | 'since' | 'text'

/** Asks what to filter by and for what, and adds it to the filter there is. @throws Failure `cancelled`. */
export async function askFilter(view: ActivityView): Promise<AuditFilter> {
  const member = await pick<Member>(l10n.t('Filter the Activity By'), [
    { value: 'outcome', label: l10n.t('Outcome') },
    { value: 'action', label: l10n.t('Action') },
    { value: 'actor', label: l10n.t('Actor') },
    { value: 'resource', label: l10n.t('Resource') },
    { value: 'since', label: l10n.t('Time') },
    { value: 'text', label: l10n.t('Text') },
  ])
  const { entries, filter } = view
  switch (member) {
    case 'outcome':
      return { ...filter, outcome: await pick(l10n.t('Outcome'), outcomes.map(outcomeChoice)) }
    case 'action':
      return {
        ...filter,
        action: await known(
          l10n.t('Action'),
          entries.map((entry) => entry.action),
        ),
      }
    case 'actor':
      return {
        ...filter,
        actor: await known(
          l10n.t('Actor'),
          entries.map((entry) => entry.actor.name),
        ),
      }
    case 'resource':
      return {
        ...filter,
        resource: await known(
          l10n.t('Resource'),
          entries.flatMap(({ resource }) => [resource.type, `${resource.type}:${resource.name}`]),
        ),
      }
    case 'since':
      return { ...filter, since: await askSince() }
    case 'text':
      return { ...filter, text: await ask(l10n.t('Text'), l10n.t('Found anywhere in an entry')) }
  }
}

const outcomeChoice = (value: AuditOutcome): Choice<AuditOutcome> => ({ value, label: outcomeWord(value) })

async function pick<T>(title: string, choices: readonly Choice<T>[]): Promise<T> {
  const choice = await window.showQuickPick(choices, { title })
  if (choice === undefined) throw declined()
  return choice.value
}

/** Offers the values that are loaded, and any other one to be typed. */
async function known(title: string, values: readonly string[]): Promise<string> {
  const other = Symbol('other')
  const value = await pick<string | typeof other>(title, [
    ...[...new Set(values)].slice(0, 200).map((one) => ({ value: one, label: withoutIcons(one) })),
    { value: other, label: l10n.t('Another…') },
  ])
  return value === other ? ask(title, l10n.t('As it is written on the trail')) : value
}

async function ask(title: string, prompt: string): Promise<string> {
  const text = await window.showInputBox({
    title,
    prompt,
    validateInput: (value) => (value.length > 200 ? l10n.t('At most 200 characters.') : undefined),
  })
  if (text === undefined || text === '') throw declined()
  return text
}

async function askSince(): Promise<string> {
  const minute = 60_000
  const span = await pick(l10n.t('Time'), [
    { value: 15 * minute, label: l10n.t('The last 15 minutes') },
    { value: 60 * minute, label: l10n.t('The last hour') },
    { value: 24 * 60 * minute, label: l10n.t('The last day') },
    { value: 7 * 24 * 60 * minute, label: l10n.t('The last week') },
    { value: 30 * 24 * 60 * minute, label: l10n.t('The last 30 days') },
  ])
  return new Date(Date.now() - span).toISOString()
}

const declined = (): Failure => new Failure('cancelled', 'The filter was left as it was')
