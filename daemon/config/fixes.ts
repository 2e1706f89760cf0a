import * as z from 'zod/mini'
import { nearest } from '#base/nearest.ts'
import type { Place } from './config-values.ts'
import type { Finding } from './findings.ts'

/** What stands in a file without quotes and without being anything else to YAML. */
const plain = /^[\w./-]{1,200}$/
const yes: ReadonlySet<string> = new Set(['yes', 'on', 'y'])
const no: ReadonlySet<string> = new Set(['no', 'off', 'n'])

/**
 * What is told of a key that nobody knows.
 * @param meant - the key that was probably meant; offered only where it is not there as well.
 */
export function renaming(
  { keyOffset: start, keyEnd: end }: Place,
  meant: string | null,
  parent: Place,
): Pick<Finding, 'end' | 'code' | 'fix'> {
  const told = { end, code: 'unknown-key' } as const
  if (meant === null || parent.children.has(meant)) return told
  return { ...told, fix: { title: `Change to ${meant}`, start, end, text: meant } }
}

/** The one change that makes a refused value fit, as {@link Finding.fix}; nothing where there are several or none. */
export function valueFix(schema: z.core.$ZodType | null, place: Place, value: unknown): Pick<Finding, 'fix'> {
  const { offset: start, end, written } = place
  // Only what stands there as it is: not in quotes, and not with a variable put in.
  if (schema === null || written === null || end - start !== written.length || !plain.test(written)) return {}
  const found = candidates(schema, written, value).find(([, meant]) => z.safeParse(schema, meant).success)
  if (found === undefined) return {}
  const [text] = found
  return { fix: { title: `Change to ${text}`, start, end, text } }
}

type Candidate = readonly [text: string, value: unknown]

/** What people write, and what they mean by it. */
function candidates(schema: z.core.$ZodType, written: string, value: unknown): readonly Candidate[] {
  if (typeof value !== 'string') return [[`"${written}"`, written]]
  const lower = value.toLowerCase()
  const word = nearest(value, wordsOf(schema))
  return [
    ...(yes.has(lower) ? [['true', true] as const] : []),
    ...(no.has(lower) ? [['false', false] as const] : []),
    ...(word === null ? [] : [[word, word] as const]),
    [`[${written}]`, [value]],
    [`/${written}`, `/${value}`],
  ]
}

/** The words that a value may be, where it may be one of a few only. */
function wordsOf(schema: z.core.$ZodType): readonly string[] {
  // As in schema-problems.ts: the union of zod's own classes tells the definitions apart.
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional' || def.type === 'nullable') return wordsOf(def.innerType)
  return def.type === 'enum' ? Object.values(def.entries).map(String) : []
}
