import type { AppProblem } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import { placeOfJsonError } from './json-place.ts'
import { problemIn, textOf, unreadable } from './project-text.ts'

/** What a package.json says of how it is run. */
export interface PackageJson {
  /** Without its scope. */
  readonly name: string | null
  readonly dev: string | null
  readonly start: string | null
  readonly test: string | null
  readonly main: string | null
  /** It is there for others to import or to call, so that its `main` is nothing to run. */
  readonly library: boolean
}

const fileName = 'package.json'
/** Fields that only a package for others has: `npm init` writes none of them. */
const libraryFields = ['exports', 'module', 'types', 'typings', 'bin']

/** A project's package.json; null when there is none that can be read, with the problem where there is one. */
export function packageOf(project: ProjectFolder): {
  readonly manifest: PackageJson | null
  readonly problems: readonly AppProblem[]
} {
  const problem = unreadable(project, fileName)
  if (problem !== null) return { manifest: null, problems: [problem] }
  const text = textOf(project, fileName)
  if (text === null) return { manifest: null, problems: [] }
  const fields = recordOf(parsed(text))
  if (fields !== null) return { manifest: manifestOf(fields), problems: [] }
  const place = placeOfJsonError(text)
  const wrong = place === null ? 'holds no object' : 'is no JSON'
  const whole = problemIn(project, fileName, `${fileName} ${wrong}, so nothing is known of what it says`)
  return { manifest: null, problems: [{ ...whole, ...place }] }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What is wrong, and where, is told by placeOfJsonError.
    return undefined
  }
}

function manifestOf(fields: Readonly<Record<string, unknown>>): PackageJson {
  const scripts = recordOf(fields['scripts']) ?? {}
  return {
    name: textIn(fields, 'name')?.replace(/^@[^/]*\//, '') ?? null,
    dev: textIn(scripts, 'dev'),
    start: textIn(scripts, 'start'),
    test: textIn(scripts, 'test'),
    main: textIn(fields, 'main'),
    library: libraryFields.some((field) => field in fields),
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  // TypeScript knows no way from `object` to its keys; what each holds stays unknown until it is looked at.
  return value as Readonly<Record<string, unknown>>
}

/** A text that says something. */
function textIn(fields: Readonly<Record<string, unknown>>, field: string): string | null {
  const value = fields[field]
  return typeof value === 'string' && value.trim() !== '' ? value : null
}
