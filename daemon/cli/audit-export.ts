import { open, rename, rm } from 'node:fs/promises'
import * as path from 'node:path'
import type { AuditFilter } from '#contract/audit.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { filterOf } from './audit-filter.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'

export type ExportOptions = AuditFilter & { readonly format: 'jsonl' | 'csv'; readonly output?: string }

/** `audit export`: the record goes to stdout, or to a file that only appears once it is whole. */
export async function exportTrail(session: Session, options: ExportOptions): Promise<void> {
  const { out } = session
  const { format, output } = options
  if (output === undefined) {
    await run(session, options, toStdout)
    return
  }
  const records = await toFile(output, (write) => run(session, options, write))
  if (out.json) out.data({ format, output: path.resolve(output), records })
  else out.note(`${plural(records, 'record')} written to ${output}.`)
}

/** Settles once there is room for more; undefined when there is. */
type Write = (text: string) => Promise<unknown> | undefined

const toStdout: Write = (text) =>
  process.stdout.write(text) ? undefined : new Promise((resolve) => process.stdout.once('drain', resolve))

async function run(session: Session, options: ExportOptions, write: Write): Promise<number> {
  const progress = new Progress(session)
  try {
    const { records } = await session.command(
      'audit.export',
      { format: options.format, filter: filterOf(options) },
      null,
      {
        // The contract: every piece of this stream is some text of the file.
        onPiece: (piece) => write((piece as { readonly text: string }).text),
        onProgress: (at) => progress.show(at.message, at.percent),
      },
    )
    return records
  } finally {
    progress.clear()
  }
}

/** Writes beside the file and takes its place at the end, readable by its owner only. */
async function toFile(output: string, produce: (write: Write) => Promise<number>): Promise<number> {
  const partial = `${output}.${process.pid}.part`
  const file = await open(partial, 'wx', 0o600).catch((error: unknown) => {
    throw new Failure('wrong-use', `--output: ${messageOf(error)}`, {
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause: error,
    })
  })
  try {
    let written: Promise<unknown> = Promise.resolve()
    const records = await produce((text) => {
      written = written.then(() => file.appendFile(text))
      // The failure is met below, where it is awaited; until then it must not count as unhandled.
      written.catch(() => {})
      return written
    })
    await written
    await file.sync()
    await file.close()
    await rename(partial, output)
    return records
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    if (error instanceof Failure) throw error
    throw new Failure('wrong-use', `${output} could not be written: ${messageOf(error)}`, {
      hint: 'Free some space, or name a file elsewhere.',
      cause: error,
    })
  }
}
