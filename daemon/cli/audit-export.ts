import * as path from 'node:path'
import type { AuditFilter } from '#contract/audit.ts'
import { filterOf } from './audit-filter.ts'
import { Progress } from './progress.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'
import { toFile, toStdout, type Write } from './whole-file.ts'

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
