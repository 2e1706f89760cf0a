import { l10n, Uri, window, workspace } from 'vscode'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { homedir, tmpdir } from 'node:os'
import * as path from 'node:path'
import { Failure, messageOf } from '#base/failure.ts'
import type { AuditFilter } from '#contract/audit.ts'
import type { Actions } from '../actions.ts'
import { bytes } from '../display.ts'
import { withProgress } from '../progress.ts'

/** Writes the trail, or what the filter finds of it, to a file the person picks. */
export async function exportActivity(actions: Actions, filter: AuditFilter): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(homedir())
  const target = await window.showSaveDialog({
    title: l10n.t('Export the Audit Trail'),
    defaultUri: Uri.joinPath(folder, 'audit-trail.jsonl'),
    filters: { 'JSON Lines': ['jsonl'], CSV: ['csv'] },
  })
  if (target === undefined) throw new Failure('cancelled', 'No file was picked')
  const records = await withProgress(l10n.t('Exporting the audit trail'), (report, signal) =>
    write(actions, filter, target, signal, (written) => report(l10n.t('{0} written', bytes(written)))),
  )
  void offerFile(target, records)
}

async function offerFile(target: Uri, records: number): Promise<void> {
  const open = l10n.t('Open File')
  const message = l10n.t('{0} records were exported to {1}.', records, path.basename(target.path))
  if ((await window.showInformationMessage(message, open)) === open) await window.showTextDocument(target)
}

/** Writes beside the target and renames, so that a cancelled export leaves nothing behind. */
async function write(
  actions: Actions,
  filter: AuditFilter,
  target: Uri,
  signal: AbortSignal,
  progress: (bytesWritten: number) => void,
): Promise<number> {
  const local = target.scheme === 'file'
  const folder = local ? path.dirname(target.fsPath) : await mkdtemp(path.join(tmpdir(), 'quantum-admin-'))
  const part = path.join(folder, `.${path.basename(target.path)}.${process.pid}.part`)
  const file = createWriteStream(part, { mode: 0o600, flags: 'wx' })
  const written = settled(file)
  try {
    let length = 0
    const format = target.path.toLowerCase().endsWith('.csv') ? 'csv' : 'jsonl'
    const { records } = await actions.run({
      name: 'audit.export',
      params: { format, filter },
      question: {
        message: l10n.t('Export the audit trail?'),
        detail: '',
        yes: l10n.t('Export'),
        name: 'export',
      },
      signal,
      onPiece: (piece) => {
        const text = Buffer.from(textOf(piece))
        progress((length += text.length))
        return file.write(text) ? undefined : Promise.race([once(file, 'drain'), written])
      },
    })
    file.end()
    await written
    if (local) await rename(part, target.fsPath)
    else await workspace.fs.copy(Uri.file(part), target, { overwrite: true })
    return records
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('store-unavailable', `The export cannot be written: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    file.destroy()
    await rm(local ? part : folder, { force: true, recursive: !local })
  }
}

/** Listens from the start, because an error nobody listens to would end the extension host. */
async function settled(file: WriteStream): Promise<void> {
  const finished = once(file, 'close').then(() => {
    if (file.errored !== null) throw file.errored
  })
  file.on('error', () => file.destroy())
  finished.catch(() => {})
  await finished
}

const textOf = (piece: unknown): string =>
  typeof piece === 'object' && piece !== null && 'text' in piece ? String(piece.text) : ''
