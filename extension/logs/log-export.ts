import { l10n, Uri, window, workspace } from 'vscode'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import * as path from 'node:path'
import type { LogFilter } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import { logHeading, logRecord } from '#base/log-records.ts'
import type { Ask } from '../document-texts.ts'
import { exportTo, type WritePiece } from '../file-export.ts'
import { withProgress } from '../progress.ts'
import type { ExportFormat } from '../../webviews/logs/messages.ts'
import { pagesOf } from './log-search.ts'

const kinds: Readonly<Record<ExportFormat, () => string>> = {
  txt: () => l10n.t('Text'),
  jsonl: () => 'JSON Lines',
  csv: () => 'CSV',
}

/** Asks for a file and writes all lines into it that a filter finds. @param name - of the app, for the file's name. */
export async function exportLogs(
  ask: (signal: AbortSignal) => Ask,
  name: string,
  filter: LogFilter,
  format: ExportFormat,
): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(homedir())
  const target = await window.showSaveDialog({
    title: l10n.t('Export Logs'),
    defaultUri: Uri.joinPath(folder, `${name.replaceAll(/[^\w.-]+/g, '-')}-logs.${format}`),
    filters: { [kinds[format]()]: [format] },
  })
  if (target === undefined) throw new Failure('cancelled', 'No file was picked')
  const lines = await withProgress(l10n.t('Exporting logs'), (report, signal) =>
    exportTo(target, (piece) =>
      writeAll({
        ask: untilStopped(ask(signal), signal),
        filter,
        format,
        piece,
        signal,
        progress: (found) => report(l10n.t('{0} lines found', found)),
      }),
    ),
  )
  void offerFile(target, lines)
}

async function offerFile(target: Uri, lines: number): Promise<void> {
  const show = l10n.t('Open File')
  const message = l10n.t('{0} lines were exported to {1}.', lines, path.basename(target.path))
  if ((await window.showInformationMessage(message, show)) === show) await window.showTextDocument(target)
}

/** Whoever cancels waits for nobody, not even for a daemon that does not answer. */
function untilStopped(ask: Ask, signal: AbortSignal): Ask {
  const stopped = new Promise<never>((_, reject) => {
    const stop = () => reject(new Failure('cancelled', 'The export was cancelled'))
    signal.addEventListener('abort', stop, { once: true })
  })
  // Nobody may be asking when it is cancelled.
  stopped.catch(() => {})
  return (name, params) => Promise.race([ask(name, params), stopped])
}

interface Writing {
  readonly ask: Ask
  readonly filter: LogFilter
  readonly format: ExportFormat
  readonly piece: WritePiece
  readonly signal: AbortSignal
  readonly progress: (found: number) => void
}

/**
 * Pages come the newest first and are to stand the other way round, so they are kept in a file beside until the oldest is
 * there. @returns how many lines were written.
 */
async function writeAll({ ask, filter, format, piece, signal, progress }: Writing): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quantum-admin-'))
  const spool = await open(path.join(folder, 'pages'), 'wx+', 0o600)
  try {
    const pages: { readonly at: number; readonly length: number }[] = []
    let at = 0
    let found = 0
    for await (const { lines } of pagesOf(ask, filter)) {
      if (signal.aborted) throw new Failure('cancelled', 'The export was cancelled')
      const text = Buffer.from(lines.map(logRecord[format]).join(''))
      await spool.write(text, 0, text.length, at)
      pages.push({ at, length: text.length })
      at += text.length
      progress((found += lines.length))
    }
    await piece(Buffer.from(logHeading(format)))
    for (const page of pages.reverse()) {
      const { buffer } = await spool.read(Buffer.alloc(page.length), 0, page.length, page.at)
      await piece(buffer)
    }
    return found
  } finally {
    await spool.close()
    await rm(folder, { recursive: true, force: true })
  }
}
