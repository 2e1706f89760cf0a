import type { CheckFailure, CheckFault, HttpAnswer } from '../../adapters/checks/checker.ts'
import { conditionProblem } from '../../config/json-condition.ts'
import type { StatusRange } from '../../config/config-shapes.ts'
import type { HttpTarget } from '../../config/health-config.ts'
import type { Amount, Grade, Sample } from './check-machine.ts'
import { withoutQuery } from './check-plan.ts'

/** What a check came to. */
export interface Outcome {
  readonly grade: Grade
  readonly latencyMs: number | null
  /** Goes on behind what was checked: `answered 503 (expected 200-399)`; null where all is well. */
  readonly reason: string | null
  /** When the certificate of the server ends, in ms since the epoch; null without TLS. Only of an answer over HTTP. */
  readonly certificateEndsAt?: number | null
}

export const usualExpect: readonly StatusRange[] = [[200, 399]]

const rangesText = (ranges: readonly StatusRange[]): string =>
  ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ')

/** What an answer over HTTP is worth. @param now - milliseconds since the epoch. */
export function judgeAnswer(answer: HttpAnswer, target: HttpTarget, now: number): Outcome {
  const { latencyMs } = answer
  const bad = (reason: string): Outcome => ({
    grade: 'bad',
    latencyMs,
    reason: `${reason}${redirectedTo(answer)}`,
  })
  const expected = target.expect ?? usualExpect
  if (!expected.some(([first, last]) => answer.status >= first && answer.status <= last))
    return bad(`answered ${answer.status} (expected ${rangesText(expected)})`)
  const wrong = bodyProblem(answer, target)
  if (wrong !== null) return bad(wrong)
  const { certificateEndsAt } = answer
  // A connection that was kept open was made while it was still good; the next one would be refused.
  if (certificateEndsAt !== null && certificateEndsAt <= now && target.verifyCertificate)
    return bad(`failed: its certificate has expired on ${dateOf(certificateEndsAt)}`)
  if (certificateEndsAt !== null && certificateEndsAt - now < target.certificateWarningMs)
    return { grade: 'soft', latencyMs, reason: endingSoon(certificateEndsAt, now) }
  return { grade: 'good', latencyMs, reason: null }
}

function bodyProblem({ body, cut }: HttpAnswer, { contains, json }: HttpTarget): string | null {
  if (body === null) return null
  if (contains !== null && !body.includes(contains))
    return `answered without the text ${JSON.stringify(contains.slice(0, 60))}${cut ? ' in its first megabyte' : ''}`
  if (json.length === 0) return null
  if (cut) return 'answered more than a megabyte, which is not read as JSON'
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return 'answered what is no JSON'
  }
  const problem = json.map((condition) => conditionProblem(condition, value)).find((one) => one !== null)
  return problem === undefined || problem === null ? null : `answered, but ${problem}`
}

const dayMs = 86_400_000
const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

function endingSoon(end: number, now: number): string {
  const days = Math.floor((end - now) / dayMs)
  const when = days === 0 ? 'today' : days === 1 ? 'in 1 day' : `in ${days} days`
  return `has a certificate that expires on ${dateOf(end)}, ${when}`
}

/** A good answer that took too long is half a failure. */
export function withSlowness(outcome: Outcome, degradedAboveMs: number | null): Outcome {
  const { latencyMs, grade } = outcome
  if (grade !== 'good' || degradedAboveMs === null || latencyMs === null || latencyMs <= degradedAboveMs)
    return outcome
  return {
    ...outcome,
    grade: 'soft',
    reason: `took ${Math.round(latencyMs)} ms (over ${degradedAboveMs} ms)`,
  }
}

interface Certificate {
  readonly names: string
  readonly from: number
  readonly to: number
  readonly issuer: string | null
}

/** What the adapter says of a certificate; null when it says nothing. */
function certificateOf(detail: string | null): Certificate | null {
  return detail?.startsWith('{') === true ? (JSON.parse(detail) as Certificate) : null
}

