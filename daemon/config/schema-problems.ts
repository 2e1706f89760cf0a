import type * as z from 'zod/mini'
import { nearestPlace, valueAt, type Placed } from './config-values.ts'
import { pathText, quoted, type Finding, type KeyPath } from './findings.ts'
import { nearest } from './nearest.ts'

/** One broken list can make a hundred thousand issues; nobody is told of more than these. */
const mostIssues = 1000

/** What a schema found, each with its place, its key path, what was expected and what stands there. */
export function schemaFindings(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  file: Placed,
  severity: Finding['severity'],
): readonly Finding[] {
  const faults = issues.slice(0, mostIssues).flatMap((issue) => faultsOf(issue, schema, file.value))
  const findings = faults.map(({ path, message, atKey }) => {
    const place = nearestPlace(file.place, path)
    const stands = atKey ? '' : got(valueAt(file.value, path), place.written ?? '')
    const offset = atKey ? place.keyOffset : place.offset
    return { severity, message: `${pathText(path)}: ${message}${stands}`, offset }
  })
  // Several rules can be broken by one value; the first says what is expected.
  const seen = new Set<number>()
  return findings.filter(({ offset }) => !seen.has(offset) && seen.add(offset))
}

function unknown(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  return meant === null ? `unknown key; expected ${known.join(', ')}` : `unknown key; did you mean ${meant}?`
}

interface Fault {
  readonly path: KeyPath
  readonly message: string
  /** The key is wrong, or missing; not its value. */
  readonly atKey: boolean
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.core.$ZodType, value: unknown): readonly Fault[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    const fault = (key: string) => ({ path: [...path, key], message: unknown(key, known), atKey: true })
    return issue.keys.slice(0, mostIssues).map(fault)
  }
  if (issue.code === 'invalid_key')
    return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }]
  const found = valueAt(value, path)
  if (found === undefined)
    return [{ path, message: `${issue.message}, but this key is missing`, atKey: true }]
  // A list that is too long, or two keys that do not go together: to say that it is a list helps nobody.
  const asWhole = typeof found === 'object' && (issue.code === 'custom' || issue.code === 'too_big')
  return [{ path, message: issue.message, atKey: asWhole }]
}

/** The keys that a schema knows in the mapping at a path. */
function keysAt(schema: z.core.$ZodType, path: KeyPath): readonly string[] {
  // The union of all of zod's own classes, of which every schema is one: it alone tells the definitions apart.
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional' || def.type === 'nullable') return keysAt(def.innerType, path)
  const [key, ...rest] = path
  if (def.type === 'object') {
    if (key === undefined) return Object.keys(def.shape)
    const inner = def.shape[String(key)]
    return inner === undefined ? [] : keysAt(inner, rest)
  }
  if (def.type === 'record') return keysAt(def.valueType, rest)
  return def.type === 'array' ? keysAt(def.element, rest) : []
}

/** @param written - told instead of the value, which may hold a variable's, which may be a secret. */
function got(value: unknown, written: string): string {
  if (value === null) return ', got nothing'
  if (typeof value === 'object') return Array.isArray(value) ? ', got a list' : ', got a mapping'
  return `, got ${typeof value === 'string' ? quoted(written) : written.slice(0, 60)}`
}
