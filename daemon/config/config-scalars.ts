import { isMap, isScalar, type Node, type Scalar } from 'yaml'
import { substitute, type Environment, type VariableProblem } from './config-variables.ts'
import { pathText, type Finding, type KeyPath } from './findings.ts'

/** What each scalar of a file becomes, which depends on where it is used. */
export class ScalarReader {
  readonly findings: Finding[] = []
  /** Offsets of the scalars whose value could not be made. */
  readonly failed = new Set<number>()
  /** By the offset of a scalar, the first of its references that is none. */
  readonly doubtful = new Map<number, Finding>()
  /** Names of variables of `admin.run.env` that take their value, or part of it, from elsewhere. */
  readonly secret = new Set<string>()
  readonly #text: string
  readonly #environment: Environment
  readonly #ofCommand: Environment

  /** @param text - of the whole file. @param own - names that its commands find set, whatever they hold. */
  constructor(text: string, environment: Environment, own: readonly string[]) {
    this.#text = text
    this.#environment = environment
    // What they hold is the shell's to put in; that they are set is all that is asked.
    this.#ofCommand = { ...environment, ...Object.fromEntries(own.map((name) => [name, ''])) }
  }

  /** Its value, with variables put in where we use it. */
  read(node: Scalar, path: KeyPath): unknown {
    const value = isVariable(path) ? asWritten(node) : node.value
    if (typeof value !== 'string' || !usesVariables(path)) return value
    if (isVariable(path) && takesFromElsewhere.test(value)) this.secret.add(String(path.at(-1)))
    if (value.startsWith('secret:')) return value
    const command = isCommand(path)
    const { text, problems } = substitute(value, command ? this.#ofCommand : this.#environment, command)
    for (const problem of problems) {
      const finding = this.#finding(problem, node, path)
      const start = node.range?.[0] ?? 0
      if (problem.severity === 'error') this.failed.add(start)
      else if (!this.doubtful.has(start)) this.doubtful.set(start, finding)
      this.findings.push(finding)
    }
    return text
  }

  /** At the reference itself, unless the value is written with escapes that hide it. */
  #finding(problem: VariableProblem, { range }: Scalar, path: KeyPath): Finding {
    const { severity, reference, code, meant } = problem
    const [start, end] = range ?? [0, 0]
    const message = `${pathText(path)}: ${problem.message}`
    const inside = this.#text.slice(start, end).indexOf(reference)
    if (inside < 0) return { severity, message, offset: start, end, code }
    const place = { start: start + inside, end: start + inside + reference.length }
    const found = { severity, message, offset: place.start, end: place.end, code }
    return meant === null ? found : { ...found, fix: { title: `Change to ${meant}`, text: meant, ...place } }
  }
}

const takesFromElsewhere = /^secret:|\$\{/

/** The names that `admin.run.env` sets. */
export function ownVariables(root: Node): readonly string[] {
  let node: unknown = root
  for (const key of ['admin', 'run', 'env']) node = isMap(node) ? node.get(key, true) : undefined
  if (!isMap(node)) return []
  return node.items.flatMap(({ key }) => (isScalar(key) && typeof key.value === 'string' ? [key.value] : []))
}

const usesVariables = ([section]: KeyPath): boolean => section === 'admin' || section === 'server'

/** `admin.run.env.NAME` */
const isVariable = ([section, group, key, ...rest]: KeyPath): boolean =>
  section === 'admin' && group === 'run' && key === 'env' && rest.length === 1

/** `admin.run.command`, `admin.tests.command` and `admin.jobs.NAME.command` */
const isCommand = ([section, group, ...rest]: KeyPath): boolean =>
  section === 'admin' &&
  rest.at(-1) === 'command' &&
  (group === 'jobs' ? rest.length === 2 : rest.length === 1 && (group === 'run' || group === 'tests'))

/** `PORT: 3000` and `VERSION: 1.10` mean these characters to whoever reads them from an environment. */
const asWritten = ({ value, source }: Scalar): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? (source ?? String(value)) : value
