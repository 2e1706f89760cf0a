import * as z from 'zod/mini'
import { descriptions } from './config-descriptions.ts'
import { configSchema } from './config-schema.ts'
import { schemaAt } from './schema-at.ts'

/** The part of JSON Schema (draft 2020-12) that comes out of our schema. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  /** Of each key that `properties` does not name. */
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly enum?: readonly (string | number | boolean | null)[]
  readonly examples?: readonly string[]
  readonly default?: string
  readonly anyOf?: readonly JsonSchema[]
}

/** What `quantum.config.yaml` may hold as JSON Schema, with a description of each key, for editors. */
export function configJsonSchema(): JsonSchema {
  const made = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
  // zod's own type allows what our schema does not have: references, and `true` for a schema.
  return described(made as JsonSchema, [])
}

/** Says of each key what it is for and what is expected there, which zod's errors know and JSON Schema does not. */
function described(schema: JsonSchema, path: readonly string[]): JsonSchema {
  return { ...withParts(schema, path), ...wordsOn(schema, path) }
}

function withParts(schema: JsonSchema, path: readonly string[]): JsonSchema {
  const { properties, additionalProperties, items, anyOf } = schema
  const named = Object.entries(properties ?? {}).map(([key, part]) => [key, described(part, [...path, key])])
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(named) }),
    ...(typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
      ? { additionalProperties: described(additionalProperties, [...path, '*']) }
      : {}),
    ...(items === undefined ? {} : { items: described(items, [...path, '*']) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((part) => withParts(part, path)) }),
  }
}

function wordsOn(
  schema: JsonSchema,
  path: readonly string[],
): Pick<JsonSchema, 'description' | 'examples' | 'default'> {
  const entry = descriptions[path.join('.')]
  if (entry === undefined) return {}
  const { text, values } = entry
  const expected = expectedAt(path)
  const parts = [
    text,
    expected === null ? null : `${expected.charAt(0).toUpperCase()}${expected.slice(1)}.`,
    entry.default === undefined ? null : `Default: ${entry.default}.`,
  ]
  return {
    description: parts.filter((part) => part !== null).join('\n\n'),
    ...(values === undefined ? {} : { examples: values }),
    // A default in prose is none for a program.
    ...(entry.default !== undefined && allows(schema, entry.default) ? { default: entry.default } : {}),
  }
}

/** Whether a word is one of the few that a value may be. Of yes and no, nobody writes the one that goes without saying. */
const allows = (schema: JsonSchema, word: string): boolean =>
  (schema.enum?.includes(word) === true && !schema.enum.includes('false')) ||
  (schema.anyOf ?? []).some((form) => allows(form, word))

/** What our schema says of a value that fits nowhere: `expected …`; null where the keys below it say more. */
export function expectedAt(path: readonly string[]): string | null {
  const issue = z.safeParse(schemaAt(configSchema, path) ?? z.any(), Symbol('fits nowhere')).error?.issues[0]
  return issue === undefined || issue.message === mappingExpected ? null : issue.message
}

const mappingExpected = 'expected a mapping of keys to values'
