import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure } from '#base/failure.ts'
import { examinePlain, refuseInSilence, type HandshakePolicy } from './handshake.ts'

/** Something that programs read with a plain GET. */
export interface Page {
  readonly contentType: string
  text(): Promise<string>
}

/** What stands at a path, with its query; null where nothing does. */
export type PageAt = (path: string) => Page | null

/** Answers with a page whoever shows what a handshake asks for; anybody else is told nothing. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  page: Page,
  policy: HandshakePolicy,
): Promise<void> {
  const socket = response.socket ?? request.socket
  try {
    const caller = await examinePlain(request, policy)
    if (caller instanceof Failure) return refuseInSilence(socket, caller)
    const text = await page.text()
    response.writeHead(200, {
      'Content-Type': page.contentType,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    })
    response.end(text)
  } catch {
    // It has no words for a program that collects numbers; what is wrong is seen where people look.
    refuseInSilence(socket, new Failure('overloaded', 'It cannot be told'))
  }
}
