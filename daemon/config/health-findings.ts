import { hookAddressProblem, noSecretName, secretName } from '#base/hook-address.ts'
import { hookBodyProblem } from '#base/hook-body.ts'
import { nearestPlace, type Placed } from './config-values.ts'
import { isReference } from './datasources.ts'
import { error, pathText, quoted, warning, type Finding, type KeyPath } from './findings.ts'
import { inPlain, ownHeaders, secretHeader } from './forward-findings.ts'
import type { ParsedHealth } from './health-schema.ts'
import { scheduleFindings } from './job-findings.ts'

type Webhook = NonNullable<NonNullable<ParsedHealth['notify']>['webhook']>

/** Checks that need not be named to be there. */
const usualChecks: readonly string[] = ['http', 'port', 'process', 'containers']

/** What is wrong with pauses and with who is told of incidents, which a schema cannot tell. @param at - of this `health`. */
export function healthFindings(at: KeyPath, health: ParsedHealth | null, file: Placed): readonly Finding[] {
  if (health === null) return []
  const known = new Set([...usualChecks, ...Object.keys(health.checks ?? {})])
  const pauses = (health.pauses ?? []).flatMap((pause, index) => {
    const path = [...at, 'pauses', index]
    const unknown = (pause.checks ?? []).flatMap((name, place) => {
      if (known.has(name)) return []
      const { offset, end } = nearestPlace(file.place, [...path, 'checks', place])
      const message = `${pathText([...path, 'checks', place])}: there is no check ${quoted(name)} here`
      return [warning(offset, message, { end, code: 'value' })]
    })
    return [...scheduleFindings(path, pause, file), ...unknown]
  })
  const webhook = health.notify?.webhook ?? null
  return webhook === null
    ? pauses
    : [...pauses, ...webhookFindings([...at, 'notify', 'webhook'], webhook, file)]
}

/** What stands there is never part of a message: the address of a webhook is often all it takes to use it. */
function webhookFindings(at: KeyPath, { url, headers, body }: Webhook, file: Placed): readonly Finding[] {
  const found: Finding[] = []
  const wrong = (path: KeyPath, message: string): void => {
    const { offset, end } = nearestPlace(file.place, [...at, ...path])
    found.push(error(offset, `${pathText([...at, ...path])}: ${message}`, { end, code: 'value' }))
  }
  const address = hookAddressProblem(url)
  if (address !== null) wrong(['url'], address)
  for (const name of Object.keys(headers ?? {})) {
    const text = nearestPlace(file.place, [...at, 'headers', name]).written ?? ''
    if (ownHeaders.has(name.toLowerCase()) && name.toLowerCase() !== 'content-type')
      wrong(['headers', name], 'this header is set by Quantum Admin')
    else if (secretHeader.test(name) && !isReference(text)) wrong(['headers', name], inPlain)
    else if (text.startsWith('secret:') && !secretName.test(text)) wrong(['headers', name], noSecretName)
  }
  const problem = hookBodyProblem(body ?? null)
  if (problem !== null) wrong(['body'], problem)
  return found
}
