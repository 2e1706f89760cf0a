/** What is known of an incident, by the name that it has in what is sent and in places such as `{{text}}`. */
export const hookFields = [
  'id',
  'event',
  'number',
  'app',
  'environment',
  'check',
  'severity',
  'state',
  'cause',
  'startedAt',
  'acknowledgedAt',
  'acknowledgedBy',
  'resolvedAt',
  'resolution',
  'durationMs',
  'link',
  'text',
] as const

export type HookField = (typeof hookFields)[number]

const isField = (name: string): name is HookField => hookFields.some((field) => field === name)

const place = /\{\{\s*([A-Za-z]{1,40})\s*\}\}/g

/** A body with what is known put in, as it is written within a text of JSON. */
export const filled = (body: string, valueOf: (field: HookField) => string): string =>
  body.replaceAll(place, (whole, name: string) =>
    isField(name) ? JSON.stringify(valueOf(name)).slice(1, -1) : whole,
  )

/** What is wrong with a body, in words; null when nothing is. */
export function hookBodyProblem(body: string | null): string | null {
  if (body === null) return null
  const unknown = [...body.matchAll(place)].map(([, name = '']) => name).find((name) => !isField(name))
  if (unknown !== undefined)
    return `there is no {{${unknown}}} to put in; there are ${hookFields.map((name) => `{{${name}}}`).join(', ')}`
  try {
    JSON.parse(filled(body, () => 'x'))
    return null
  } catch {
    return 'expected JSON, such as {"content": "{{text}}"}'
  }
}
