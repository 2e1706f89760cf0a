import { redactText } from '#base/redact.ts'

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** `90000` as `90s`: what the configuration reads, in the largest unit that says it exactly. */
export function durationText(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  const [unit, size] = units.find(([, one]) => whole > 0 && whole % one === 0) ?? ['s', 1000]
  return `${Math.round(whole / size)}${unit}`
}

const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** `1h30m` and `1.5s` (Go's `time.ParseDuration`) as milliseconds; null for anything else. */
export function goDurationMs(text: string): number | null {
  if (text === '0') return 0
  if (text.length > 40 || !/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return null
  let sum = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(amount) * (goUnits[unit] ?? 0)
  return sum
}

/** As Go writes it, without days, which it does not know. */
export function goDuration(ms: number): string {
  const [unit, size] = units.slice(1).find(([, one]) => ms > 0 && ms % one === 0) ?? ['ms', 1]
  return `${Math.round(ms / size)}${unit}`
}

/** The name of a check that is made of whatever stands there; empty when nothing of it can be. */
export const nameOf = (text: string): string =>
  text
    .slice(0, 300)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 80)

const secretNames =
  /authorization|cookie|token|secret|api-?key|access-?key|passw|session|signature|credential|^x-auth|^x-key$/i

/** Whether a header holds what is nobody's business, by its name or by what it looks like. */
export const isSecretHeader = (name: string, value: string): boolean =>
  secretNames.test(name) || looksSecret(value) || looksSecret(`${name}: ${value}`)

/** Whether a text holds what looks like a password, key or token. */
export const looksSecret = (text: string): boolean => redactText(text) !== text

/** A text as the configuration has to say it, which puts variables in. */
export const escaped = (text: string): string => (/\$[${]/.test(text) ? text.replaceAll('$', '$$$$') : text)

/** Others compare texts; what a server answers as a number or a word of JSON is compared as that here. */
export const literal = (text: string): string =>
  /^(?:-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?|true|false|null)$/.test(text) ? text : JSON.stringify(text)
