import type { AuditVerification } from '#contract/audit.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { askProgram } from './daemon-process.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'

export interface VerifyOptions {
  readonly file?: string
  readonly offline: boolean
  readonly pin?: string
}

/** `audit verify`: asks the daemon, or reads the files where there is none or none is wanted. */
export async function verify(session: Session, options: VerifyOptions): Promise<void> {
  const { out } = session
  const pin = options.pin === undefined ? undefined : parsePin(options.pin)
  const offline = options.offline || options.file !== undefined
  if (offline) session.localOnly(options.file === undefined ? '--offline' : '--file')
  const result = offline ? await fromFiles(session, options) : await fromDaemon(session, options, pin)
  if (out.json) out.data(result)
  else out.line(sentence(session, result))
  if (!result.ok)
    throw new Failure('verify-failed', result.reason ?? 'The audit trail is not as it was written')
}

interface Pin {
  readonly sequence: number
  readonly hash: string
}

function parsePin(text: string): Pin {
  const match = /^([1-9]\d{0,14}):([0-9a-fA-F]{64})$/.exec(text)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Failure(
      'wrong-use',
      `--pin must be SEQUENCE:HASH as \`audit checkpoint\` printed it, not ${JSON.stringify(text.slice(0, 100))}`,
    )
  }
  return { sequence: Number(match[1]), hash: match[2].toLowerCase() }
}

async function fromDaemon(
  session: Session,
  options: VerifyOptions,
  pin: Pin | undefined,
): Promise<AuditVerification> {
  session.connectOnly()
  const progress = new Progress(session)
  try {
    return await session.query('audit.verify', pin === undefined ? {} : { pin }, {
      onProgress: ({ message, percent }) => progress.show(message, percent),
    })
  } catch (error) {
    const absent = error instanceof Failure && error.code === 'daemon-unreachable'
    if (!absent || session.remote || session.signal.aborted) throw error
    return await fromFiles(session, options)
  } finally {
    progress.clear()
  }
}

/** The daemon's own program reads the files; this process never opens the store. */
async function fromFiles(session: Session, options: VerifyOptions): Promise<AuditVerification> {
  // With `=`, a name that begins with a dash stays a name.
  const words = ['verify']
  if (options.file !== undefined) words.push(`--file=${options.file}`)
  if (options.pin !== undefined) words.push(`--pin=${options.pin}`)
  return JSON.parse(await askProgram(words, session.signal)) as AuditVerification
}

function sentence(
  { out }: Session,
  { ok, entries, checkpoints, firstBadSequence, reason }: AuditVerification,
): string {
  const counted = `${plural(entries, 'entry', 'entries')}, ${plural(checkpoints, 'checkpoint')}`
  if (ok) return `${out.paint('green', 'The audit trail is as it was written')}: ${counted}.`
  const where = firstBadSequence === null ? '' : ` First bad record: ${firstBadSequence}.`
  return `${out.paint('red', 'The audit trail was changed')}: ${printable(reason ?? 'see below')}.${where} ${counted}.`
}
