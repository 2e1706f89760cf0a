import { descriptions } from '../../daemon/config/config-descriptions.ts'
import { configJsonSchema, expectedAt, type JsonSchema } from '../../daemon/config/config-json-schema.ts'

const begin = '<!-- keys: written by `npm run docs` -->'
const end = '<!-- /keys -->'

/** Every key that a schema knows, with `*` for any name and any place in a list, in its order. */
export function keysOf(schema: JsonSchema, path: readonly string[] = []): readonly string[] {
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema
  const below = [
    ...Object.entries(properties),
    ...[additionalProperties, items].flatMap((part) =>
      typeof part === 'object' && Object.keys(part).length > 0 ? [['*', part] as const] : [],
    ),
  ]
  return [
    ...below.flatMap(([key, part]) => [[...path, key].join('.'), ...keysOf(part, [...path, key])]),
    ...anyOf.flatMap((form) => keysOf(form, path)),
  ]
}

/** The page with its tables written anew. @throws Error where it has no place for them. */
export function withKeys(page: string): string {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error(`The page has no ${begin} … ${end}`)
  return `${before}${begin}\n\n${tables()}\n${end}${after}`
}

function tables(): string {
  const keys = keysOf(configJsonSchema()).filter((key) => !key.startsWith('admin.environments.*.health.'))
  const ours = keys.filter((key) => key === 'admin' || key.startsWith('admin.'))
  const sections = [...new Set(ours.map((key) => key.split('.').slice(0, 2).join('.')))].filter(
    (key) => key !== 'admin',
  )
  const single = sections.filter((section) => !ours.some((key) => key.startsWith(`${section}.`)))
  const theirs = keys.filter((key) => !ours.includes(key))
  return [
    '## What `admin` holds\n',
    table(single),
    ...sections
      .filter((section) => !single.includes(section))
      .map(
        (section) =>
          `### ${section}\n\n${descriptions[section]?.text ?? ''}\n\n${table(ours.filter((key) => key.startsWith(`${section}.`)))}`,
      ),
    '## What the framework holds\n',
    'Quantum Admin reads these sections and never changes them.\n',
    table(theirs),
  ].join('\n')
}

/** `logs.sources[].file` and `jobs.<name>.command`. */
const shown = (key: string): string =>
  key
    .split('.')
    .map((part, index, parts) => {
      if (part !== '*') return `.${part}`
      return expectedAt(parts.slice(0, index))?.startsWith('expected a list') === true ? '[]' : '.<name>'
    })
    .join('')
    .replace(/^\.(admin\.)?/, '')

const cell = (text: string): string => text.replaceAll('|', '\\|')

function table(keys: readonly string[]): string {
  const rows = keys.flatMap((key) => {
    const described = descriptions[key]
    if (described === undefined) return []
    const expected =
      described.values?.join(', ') ?? expectedAt(key.split('.'))?.replace(/^expected /, '') ?? ''
    return [
      `| \`${shown(key)}\` | ${cell(described.text)} | ${cell(expected)} | ${cell(described.default ?? '')} |`,
    ]
  })
  return ['| Key | Meaning | Value | Default |', '|---|---|---|---|', ...rows, ''].join('\n')
}
