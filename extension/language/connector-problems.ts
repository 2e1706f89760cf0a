import * as path from 'node:path'
import { Diagnostic, DiagnosticSeverity, Range, type TextDocument } from 'vscode'
import type { AppRow } from '#contract/apps.ts'
import { fullText } from '../display.ts'
import type { Model } from '../model.ts'
import { failedIn, type PlacedFailure } from './saved-problems.ts'

/** Of more, the tree tells. */
const most = 20

/**
 * What the last tests of an app's datasources have found wrong, where each is configured. Nothing is tested for it, and
 * nothing is said of a text that differs from the file: the places are the file's.
 */
export function connectorProblems(
  model: Model,
  document: TextDocument,
  app: AppRow | null,
): readonly Diagnostic[] {
  if (app === null || document.isDirty) return []
  const rows = model.snapshot('connectors')?.rows ?? []
  return failedIn(rows, app, path.basename(document.uri.fsPath))
    .filter(({ line }) => line <= document.lineCount)
    .slice(0, most)
    .map((row) => problemOf(document, row))
}

function problemOf(document: TextDocument, { name, line, reason, advice }: PlacedFailure): Diagnostic {
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
