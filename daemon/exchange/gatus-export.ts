import { stringify } from 'yaml'
import type { ExportedChecks } from '#contract/health.ts'
import { printable } from '#base/printable.ts'
import type { StatusRange } from '../config/config-shapes.ts'
import type { CheckTarget, HttpTarget } from '../config/health-config.ts'
import type { Evidence } from '../config/health-schema.ts'
import { certificateCondition, memberCondition, statusConditions, textCondition } from './gatus-conditions.ts'
import { yamlOptions } from './import-checks.ts'
import { withoutRedirects, withRedirects } from './status-ranges.ts'
import { goDuration, isSecretHeader, looksSecret } from './words.ts'

/** A check as it is made. Times in ms. */
export interface ExportedCheck {
  readonly app: string
  readonly environment: string | null
  readonly check: string
  readonly target: Exclude<CheckTarget, { kind: 'container' }> | { readonly kind: 'container' }
  /** Where it is asked, over HTTP or TCP; null while nobody knows. */
  readonly address: string | null
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly retries: number
  readonly rule: { readonly failures: Evidence; readonly successes: Evidence }
  readonly degradedAboveMs: number | null
}

const usualExpect: readonly StatusRange[] = [[200, 399]]

/** Checks as a configuration of Gatus. What it cannot say is a comment there, and a note beside. */
export function gatusYaml(checks: readonly ExportedCheck[]): ExportedChecks {
  const all = checks.map(endpointOf)
  const notes = all.flatMap((one) => one.notes.map((note) => `${one.name}: ${note}`))
  const asks = checks.flatMap(({ target }) => (target.kind === 'http' ? [target] : []))
  const follows = asks.some(({ redirects }) => redirects > 0)
  const general = [
    ...(follows ? ['Gatus follows 10 redirects at most, whatever a check says'] : []),
    ...(asks.some(({ expect }) => expect === null)
      ? [
          'where a check says nothing of statuses, a redirect is good; Gatus follows it, and judges where it leads',
        ]
      : []),
  ]
  const parts = all.map(({ name, endpoint, notes: own }) => {
    const comments = own.map((note) => `  # ${printable(note)}\n`).join('')
    return endpoint === null ? `  # ${printable(name)}:\n${comments}` : `${comments}${itemText(endpoint)}`
  })
  const isEmpty = all.every(({ endpoint }) => endpoint === null)
  const begin = isEmpty ? 'endpoints: []\n' : 'endpoints:\n'
  return { text: begin + parts.join(''), notes: [...general, ...notes].map((note) => printable(note)) }
}

interface Exported {
  readonly name: string
  readonly endpoint: Readonly<Record<string, unknown>> | null
  readonly notes: readonly string[]
}

/** As an item of a list that is indented by two. */
const itemText = (endpoint: Readonly<Record<string, unknown>>): string =>
  stringify([endpoint], yamlOptions).replaceAll(/^(?=.)/gm, '  ')

const cannot: Readonly<Record<string, string>> = {
  process: 'Gatus does not see processes',
  container: 'Gatus does not see containers',
  database: 'Gatus does not log in to databases',
  command: 'Gatus runs no commands',
}

function endpointOf(check: ExportedCheck): Exported {
  const { target, address, environment, app } = check
  const name = environment === null ? check.check : `${check.check} (${environment})`
  const reason = cannot[target.kind]
  if (reason !== undefined) return { name: `${app} ${name}`, endpoint: null, notes: [reason] }
  if (address === null)
    return {
      name: `${app} ${name}`,
      endpoint: null,
      notes: ['its address is known while the app runs alone'],
    }
  const notes = timingNotes(check)
  const said = target.kind === 'http' ? httpOf(check, target, address, notes) : tcpOf(check, address)
  const local = /^(?:https?|tcp):\/\/(?:localhost|127\.\d|\[::1\])/.test(address)
  if (local) notes.push('the address is of this machine, where Gatus has to run too')
  const endpoint = {
    name: quotedVariables(name),
    group: quotedVariables(app),
    ...said,
    interval: goDuration(check.intervalMs),
    alerts: [
      {
        type: 'custom',
        'failure-threshold': check.rule.failures.count,
        'success-threshold': check.rule.successes.count,
      },
    ],
  }
  return { name: `${app} ${name}`, endpoint, notes }
}

