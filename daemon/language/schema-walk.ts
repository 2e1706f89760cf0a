import { configJsonSchema, type JsonSchema } from '../config/config-json-schema.ts'

type Path = readonly (string | number)[]

let whole: JsonSchema | undefined

/** The schema of the file, made when it is first needed. */
const fileSchema = (): JsonSchema => (whole ??= configJsonSchema())

/** Each form that a value may have, but not that it may be missing. */
export function forms(schema: JsonSchema): readonly JsonSchema[] {
  const inner = schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(forms)
  return inner.filter(({ type }) => type !== 'null')
}

/** What the schema says of the value that a path leads to; null where it knows no such key. */
export function schemaFor(path: Path, from: JsonSchema = fileSchema()): JsonSchema | null {
  const [key, ...rest] = path
  if (key === undefined) return from
  for (const form of forms(from)) {
    const next = typeof key === 'number' ? form.items : below(form, key)
    if (next !== undefined) return schemaFor(rest, next)
  }
  return null
}

function below({ properties, additionalProperties }: JsonSchema, key: string): JsonSchema | undefined {
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** The words that a value may be, and those that are usual; the default comes first. */
export function wordsFor(schema: JsonSchema): readonly string[] {
  const found = forms(schema).flatMap((form) => {
    if (form.enum !== undefined) return form.enum.map(String)
    return form.type === 'boolean' ? ['true', 'false'] : []
  })
  const first = schema.default === undefined ? [] : [schema.default]
  return [...new Set([...first, ...found, ...(schema.examples ?? [])])]
}

const has = (schema: JsonSchema, type: string): boolean =>
  forms(schema).some((form) => form.type === type || (Array.isArray(form.type) && form.type.includes(type)))

export const isMapping = (schema: JsonSchema): boolean => has(schema, 'object')
export const isList = (schema: JsonSchema): boolean => has(schema, 'array')
