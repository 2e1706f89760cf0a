import type * as z from 'zod/mini'
import type { KeyPath } from './findings.ts'

/** The part of a schema that a path leads to, which may be missing there or not; `*` stands for any key. */
export function schemaAt(schema: z.core.$ZodType, path: KeyPath): z.core.$ZodType | null {
  // The union of all of zod's own classes, of which every schema is one: it alone tells the definitions apart.
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'optional' || def.type === 'nullable') return schemaAt(def.innerType, path)
  const [key, ...rest] = path
  if (key === undefined) return schema
  if (def.type === 'object') {
    const inner = def.shape[String(key)]
    return inner === undefined ? null : schemaAt(inner, rest)
  }
  if (def.type === 'record') return schemaAt(def.valueType, rest)
  return def.type === 'array' ? schemaAt(def.element, rest) : null
}