function timingNotes({ rule: { failures, successes }, retries }: ExportedCheck): string[] {
  return [
    ...[failures, successes]
      .filter(({ count, of }) => count !== of)
      .map(({ count, of }) => `Gatus counts in a row: ${count} of ${of} became ${count}`),
    ...(retries > 0 ? [`Gatus does not ask again at once; ${retries} retries are left out`] : []),
  ]
}

const quotedVariables = (text: string): string => text.replaceAll('$', '$$$$')

const variableOf = (...parts: readonly string[]): string =>
  `\${${parts
    .join('_')
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^(?=\d)/, '_')}}`

/** Gatus puts variables into comments too. */
const nameIn = (variable: string): string => variable.slice(2, -1)

function tcpOf({ timeoutMs, degradedAboveMs }: ExportedCheck, address: string) {
  return {
    url: quotedVariables(address),
    conditions: ['[CONNECTED] == true', ...slow(degradedAboveMs)],
    client: { timeout: goDuration(timeoutMs) },
  }
}

const slow = (ms: number | null): readonly string[] => (ms === null ? [] : [`[RESPONSE_TIME] < ${ms}`])

function httpOf(check: ExportedCheck, target: HttpTarget, address: string, notes: string[]) {
  const { app, timeoutMs, check: name } = check
  const open = (text: string, what: string): string => {
    if (!looksSecret(text)) return quotedVariables(text)
    const variable = variableOf(app, name, what)
    notes.push(
      `set the variable ${nameIn(variable)} to the ${what.toLowerCase()}, which holds what looks like a secret`,
    )
    return variable
  }
  const headers = Object.entries(target.headers).map(([header, value]) => {
    const [, secret] = /^secret:(.+)$/.exec(value) ?? []
    const isOpen = secret === undefined && !isSecretHeader(header, value)
    const variable = secret === undefined ? variableOf(app, name, header) : variableOf(secret)
    if (!isOpen) notes.push(`set the variable ${nameIn(variable)} to the value of the header ${header}`)
    return [header, isOpen ? quotedVariables(value) : variable] as const
  })
  return {
    url: open(address, 'ADDRESS'),
    ...(target.method === 'GET' ? {} : { method: target.method }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(target.body === null ? {} : { body: open(target.body, 'BODY') }),
    conditions: conditionsOf(check, target, address, notes).map(quotedVariables),
    client: {
      timeout: goDuration(timeoutMs),
      ...(target.verifyCertificate ? {} : { insecure: true }),
      ...(target.redirects > 0 ? {} : { 'ignore-redirect': true }),
    },
  }
}

function conditionsOf(
  { degradedAboveMs }: ExportedCheck,
  target: HttpTarget,
  address: string,
  notes: string[],
): readonly string[] {
  const expected = target.expect ?? usualExpect
  const follows = target.redirects > 0
  const kept = withoutRedirects(expected)
  if (follows && target.expect !== null && JSON.stringify(kept) !== JSON.stringify(expected))
    notes.push('a redirect is good here; Gatus follows it, and judges where it leads')
  // What nobody sees who follows redirects is said or left out, whichever is shorter.
  const [shorter = []] = (follows ? [expected, kept, withRedirects(kept)] : [expected])
    .filter((ranges) => ranges.length > 0)
    .map(statusConditions)
    .toSorted((a, b) => a.join('').length - b.join('').length)
  const members = target.json.map((one) => memberCondition(one) ?? one)
  for (const one of members) if (typeof one !== 'string') notes.push(`Gatus cannot say ${one.text}`)
  const all = [
    ...shorter,
    ...containsCondition(target.contains, notes),
    ...members.filter((one) => typeof one === 'string'),
    ...slow(degradedAboveMs),
    ...(target.certificateWarningMs > 0 && address.startsWith('https:')
      ? [certificateCondition(target.certificateWarningMs)]
      : []),
  ]
  return all.length === 0 ? ['[CONNECTED] == true'] : all
}

function containsCondition(text: string | null, notes: string[]): readonly string[] {
  if (text === null) return []
  const condition = textCondition(text)
  if (condition !== null) return [condition]
  notes.push(`Gatus cannot look for the text ${JSON.stringify(text.slice(0, 60))}`)
  return []
}
