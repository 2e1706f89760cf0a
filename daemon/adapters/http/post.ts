import { once } from 'node:events'
import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import { usualAuthorities } from '#base/authorities.ts'
import { messageOf, systemCode } from '#base/failure.ts'
import { isForbiddenAddress } from '#base/forbidden-address.ts'
import { AddressRefused, lookupGuarded } from '#base/guarded-lookup.ts'
import type { Post, Posted } from '#base/posting.ts'

/** More of an answer is not read: what it says of itself stands at its beginning. */
const mostAnswer = 64 * 1024

/**
 * Sends something to an address that a configuration names. No redirect is followed, addresses under which clouds tell
 * keys are refused, also after a look-up, and certificates are verified. It never rejects.
 */
export async function post({ url, headers, body, timeoutMs, signal }: Parameters<Post>[0]): Promise<Posted> {
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    const at = new URL(url)
    const host = at.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && isForbiddenAddress(host)) throw new AddressRefused(host)
    const asked = (at.protocol === 'https:' ? tlsRequest : plainRequest)(at, {
      method: 'POST',
      headers: { 'user-agent': 'quantum-admin', ...headers, 'content-length': body.length },
      lookup: lookupGuarded(true),
      signal: AbortSignal.any([limit, signal]),
      // A connection that is kept may be gone when it is used again, which looks like an outage.
      agent: false,
      ...(at.protocol === 'https:' ? { ca: usualAuthorities() } : {}),
    })
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>
    asked.end(body)
    const [response] = await answered
    // Who refuses early may close while we still write; the answer counts.
    asked.on('error', () => undefined)
    const text = await textOf(response)
    return {
      status: response.statusCode ?? null,
      retryAfter: response.headers['retry-after'] ?? null,
      body: text,
      forbidden: false,
    }
  } catch (error) {
    return {
      status: null,
      retryAfter: null,
      body: limit.aborted ? `it did not answer within ${timeoutMs / 1000} s` : wordsFor(error),
      forbidden: error instanceof AddressRefused,
    }
  }
}

/** @throws when the answer ends before it is whole. */
async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  // Without an encoding a response is made of buffers.
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part)
    length += part.length
    if (length >= mostAnswer) break
  }
  return Buffer.concat(parts).subarray(0, mostAnswer).toString('utf8')
}

function wordsFor(error: unknown): string {
  if (error instanceof AddressRefused)
    return 'its address is one under which a cloud tells a machine its own keys'
  const message = messageOf(error)
  return message === '' ? (systemCode(error) ?? 'the connection failed') : message
}
