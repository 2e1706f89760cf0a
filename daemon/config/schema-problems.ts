import type * as z from 'zod/mini'
import { nearest } from '#base/nearest.ts'
import { renaming, valueFix } from './fixes.ts'
import { nearestPlace, valueAt, type Placed } from './config-values.ts'
import { pathText, quoted, type Finding, type KeyPath } from './findings.ts'
import { schemaAt } from './schema-at.ts'

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
  const findings = faults.map(({ path, message, atKey, meant }) => {
    const place = nearestPlace(file.place, path)
    const value = valueAt(file.value, path)
    const text = `${pathText(path)}: ${message}`
    if (meant !== undefined) {
      const parent = nearestPlace(file.place, path.slice(0, -1))
      return { severity, message: text, offset: place.keyOffset, ...renaming(place, meant, parent) }
    }
    const told = { severity, code: 'value' } as const
    if (atKey) return { ...told, message: text, offset: place.keyOffset, end: place.keyEnd }
    const stands = got(value, place.written ?? '')
    const fix = valueFix(schemaAt(schema, path), place, value)
    return { ...told, message: `${text}${stands}`, offset: place.offset, end: place.end, ...fix }
  })
  // Several rules can be broken by one value; the first says what is expected.
  const seen = new Set<number>()
  return findings.filter(({ offset }) => !seen.has(offset) && seen.add(offset))
}

function unknown(meant: string | null, known: readonly string[]): string {
  return meant === null ? `unknown key; expected ${known.join(', ')}` : `unknown key; did you mean ${meant}?`
}

interface Fault {
  readonly path: KeyPath
  readonly message: string
  /** The key is wrong, or missing; not its value. */
  readonly atKey: boolean
  /** Of a key that nobody knows: the one that was probably meant. */
  readonly meant?: string | null
}

function faultsOf(issue: z.core.$ZodIssue, schema: z.core.$ZodType, value: unknown): readonly Fault[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.slice(0, mostIssues).map((key) => {
      const meant = nearest(key, known)
      return { path: [...path, key], message: unknown(meant, known), atKey: true, meant }
    })
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
  const found = schemaAt(schema, path)
  const { def } = (found as z.core.$ZodTypes | null)?._zod ?? {}
  return def?.type === 'object' ? Object.keys(def.shape) : []
}

/** @param written - told instead of the value, which may hold a variable's, which may be a secret. */
function got(value: unknown, written: string): string {
  if (value === null) return ', got nothing'
  if (typeof value === 'object') return Array.isArray(value) ? ', got a list' : ', got a mapping'
  return `, got ${typeof value === 'string' ? quoted(written) : written.slice(0, 60)}`
}
