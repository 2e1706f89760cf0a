import { isIP } from 'node:net'
import { isForbiddenAddress, isForbiddenName } from '#base/forbidden-address.ts'
import { noSecretName, secretName } from '#base/hook-address.ts'
import { nearestPlace, type Placed } from './config-values.ts'
import { isReference } from './datasources.ts'
import { error, pathText, type Finding, type KeyPath } from './findings.ts'
import type { ParsedForward } from './forward-config.ts'

const section: KeyPath = ['admin', 'logs', 'forward']

/** What these must not be set to by hand, because they belong to what is sent. */
export const ownHeaders: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'host',
  'expect',
])
/** Headers by which somebody is let in. */
export const secretHeader = /auth|token|secret|password|cookie|key/i
const ownLabels: ReadonlySet<string> = new Set(['app', 'source', 'kind', 'level', 'service.name'])
/** Loki takes at most 15 labels of a stream, and four are ours. */
const mostLabels = 10

/**
 * What is wrong with where logs are to be sent, which a schema cannot tell. What stands there is never part of a message:
 * it may be a password.
 */
export function forwardFindings(forward: ParsedForward | null, file: Placed): readonly Finding[] {
  if (forward === null) return []
  const found: Finding[] = []
  const wrong = (path: KeyPath, message: string): void => {
    const { offset, end } = nearestPlace(file.place, [...section, ...path])
    found.push(error(offset, `${pathText([...section, ...path])}: ${message}`, { end, code: 'value' }))
  }
  const written = (path: KeyPath): string => nearestPlace(file.place, [...section, ...path]).written ?? ''
  const address = addressProblem(forward.url)
  if (address !== null) wrong(['url'], address)
  const { token, user, password, headers, labels } = forward
  if ((user ?? null) === null && (password ?? null) !== null) wrong(['password'], 'expected a user with it')
  if ((user ?? null) !== null && (password ?? null) === null) wrong(['user'], 'expected a password with it')
  if ((user ?? null) !== null && (token ?? null) !== null)
    wrong(['token'], 'expected either a token, or user and password')
  const named = Object.keys(headers ?? {}).map((name) => ['headers', name] as const)
  const secret = [
    ...((token ?? null) === null ? [] : [['token']]),
    ...((password ?? null) === null ? [] : [['password']]),
  ]
  for (const path of [...secret, ...named] as readonly KeyPath[]) {
    const text = written(path)
    const isSecret = path.length === 1 || secretHeader.test(String(path.at(-1)))
    if (isSecret && !isReference(text)) wrong(path, inPlain)
    else if (text.startsWith('secret:') && !secretName.test(text)) wrong(path, noSecretName)
  }
  for (const path of named) {
    const name = path[1].toLowerCase()
    if (ownHeaders.has(name)) wrong(path, 'this header is set by Quantum Admin')
    if (name === 'x-scope-orgid') wrong(path, 'expected the tenant in admin.logs.forward.tenant')
    if (name === 'authorization' && ((token ?? null) !== null || (user ?? null) !== null))
      wrong(path, 'expected either this header, or token, or user and password')
  }
  for (const name of Object.keys(labels ?? {})) {
    if (ownLabels.has(name)) wrong(['labels', name], 'this label is set by Quantum Admin')
    else if (forward.kind === 'loki' && !/^\w+$/.test(name))
      wrong(['labels', name], 'expected letters, digits and _ only, which is all that Loki takes')
  }
  if (Object.keys(labels ?? {}).length > mostLabels)
    wrong(['labels'], `expected at most ${mostLabels} labels`)
  return found
}

export const inPlain =
  'whoever has the file can read this; write secret:NAME for a secret kept with `quantum-admin secrets set NAME`, or ${NAME} for a variable'

function addressProblem(url: string): string | null {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    return 'expected an address that begins with http:// or https://'
  const { username, password, search, hash, hostname } = new URL(url)
  if (username !== '' || password !== '')
    return 'expected an address without user and password; they go into admin.logs.forward.user and .password'
  if (search !== '' || hash !== '')
    return 'expected an address without ? and #; keys go into admin.logs.forward.headers'
  const host = hostname.replace(/^\[|\]$/g, '')
  const isForbidden = isIP(host) === 0 ? isForbiddenName(host) : isForbiddenAddress(host)
  return isForbidden
    ? 'expected the address of a log engine; under this one a cloud tells a machine its own keys'
    : null
}
