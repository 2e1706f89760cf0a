import { Diagnostic, DiagnosticSeverity, Range, type TextDocument } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import { fullText } from '../display.ts'
import type { Model } from '../model.ts'

/** Of more, the tree tells. */
const most = 20

/**
 * What the last tests of an app's datasources have found wrong, where each is configured. Nothing is tested for it, and
 * nothing is said of a text that differs from the file: the places are the file's.
 */
export async function connectorProblems(
  model: Model,
  document: TextDocument,
  app: AppRow | null,
): Promise<readonly Diagnostic[]> {
  if (app === null || document.isDirty) return []
  const wrong = (model.snapshot('connectors')?.rows ?? []).filter(
    (row) => row.app === app.name && (row.status === 'disconnected' || row.status === 'error'),
  )
  const found = await Promise.all(wrong.slice(0, most).map((row) => problemOf(model, document, row)))
  return found.filter((one) => one !== null)
}

async function problemOf(
  model: Model,
  document: TextDocument,
  { name, app, reason, advice }: ConnectorRow,
): Promise<Diagnostic | null> {
  const { line } = await model.query('connectors.show', { name, app })
  if (line === null || line > document.lineCount) return null
  const { range, firstNonWhitespaceCharacterIndex: start } = document.lineAt(line - 1)
  const message = [name, [reason, advice].filter((part) => part !== null).join('. ')].join(': ')
  const diagnostic = new Diagnostic(
    new Range(range.start.translate(0, start), range.end),
    fullText(message),
    DiagnosticSeverity.Warning,
  )
  diagnostic.source = 'Quantum Admin'
  diagnostic.code = 'datasource'
  return diagnostic
}