const code = (detail: string | null): string =>
  detail === null || detail.startsWith('{') ? '' : ` (${detail})`

type Words = (detail: string | null, timeoutMs: number) => string

const sentences: Readonly<Record<CheckFault, Words>> = {
  'host-not-found': (detail) => `failed: the host name was not found${code(detail)}`,
  'address-refused': () =>
    "was not asked: the address belongs to this machine's cloud or link, and a file of an app must not lead there",
  'nothing-listens': () => 'failed: nothing listens there',
  unreachable: (detail) => `failed: it cannot be reached from this machine${code(detail)}`,
  'timed-out': (_, timeoutMs) => `failed: no connection within ${timeoutMs} ms`,
  silent: (_, timeoutMs) => `failed: no whole answer within ${timeoutMs} ms`,
  closed: () => 'failed: the connection was closed without an answer',
  'not-http': (detail) => `failed: what answers does not speak HTTP${code(detail)}`,
  'headers-too-long': () => 'failed: its headers are longer than 16 KiB',
  'redirect-loop': (detail) => `failed: redirects lead in a circle, back to ${withoutQuery(detail ?? '')}`,
  'too-many-redirects': (detail) => `failed: it was redirected more than ${detail} times`,
  'redirect-nowhere': (detail) =>
    `failed: it was redirected to what is no web address: ${withoutQuery(detail ?? '')}`,
  'tls-expired': (detail) => {
    const certificate = certificateOf(detail)
    return `failed: its certificate has expired${certificate === null ? '' : ` on ${dateOf(certificate.to)}`}`
  },
  'tls-not-yet-valid': (detail) => {
    const certificate = certificateOf(detail)
    return `failed: its certificate is not valid yet${certificate === null ? '' : `, only from ${dateOf(certificate.from)}`}`
  },
  'tls-wrong-host': (detail) => {
    const names = certificateOf(detail)?.names
    return `failed: its certificate is for another host${names === undefined ? '' : ` (${names.slice(0, 200)})`}`
  },
  'tls-self-signed': () => 'failed: its certificate is self-signed',
  'tls-untrusted': (detail) => {
    const issuer = certificateOf(detail)?.issuer ?? null
    return `failed: its certificate is from an authority that is not trusted${issuer === null ? '' : ` (${issuer.slice(0, 100)})`}`
  },
  'tls-revoked': () => 'failed: its certificate was revoked',
  'tls-not-spoken': () => 'failed: what answers does not speak TLS',
  'tls-failed': (detail) => `failed: no TLS connection came about${code(detail)}`,
  'command-failed': (detail) => `failed with ${detail ?? 'an error'}`,
  'command-not-started': (detail) => `could not be started${code(detail)}`,
  failed: (detail) => `failed${code(detail)}`,
}

export const judgeFailure = (failure: CheckFailure, timeoutMs: number): Outcome => ({
  grade: 'bad',
  latencyMs: null,
  reason: `${sentences[failure.fault](failure.detail, timeoutMs)}${redirectedTo(failure)}`,
})

const redirectedTo = ({ at }: { readonly at: string | null }): string =>
  at === null ? '' : `, redirected to ${withoutQuery(at)}`

/** Hours, minutes and seconds where the daemon is. */
const clockTime = (time: number): string => {
  const at = new Date(time)
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
}

/** What was seen, and how often: `GET http://localhost:3000/health answered 503 (expected 200-399) 3 times since 14:02:11`. */
export function causeOf(what: string, reason: string, against: readonly Sample[], failures: Amount): string {
  const bad = against.filter(({ grade }) => grade === 'bad')
  const since = clockTime(bad[0]?.at ?? 0)
  const said = `${what} ${reason}`
  if (bad.length <= 1) return `${said} at ${since}`
  const times =
    failures.of === failures.count
      ? `${bad.length} times`
      : `${bad.length} of the last ${against.length} times`
  return `${said} ${times} since ${since}`
}

export const amountText = ({ count, of }: Amount): string =>
  count === of ? (count === 1 ? 'one' : `${count} in a row`) : `${count} of ${of}`
