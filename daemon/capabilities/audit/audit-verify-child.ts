import { spawn } from 'node:child_process'
import type { AuditVerification } from '#contract/audit.ts'
import { Failure } from '#base/failure.ts'
import { asNode } from '#base/node-runtime.ts'
import type { Pin } from './audit-verify.ts'

/**
 * Verifies in a process of its own and answers what it prints.
 * @throws Failure `internal` when it ends without an answer, `cancelled` when aborted.
 */
export function verifyInChild(options: {
  readonly command: readonly string[]
  /** The state folder. */
  readonly home: string
  readonly pin: Pin | undefined
  readonly signal: AbortSignal
}): Promise<AuditVerification> {
  const [program, ...before] = options.command
  if (program === undefined) throw new Error('No command to verify with was given')
  return new Promise((resolve, reject) => {
    const { pin } = options
    const pinned = pin === undefined ? [] : [`--pin=${pin.sequence}:${pin.hash}`]
    const child = spawn(program, [...before, `--home=${options.home}`, ...pinned], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...asNode },
      signal: options.signal,
    })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-2000)))
    child.on('error', (cause) => {
      const code = options.signal.aborted ? 'cancelled' : 'internal'
      reject(new Failure(code, `The verification could not run: ${cause.message}`, { cause }))
    })
    child.on('close', (status) => {
      const answer = parseAnswer(output)
      if (answer !== null) resolve(answer)
      else reject(new Failure('internal', `The verification ended with ${status}: ${errors.trim()}`))
    })
  })
}

function parseAnswer(text: string): AuditVerification | null {
  try {
    return JSON.parse(text) as AuditVerification
  } catch {
    // It died before it could answer; its standard error says why.
    return null
  }
}
