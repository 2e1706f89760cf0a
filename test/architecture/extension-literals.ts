import { parseSync, Visitor } from 'oxc-parser'

/** What an extension's code says about itself in literals. */
export interface ExtensionLiterals {
  /** Ids with a handler: keys of handler tables, and what is given to registerCommand. */
  readonly handlers: ReadonlySet<string>
  /** Ids of views that are created. */
  readonly views: ReadonlySet<string>
  /** Every other `quantumAdmin...` literal. */
  readonly mentions: ReadonlySet<string>
  /** Names of settings that are read, without the section. */
  readonly settings: ReadonlySet<string>
  /** Texts given to l10n.t. */
  readonly texts: ReadonlySet<string>
}

const ours = (value: unknown): value is string =>
  typeof value === 'string' && value.startsWith('quantumAdmin.')

/** Reads all of an extension's files, by path. @throws Error when one does not parse. */
export function literalsIn(sources: ReadonlyMap<string, string>): ExtensionLiterals {
  const handlers = new Set<string>()
  const views = new Set<string>()
  const mentions = new Set<string>()
  const settings = new Set<string>()
  const texts = new Set<string>()
  for (const [file, source] of sources) {
    const { program, errors } = parseSync(file, source)
    if (errors.length > 0) throw new Error(`${file} does not parse`)
    const claimed = new Set<object>()
    const claim = (node: { readonly type: string; readonly value?: unknown }, into: Set<string>) => {
      if (node.type !== 'Literal' || typeof node.value !== 'string') return
      claimed.add(node)
      into.add(node.value)
    }
    new Visitor({
      Property: ({ key }) => {
        if (key.type === 'Literal' && ours(key.value)) claim(key, handlers)
      },
      CallExpression: ({ callee, arguments: given }) => {
        const [first] = given
        const called = source.slice(callee.start, callee.end)
        if (first === undefined) return
        if (/(^|\.)registerCommand$/.test(called)) claim(first, handlers)
        else if (/(^|\.)(createTreeView|register\w*ViewProvider|registerTreeDataProvider)$/.test(called))
          claim(first, views)
        else if (called === 'text' && file.endsWith('settings.ts')) claim(first, settings)
        else if (/(^|\.)l10n\.t$/.test(called)) claim(first, texts)
      },
    }).visit(program)
    new Visitor({
      Literal: (node) => {
        if (ours(node.value) && !claimed.has(node)) mentions.add(node.value)
      },
    }).visit(program)
  }
  return { handlers, views, mentions, settings, texts }
}
