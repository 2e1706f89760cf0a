import { get } from 'node:http'
import { systemCode, messageOf } from '#base/failure.ts'

/**
 * Asks a server of this machine for a path. Redirects are answers, and bodies are not read.
 * @returns the HTTP status, or in words why there is none.
 */
export async function askStatus(port: number, path: string, timeoutMs: number): Promise<number | string> {
  const answer = await ask('127.0.0.1', port, path, timeoutMs)
  if (answer.status !== null) return answer.status
  // It may listen on the other family alone.
  const other = answer.code === 'ECONNREFUSED' ? await ask('::1', port, path, timeoutMs) : answer
  return other.status ?? other.why
}

interface Answer {
  readonly status: number | null
  readonly code: string | undefined
  readonly why: string
}

function ask(host: string, port: number, path: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = { host: `localhost:${port}`, 'user-agent': 'quantum-admin', connection: 'close' }
    const request = get({ host, port, path, headers, signal, agent: false }, (response) => {
      response.destroy()
      resolve({ status: response.statusCode ?? null, code: undefined, why: 'gave no status' })
    })
    request.on('error', (error) => {
      const why = signal.aborted
        ? `did not answer within ${timeoutMs} ms`
        : `gave no answer: ${messageOf(error)}`
      resolve({ status: null, code: systemCode(error), why })
    })
  })
}
