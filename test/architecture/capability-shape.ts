import { parseSync, Visitor } from 'oxc-parser'

/** A capability's files by name, and its contract file where there is one. */
export interface CapabilityFiles {
  readonly name: string
  readonly contract: boolean
  readonly files: ReadonlyMap<string, string>
}

/** Stores that write the audit trail itself, and so cannot ask for the proof that it was written. */
const beforeTheDoor = new Set(['audit'])
/** Stores of what was measured or seen: nobody changed anything by it, so there is no change to prove. */
const measured = new Set(['history', 'metrics'])

/** What is missing from, or wrong in, the shape that every capability has. */
export function shapeProblems({ name, contract, files }: CapabilityFiles): readonly string[] {
  const wanted = [`${name}-service.ts`, `${name}-handlers.ts`, `${name}.test.ts`]
  const handlers = files.get(`${name}-handlers.ts`)
  const stores =
    beforeTheDoor.has(name) || measured.has(name)
      ? []
      : [...files].filter(([file]) => file.endsWith('-store.ts'))
  return [
    ...(contract ? [] : [`${name}: there is no contract/${name}.ts`]),
    ...wanted.filter((file) => !files.has(file)).map((file) => `${name}: there is no ${file}`),
    ...(handlers === undefined ? [] : logicIn(handlers)).map(
      (kind) => `${name}-handlers.ts holds logic: ${kind}`,
    ),
    ...stores.flatMap(([file, text]) =>
      writesWithoutChange(file, text).map(
        (method) => `${file}: ${method} writes without asking for a Change`,
      ),
    ),
  ]
}

/** Statements that decide something; a handler hands on, in one expression. */
function logicIn(text: string): readonly string[] {
  const found: string[] = []
  const note = ({ type }: { readonly type: string }) => found.push(type)
  new Visitor({
    IfStatement: note,
    SwitchStatement: note,
    ForStatement: note,
    ForOfStatement: note,
    ForInStatement: note,
    WhileStatement: note,
    TryStatement: note,
    ThrowStatement: note,
  }).visit(parseSync('handlers.ts', text).program)
  return found
}

const writing = /\b(insertInto|updateTable|deleteFrom|replaceInto|mergeInto)\(|#append\(/

/** Public methods that write rows, and whose parameters hold no Change, neither plainly nor inside an interface. */
function writesWithoutChange(file: string, text: string): readonly string[] {
  const { program } = parseSync(file, text)
  const carriers = ['Change']
  const found: string[] = []
  new Visitor({
    TSInterfaceDeclaration: (node) => {
      if (/:\s*Change\b/.test(text.slice(node.start, node.end))) carriers.push(node.id.name)
    },
  }).visit(program)
  new Visitor({
    MethodDefinition: ({ key, value, kind }) => {
      if (kind !== 'method' || key.type !== 'Identifier' || value.body === null) return
      const parameters = text.slice(value.start, value.body.start)
      const asks = carriers.some((carrier) => new RegExp(`\\b${carrier}\\b`).test(parameters))
      if (!asks && writing.test(text.slice(value.body.start, value.body.end))) found.push(key.name)
    },
  }).visit(program)
  return found
}
