import { l10n } from 'vscode'
import { label } from '../display.ts'

/** What the log of an app is called; null is all apps. */
export const logsTitle = (app: string | null): string =>
  app === null ? l10n.t('Logs of All Apps') : l10n.t('Logs of {0}', label(app))

/** Whose log a page of this title shows: null for all apps, undefined when no page of ours is called so. */
export function appOfTitle(title: string): string | null | undefined {
  if (title === logsTitle(null)) return null
  const place = '\uE000'
  const [before = '', after = ''] = l10n.t('Logs of {0}', place).split(place)
  const app = title.slice(before.length, title.length - after.length)
  return app !== '' && logsTitle(app) === title ? app : undefined
}
