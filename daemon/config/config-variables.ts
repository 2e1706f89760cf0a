/** What a value becomes, and what is wrong with the references in it. */
export interface Substituted {
  readonly text: string
  readonly problems: readonly VariableProblem[]
}

export interface VariableProblem {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly code: 'value' | 'unset-variable' | 'single-colon'
  /** What was certainly meant by the reference; null where that is not known. */
  readonly meant: string | null
  /** As it stands in the value, so that it can be found in the file. */
  readonly reference: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Of one kind in one value, which can hold a hundred thousand of them. */
const mostProblems = 20

/** `$$`, or `${` with all that belongs to it. Linear: what it may repeat cannot match what ends it. */
const references = /\$\$|\$\{[^}]*\}?/g
const parts = /^\$\{([A-Za-z_]\w*)(?:(:-?)(.*))?\}$/s
/** `${NAME:?text}`, `${NAME:+text}`, `${NAME:=text}` and `${NAME:1:2}` are the shell's own. */
const ofShell = /^[?+=\d\s]/

/**
 * Puts variables into a value: `${NAME}`, `${NAME:-default}` where NAME is not set or empty, and `$$` for `$`.
 * @param command - the value goes to a shell, which puts them in itself: it is given PORT, it knows more forms than we
 * do, and what a variable holds can neither become part of the command nor be seen in it.
 */
export function substitute(value: string, environment: Environment, command: boolean): Substituted {
  const problems: VariableProblem[] = []
  const text = value.replaceAll(references, (reference) => {
    if (reference === '$$') return '$'
    const found = resolve(reference, environment, command)
    if (typeof found === 'string') return found
    const alike = problems.filter(({ severity }) => severity === found.severity)
    if (alike.length < mostProblems) problems.push({ ...found, reference })
    return reference
  })
  return { text, problems }
}

type Problem = Omit<VariableProblem, 'reference'>

function resolve(reference: string, environment: Environment, command: boolean): string | Problem {
  const [, name, operator, rest = ''] = parts.exec(reference) ?? []
  if (name === undefined || rest.includes('${')) return command ? reference : malformed
  if (command && name === 'PORT') return reference
  if (operator === ':') return command && ofShell.test(rest) ? reference : singleColon(name, rest)
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  if (command && (value !== undefined || operator === ':-')) return reference
  if (operator === ':-') return value === undefined || value === '' ? rest : value
  return value ?? missing(name, command)
}

const malformed: Problem = {
  severity: 'warning',
  code: 'value',
  meant: null,
  message: 'this is no variable and stays as it is: expected ${NAME} or ${NAME:-default}; write $$ for a $',
}

const singleColon = (name: string, rest: string): Problem => ({
  severity: 'warning',
  code: 'single-colon',
  meant: `\${${name}:-${rest}}`,
  message: `a single colon makes no default, so this stays as it is; expected \${${cut(name)}:-default}`,
})

function missing(name: string, command: boolean): Problem {
  const shell = command ? `, or leave it to the shell: $${cut(name)}` : ''
  return {
    severity: 'error',
    code: 'unset-variable',
    meant: null,
    message: `the variable ${cut(name)} is not set; set it, or give it a default: \${${cut(name)}:-default}${shell}`,
  }
}

const cut = (name: string): string => (name.length > 60 ? `${name.slice(0, 59)}…` : name)
