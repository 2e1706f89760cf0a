import type { Environment } from '../config/config-variables.ts'
import type { Finding, Fix } from '../config/findings.ts'
import { examine, type AppConfig } from '../config/read-config.ts'
import type { Span } from './outline.ts'

/** Something wrong with a text, with its exact place. */
export interface Problem extends Span {
  readonly severity: Finding['severity']
  readonly message: string
  readonly code: NonNullable<Finding['code']> | 'missing-folder' | 'unknown-app'
  readonly fix: Fix | null
}

/** More than a person reads. */
const mostProblems = 200

/** What the reader of configurations makes of a text. */
export interface Reading {
  /** Errors first, when it is too much. */
  readonly problems: readonly Problem[]
  /** Null when one of these is an error. */
  readonly config: AppConfig | null
}

export function readingOf(text: string, environment: Environment): Reading {
  // It counts from behind a mark of the byte order.
  const shift = text.startsWith('\ufeff') ? 1 : 0
  const { config, findings } = examine(text, environment)
  const problems = findings.map((finding) => problemOf(finding, text, shift))
  const rank = ({ severity }: Problem): number => (severity === 'error' ? 0 : 1)
  const inOrder = problems.toSorted((a, b) => rank(a) - rank(b) || a.start - b.start)
  return { config, problems: inOrder.slice(0, mostProblems) }
}

function problemOf(finding: Finding, text: string, shift: number): Problem {
  const { severity, message, code = 'value', fix } = finding
  const start = Math.min((finding.offset ?? 0) + shift, text.length)
  const end = finding.end === undefined ? start : Math.min(finding.end + shift, text.length)
  return {
    severity,
    message,
    code,
    ...onOneLine(text, start, end),
    fix: fix === undefined ? null : { ...fix, start: fix.start + shift, end: fix.end + shift },
  }
}

/** A word at least, and no more than one line: nobody wants to see a whole section underlined. */
function onOneLine(text: string, start: number, end: number): Span {
  const next = text.indexOf('\n', start)
  const line = text.slice(start, next < 0 ? text.length : next).trimEnd()
  if (end > start) return { start, end: Math.max(start, Math.min(end, start + line.length)) }
  const word = /^\S*/.exec(line.slice(0, 200))?.[0].length ?? 0
  return { start, end: start + word }
}
