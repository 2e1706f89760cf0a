import { parse } from 'yaml'

/** What somebody answered. */
export interface Answered {
  readonly status: number
  readonly body: string
  readonly milliseconds: number
  /** Until its certificate ends; 0 without one. */
  readonly certificateMs: number
}

/** An endpoint as Gatus understands it, with its defaults. */
export interface Endpoint {
  readonly name: string
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly insecure: boolean
  readonly follows: boolean
  readonly failures: number
  readonly successes: number
  readonly conditions: readonly string[]
}

/** A scalar as it is written. */
export const wordOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? '').replaceAll('"', '')

interface Written {
  readonly [key: string]: unknown
}

const durationMs = (text: string): number =>
  [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
    (sum, [, amount, unit = '']) =>
      sum + Number(amount) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit] ?? Number.NaN),
    0,
  )

/** Endpoints of a configuration, with variables and `$$` as Gatus puts them in. */
export function endpointsOf(text: string): readonly Endpoint[] {
  // What a test reads is its own.
  const file = parse(text, { merge: true }) as Written
  const all = (file['endpoints'] ?? file['services'] ?? []) as readonly Written[]
  const alerting = (file['alerting'] ?? {}) as Readonly<Record<string, Written>>
  return all.map((one) => endpointOf(one, alerting))
}

function endpointOf(one: Written, alerting: Readonly<Record<string, Written>>): Endpoint {
  const text = (key: string): string => wordOf(one[key]).replaceAll('$$', '$')
  const client = (one['client'] ?? {}) as Written
  const alerts = ((one['alerts'] ?? []) as readonly Written[]).filter((alert) => alert['enabled'] !== false)
  const least = (key: string, otherwise: number): number =>
    Math.min(
      ...(alerts.length === 0 ? [{ [key]: otherwise }] : alerts).map((alert) =>
        Number(
          alert[key] ?? (alerting[wordOf(alert['type'])]?.['default-alert'] as Written)?.[key] ?? otherwise,
        ),
      ),
    )
  const isGraph = one['graphql'] === true
  const headers = Object.entries((one['headers'] ?? {}) as Readonly<Record<string, unknown>>).map(
    ([name, value]) => [name.toLowerCase(), wordOf(value).replaceAll('$$', '$')] as const,
  )
  return {
    name: text('name'),
    url: text('url'),
    method: text('method') || 'GET',
    headers: Object.fromEntries([...headers, ...(isGraph ? [['content-type', 'application/json']] : [])]),
    body: isGraph ? JSON.stringify({ query: text('body') }) : text('body'),
    intervalMs: durationMs(wordOf(one['interval'] ?? '60s')),
    timeoutMs: durationMs(wordOf(client['timeout'] ?? '10s')),
    insecure: (client['insecure'] ?? one['insecure']) === true,
    follows: client['ignore-redirect'] !== true,
    failures: least('failure-threshold', 3),
    successes: least('success-threshold', 2),
    conditions: ((one['conditions'] ?? []) as readonly string[]).map((condition) =>
      condition.replaceAll('$$', '$'),
    ),
  }
}

const operators = ['==', '!=', '<=', '>=', '>', '<'] as const

/** Whether a condition holds, by the rules of Gatus 5: texts are compared, numbers are cut to whole ones, `pat` is a glob. */
export function holds(condition: string, answered: Answered): boolean {
  const operator = operators.find((one) => condition.includes(` ${one} `))
  if (operator === undefined) throw new Error(`${condition} is no condition`)
  const [left = '', right = ''] = condition
    .split(` ${operator} `)
    .map((side) => resolve(side.trim(), answered))
  if (operator === '==') return isEqual(left, right)
  if (operator === '!=') return !isEqual(left, right)
  const [a, b] = [whole(left), whole(right)]
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  return operator === '<=' ? a <= b : a >= b
}

function resolve(side: string, { status, body, milliseconds, certificateMs }: Answered): string {
  const values: Readonly<Record<string, string>> = {
    '[STATUS]': String(status),
    '[CONNECTED]': 'true',
    '[RESPONSE_TIME]': String(Math.trunc(milliseconds)),
    '[CERTIFICATE_EXPIRATION]': `${certificateMs}ms`,
    '[BODY]': body,
  }
  const own = values[side]
  if (own !== undefined) return own
  if (!side.startsWith('[BODY]')) return side
  return member(body, side.slice('[BODY]'.length)) ?? `${side} (INVALID)`
}

function member(body: string, path: string): string | null {
  let at: unknown
  try {
    at = JSON.parse(body)
  } catch {
    return null
  }
  for (const [, name, place] of path.matchAll(/\.([^.[]+)|\[(\d+)\]/g)) {
    if (typeof at !== 'object' || at === null) return null
    at = (at as Readonly<Record<string, unknown>>)[name ?? place ?? '']
  }
  if (at === undefined) return null
  return typeof at === 'object' ? JSON.stringify(at) : wordOf(at)
}

function isEqual(left: string, right: string): boolean {
  const [, pattern] = /^pat\((.*)\)$/s.exec(right) ?? []
  if (pattern !== undefined) return glob(pattern).test(left)
  const [, any] = /^any\((.*)\)$/s.exec(right) ?? []
  if (any !== undefined) return any.split(',').some((one) => one.trim() === left)
  return left === right
}

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^]*')
      .replaceAll('?', '[^]')}$`,
  )

function whole(text: string): number {
  if (/^[\d.]+(?:ms|s|m|h)/.test(text)) return durationMs(text)
  const number = Math.trunc(Number(text))
  return Number.isNaN(number) ? 0 : number
}
