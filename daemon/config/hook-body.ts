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

/** The places of a body that no field has the name of. */
export const placesIn = (body: string) => ({
  unknown: [...body.matchAll(place)].flatMap(([, name = '']) => (isField(name) ? [] : [`{{${name}}}`])),
  known: hookFields.map((name) => `{{${name}}}`),
})

/** A body with what is known put in, as it is written within a text of JSON. */
export const filled = (body: string, valueOf: (field: HookField) => string): string =>
  body.replaceAll(place, (whole, name: string) =>
    isField(name) ? JSON.stringify(valueOf(name)).slice(1, -1) : whole,
  )
