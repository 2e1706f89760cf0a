import {
  CodeLens,
  EventEmitter,
  l10n,
  Range,
  Uri,
  type CodeLensProvider,
  type Command,
  type TextDocument,
} from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { canRestart, canStart, canStop, hostOf } from '../apps.ts'
import { label } from '../display.ts'
import type { Model } from '../model.ts'
import { appStateWord } from '../views/app-item.ts'
import type { AppFolders } from './app-folders.ts'

/** What can be done with the app of a configuration, above the line that says how it is run. */
export class AppLenses implements CodeLensProvider, Owned {
  readonly #folders: AppFolders
  readonly #lifetime = new Lifetime()
  readonly #changed = this.#lifetime.own(new EventEmitter<void>())
  readonly onDidChangeCodeLenses = this.#changed.event

  constructor(model: Model, folders: AppFolders) {
    this.#folders = folders
    this.#lifetime.own(model.onChanged((topic) => void (topic === 'apps' && this.#changed.fire())))
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    if (this.#folders.rows === undefined) return []
    const row = await this.#folders.appOf(document.uri)
    const range = lensRange(document)
    return lensCommands(row, document).map((command) => new CodeLens(range, command))
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }
}

/** Further down nobody looks for it. */
const mostLines = 2000

/** `run:` in `admin:`, else `admin:`, else the first line. */
function lensRange(document: TextDocument): Range {
  let line = 0
  let inside = false
  for (let at = 0; at < Math.min(document.lineCount, mostLines); at++) {
    const { text } = document.lineAt(at)
    if (/^admin\s*:/.test(text)) {
      inside = true
      line = at
    } else if (inside && /^ {1,8}run\s*:/.test(text)) {
      line = at
      break
    } else if (inside && /^[^\s#]/.test(text)) break
  }
  return new Range(line, 0, line, 0)
}

function lensCommands(row: AppRow | undefined, document: TextDocument): readonly Command[] {
  if (row === undefined) return [addCommand(document)]
  const app = [{ app: row.name }]
  const host = hostOf(row.url)
  const shown = label(row.name)
  const of = (icon: string, title: string, command: string): Command => ({
    title: `$(${icon}) ${title}`,
    tooltip: `${shown}: ${appStateWord(row.state)}`,
    command,
    arguments: app,
  })
  return [
    ...(canStart(row) ? [of('play', l10n.t('Run'), 'quantumAdmin.startApp')] : []),
    ...(canStop(row) ? [of('debug-stop', l10n.t('Stop'), 'quantumAdmin.stopApp')] : []),
    ...(canRestart(row) ? [of('debug-restart', l10n.t('Restart'), 'quantumAdmin.restartApp')] : []),
    ...(host === null ? [] : [of('link-external', l10n.t('Open in Browser'), 'quantumAdmin.openApp')]),
    of('list-flat', l10n.t('Logs'), 'quantumAdmin.showLogs'),
    of('output', l10n.t('Show Output'), 'quantumAdmin.showAppOutput'),
    {
      title: host === null ? appStateWord(row.state) : l10n.t('{0} at {1}', appStateWord(row.state), host),
      command: '',
    },
  ]
}

const addCommand = ({ uri }: TextDocument): Command => ({
  title: `$(add) ${l10n.t('Add This App')}`,
  command: 'quantumAdmin.addApps',
  arguments: [Uri.joinPath(uri, '..')],
})
