import {
  CodeActionKind,
  DiagnosticSeverity,
  MarkupKind,
  SymbolKind,
  type CodeAction,
  type CompletionList,
  type Diagnostic,
  type DocumentSymbol,
  type Hover,
  type Range,
} from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import type { Finding } from '../config/findings.ts'
import { complete, completionItem, type CompletionAround } from './completion.ts'
import type { Problem } from './diagnostics.ts'
import { hoverAt } from './hover.ts'
import type { Outline } from './outline.ts'
import type { KeySymbol } from './symbols.ts'
import { rangeOf } from './texts.ts'

// What we know of a text, in the shapes of the Language Server Protocol.

const severities: Readonly<Record<Finding['severity'], DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
}

export const diagnosticOf = (document: TextDocument, problem: Problem): Diagnostic => ({
  severity: severities[problem.severity],
  source: 'Quantum Admin',
  code: problem.code,
  message: problem.message,
  range: rangeOf(document, problem),
})

export function completionOf(
  document: TextDocument,
  outline: Outline,
  offset: number,
  around: CompletionAround,
): CompletionList {
  const { proposals, ...span } = complete(outline, offset, around)
  const range = rangeOf(document, span)
  return { isIncomplete: false, items: proposals.map((one) => completionItem(one, range)) }
}

export function hoverOf(document: TextDocument, outline: Outline, offset: number): Hover | null {
  const found = hoverAt(outline, offset)
  if (found === null) return null
  return {
    contents: { kind: MarkupKind.Markdown, value: found.markdown },
    range: rangeOf(document, found),
  }
}

const symbolKinds = { section: SymbolKind.Module, value: SymbolKind.Property } as const

export const symbolOf =
  (document: TextDocument) =>
  ({ name, detail, kind, range, selection, children }: KeySymbol): DocumentSymbol => ({
    name,
    detail,
    kind: symbolKinds[kind],
    range: rangeOf(document, range),
    selectionRange: rangeOf(document, selection),
    children: children.map(symbolOf(document)),
  })

/** What mends the problems in a part of a document. */
export function actionsFor(
  document: TextDocument,
  problems: readonly Problem[],
  range: Range,
): readonly CodeAction[] {
  const [from, to] = [document.offsetAt(range.start), document.offsetAt(range.end)]
  return problems
    .filter(({ start, end }) => start <= to && from <= end)
    .flatMap((problem) => {
      const { fix } = problem
      if (fix === null) return []
      const edit = { range: rangeOf(document, fix), newText: fix.text }
      return {
        title: fix.title,
        kind: CodeActionKind.QuickFix,
        isPreferred: true,
        diagnostics: [diagnosticOf(document, problem)],
        edit: { changes: { [document.uri]: [edit] } },
      }
    })
}
