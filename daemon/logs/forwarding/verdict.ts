import { redactText } from '#base/redact.ts'
import { printable } from '#base/printable.ts'
import { retryAfterMs } from '#base/retry-after.ts'
import type { ForwardTarget } from '../log-engine.ts'
import type { Posted } from '#base/posting.ts'

/** What an answer means for what was sent. */
export type Verdict =
  /** @property refused - so many of them were not taken, and are not to be sent again. */
  | { readonly kind: 'accepted'; readonly refused: number; readonly message: string | null }
  /** These very records are not taken, now or later. */
  | { readonly kind: 'refused'; readonly message: string }
  /** @property afterMs - the server asks to be left alone for so long. */
  | { readonly kind: 'later'; readonly message: string; readonly afterMs: number }
  /** Nothing is taken before somebody changes something. */
  | { readonly kind: 'stopped'; readonly message: string }

const longestMessage = 300

/** Judges as Loki's HTTP API and the specification of OTLP/HTTP say. @param now - milliseconds since the epoch. */
export function verdictOn(target: ForwardTarget, answer: Posted, now: number): Verdict {
  const { status, body, forbidden } = answer
  const said = wordsOf(target, body)
  if (forbidden) return { kind: 'stopped', message: said }
  if (status === null) return { kind: 'later', message: said, afterMs: 0 }
  const message = said === '' ? `it answered ${status}` : `it answered ${status}: ${said}`
  if (status >= 200 && status < 300) return accepted(target, body)
  // Loki has taken what was good of such a batch, an OpenTelemetry collector nothing.
  if (status === 400 || status === 413 || status === 422) return { kind: 'refused', message }
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'later', message, afterMs: retryAfterMs(answer.retryAfter, now) }
  if (status === 401 || status === 403)
    return { kind: 'stopped', message: `${message}. It does not let us in: look at token, user, password` }
  const redirect = status >= 300 && status < 400 ? '. Redirects are not followed' : ''
  return { kind: 'stopped', message: `${message}${redirect}. Look at the url` }
}

/** OTLP says in a good answer what it has not taken; the number is text, as 64 bits are in its JSON. */
function accepted(target: ForwardTarget, body: string): Verdict {
  if (target.kind === 'loki') return { kind: 'accepted', refused: 0, message: null }
  const { rejectedLogRecords = 0, errorMessage = '' } = partialSuccessIn(body)
  const refused = Math.max(0, Math.trunc(Number(rejectedLogRecords)) || 0)
  const said = wordsOf(target, typeof errorMessage === 'string' ? errorMessage : '')
  if (refused === 0) return { kind: 'accepted', refused, message: said === '' ? null : said }
  return { kind: 'accepted', refused, message: said === '' ? 'it did not take all' : said }
}

function partialSuccessIn(body: string): { rejectedLogRecords?: unknown; errorMessage?: unknown } {
  try {
    const answer: unknown = JSON.parse(body)
    const partial: unknown =
      typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'partialSuccess') : null
    return typeof partial === 'object' && partial !== null ? partial : {}
  } catch {
    // It may answer in another way, and has taken everything then.
    return {}
  }
}

/** What a server says, short, on one line, and without what we sent it to be let in. */
function wordsOf({ secrets }: ForwardTarget, text: string): string {
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  return printable(redactText(clean).replaceAll(/\s+/g, ' ').trim(), longestMessage)
}
