import { parseSync, Visitor } from 'oxc-parser'

/** One place where a file reaches for something. */
export interface Import {
  readonly specifier: string
  /** Nothing is left of it after compilation. */
  readonly typeOnly: boolean
  /** The values that are taken, by their names there; empty for a whole module. */
  readonly names: readonly string[]
}

/**
 * Every import of a source text: static, dynamic, re-exported, `import('x').T` in a type, and `require`.
 * @throws Error when the text does not parse, or imports what cannot be known before it runs.
 */
export function importsOf(file: string, text: string): readonly Import[] {
  const { module, program, errors } = parseSync(file, text)
  if (errors.length > 0)
    throw new Error(`${file} does not parse: ${errors.map(({ message }) => message).join('; ')}`)
  const statics = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
    names: entries.flatMap(({ importName, isType }) => (isType ? [] : (importName.name ?? []))),
  }))
  const reexports = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType, importName }) =>
      moduleRequest === null || moduleRequest === undefined
        ? []
        : [{ specifier: moduleRequest.value, typeOnly: isType, names: [importName.name ?? []].flat() }],
    ),
  )
  return [...statics, ...reexports, ...expressionImports(file, program)]
}

/** Imports that stand inside expressions and types. */
function expressionImports(file: string, program: Parameters<Visitor['visit']>[0]): readonly Import[] {
  const found: Import[] = []
  const add = (source: { readonly type: string; readonly value?: unknown }, typeOnly: boolean) => {
    if (typeof source.value !== 'string')
      throw new Error(`${file} imports something that only running it shows`)
    found.push({ specifier: source.value, typeOnly, names: [] })
  }
  new Visitor({
    ImportExpression: (node) => add(node.source, false),
    TSImportType: (node) => add(node.source, true),
    CallExpression: (node) => {
      const [argument] = node.arguments
      if (node.callee.type === 'Identifier' && node.callee.name === 'require' && argument !== undefined)
        add(argument, false)
    },
  }).visit(program)
  return found
}
