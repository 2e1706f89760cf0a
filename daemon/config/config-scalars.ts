import type { Scalar } from 'yaml'
import { substitute, type Environment, type VariableProblem } from './config-variables.ts'
import { pathText, type Finding, type KeyPath } from './findings.ts'

/** What each scalar of a file becomes, which depends on where it is used. */
export class ScalarReader {
  readonly findings: Finding[] = []
  /** Offsets of the scalars whose value could not be made. */
  readonly failed = new Set<number>()
  readonly #text: string
  readonly #environment: Environment

  /** @param text - of the whole file. */
  constructor(text: string, environment: Environment) {
    this.#text = text
    this.#environment = environment
  }

  /** Its value, with variables put in where we use it. */
  read(node: Scalar, path: KeyPath): unknown {
    const value = isVariable(path) ? asWritten(node) : node.value
    if (typeof value !== 'string' || !usesVariables(path) || value.startsWith('secret:')) return value
    const { text, problems } = substitute(value, this.#environment, isCommand(path))
    for (const problem of problems) {
      if (problem.severity === 'error') this.failed.add(node.range?.[0] ?? 0)
      this.findings.push(this.#finding(problem, node, path))
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
