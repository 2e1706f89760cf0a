import type { StatusRange } from '../config/config-shapes.ts'
import { durationText, escaped, isSecretHeader } from './words.ts'
import { expectOf } from './status-ranges.ts'

/** What a check says in the configuration, key by key, in the order in which it is written. */
export type Draft = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** A header of a monitor. */
export interface Header {
  readonly name: string
  /** Null for what goes into a secret. */
  readonly value: string | null
  /** Of the secret; null where nobody has named it yet. */
  readonly secret: string | null
  /** What the secret is to hold, in words. */
  readonly holds: string
}

/** One monitor of another tool, in our words. */
export interface Monitor {
  readonly name: string
  /** What it stands below there; null when it stands alone. */
  readonly group: string | null
  /** As that tool calls it. */
  readonly type: string
  /** Where it stands in the file. */
  readonly where: string
  /** Null when it is left out. */
  readonly draft: Draft | null
  readonly headers: readonly Header[]
  /** Something of it is left out. */
  readonly partly: boolean
  /** What is not said by the check, and why. */
  readonly notes: readonly string[]
}

type About = Pick<Monitor, 'name' | 'group' | 'type' | 'where'>

export const leftOut = (about: About, reason: string): Monitor => ({
  ...about,
  draft: null,
  headers: [],
  partly: false,
  notes: [reason],
})

/** What is asked over HTTP, as far as it is said. */
export interface Asked {
  readonly url: string
  readonly method: string
  readonly body: string
  readonly expect: readonly StatusRange[]
  readonly contains: string | null
  readonly json: readonly string[]
  readonly redirects: number
  readonly verifyCertificate: boolean
  /** 0: no warning. */
  readonly certificateWarningMs: number
}

/** Leaves out what goes without saying. */
export const askedDraft = (asked: Asked): Draft => ({
  url: escaped(asked.url),
  ...(asked.method === 'GET' ? {} : { method: asked.method }),
  ...(asked.body === '' ? {} : { body: escaped(asked.body) }),
  expect: expectOf(asked.expect),
  ...(asked.contains === null ? {} : { contains: escaped(asked.contains) }),
  ...(asked.json.length === 0
    ? {}
    : { json: asked.json.length === 1 ? escaped(asked.json[0] ?? '') : asked.json.map(escaped) }),
  ...(asked.redirects === 5 ? {} : { redirects: asked.redirects }),
  ...(asked.verifyCertificate ? {} : { verifyCertificate: false }),
  // Who did not ask for a warning there gets none here; of what has no certificate there is nothing to say.
  ...(asked.url.startsWith('https:') ? { certificateWarning: durationText(asked.certificateWarningMs) } : {}),
})

/** When it is made, which is always said: what the app's own checks say would count otherwise. */
export const timingDraft = (timing: {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly failures: number
  readonly successes: number
}): Draft => ({
  interval: durationText(timing.intervalMs),
  timeout: durationText(timing.timeoutMs),
  failures: timing.failures,
  successes: timing.successes,
})

/** A header as it stands, or as a secret when it looks like one. */
export const plainHeader = (name: string, value: string): Header =>
  isSecretHeader(name, value)
    ? { name, value: null, secret: null, holds: `the value of the header ${name}` }
    : { name, value: escaped(value), secret: null, holds: '' }

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])

/** Why something cannot be asked by us, with the key that says so; null when it can. @param url - without credentials. */
export function askFault(url: string, method: string): string | null {
  const parsed = URL.parse(url)
  if (parsed === null) return 'url: it is no address'
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')
    return `url: it begins with ${parsed.protocol.slice(0, 40)}, and only http: and https: are asked`
  if (!methods.has(method)) return `method: ${method.slice(0, 20)} changes things, and checks only ask`
  return null
}

/** An address without a password in it, and the header that takes its place. */
export function withoutCredentials(address: string): {
  readonly url: string
  readonly header: Header | null
} {
  const parsed = URL.parse(address)
  if (parsed === null || (parsed.username === '' && parsed.password === ''))
    return { url: address, header: null }
  parsed.username = parsed.password = ''
  return { url: parsed.href, header: basicHeader }
}

/** RFC 7617. */
export const basicHeader: Header = {
  name: 'Authorization',
  value: null,
  secret: null,
  holds: '`Basic ` and user:password in Base64',
}
