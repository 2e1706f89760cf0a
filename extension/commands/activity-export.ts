import { l10n, Uri, window, workspace } from 'vscode'
import { homedir } from 'node:os'
import * as path from 'node:path'
import { Failure } from '#base/failure.ts'
import type { AuditFilter } from '#contract/audit.ts'
import type { Actions } from '../actions.ts'
import { bytes } from '../display.ts'
import { exportTo } from '../file-export.ts'
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

async function write(
  actions: Actions,
  filter: AuditFilter,
  target: Uri,
  signal: AbortSignal,
  progress: (bytesWritten: number) => void,
): Promise<number> {
  let length = 0
  const format = target.path.toLowerCase().endsWith('.csv') ? 'csv' : 'jsonl'
  const { records } = await exportTo(target, (piece) =>
    actions.run({
      name: 'audit.export',
      params: { format, filter },
      question: {
        message: l10n.t('Export the audit trail?'),
        detail: '',
        yes: l10n.t('Export'),
        name: 'export',
      },
      signal,
      onPiece: (streamed) => {
        const text = Buffer.from(textOf(streamed))
        progress((length += text.length))
        return piece(text)
      },
    }),
  )
  return records
}

const textOf = (piece: unknown): string =>
  typeof piece === 'object' && piece !== null && 'text' in piece ? String(piece.text) : ''
