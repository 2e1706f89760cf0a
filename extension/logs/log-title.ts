import { l10n } from 'vscode'
import { label } from '../display.ts'

/** What the log of an app is called; null is all apps. */
export const logsTitle = (app: string | null): string =>
  app === null ? l10n.t('Logs of All Apps') : l10n.t('Logs of {0}', label(app))
