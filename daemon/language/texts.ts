import type { Range } from 'vscode-languageserver/node'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import type { Outline, Span } from './outline.ts'
import { readOutline } from './outline-reader.ts'

/** The outlines of open documents, each read once for a version. */
export class Outlines {
  readonly #known = new WeakMap<TextDocument, { readonly version: number; readonly outline: Outline }>()

  of(document: TextDocument): Outline {
    const known = this.#known.get(document)
    if (known?.version === document.version) return known.outline
    const outline = readOutline(document.getText())
    this.#known.set(document, { version: document.version, outline })
    return outline
  }
}

/** A part of a document, counted in lines. */
export const rangeOf = (document: TextDocument, { start, end }: Span): Range => ({
  start: document.positionAt(start),
  end: document.positionAt(end),
})
