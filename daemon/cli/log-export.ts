import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import type { LogFilter, LogLine } from '#contract/logs.ts'
import { onOneLine, csvLine } from '#base/record-lines.ts'
import { jsonOf, messageLines } from './log-lines.ts'
import { pagesBack } from './log-pages.ts'
import type { Session } from './session.ts'
import { plural } from './text.ts'
import { mayReplace, toFile, toStdout, type Write } from './whole-file.ts'

export const exportFormats = ['txt', 'jsonl', 'csv'] as const
export type ExportFormat = (typeof exportFormats)[number]

const columns = ['id', 'app', 'source', 'time', 'time_from', 'level', 'kind', 'text'] as const

/** Text on one line, without what a terminal would act on. */
const plain = (text: string): string => onOneLine(messageLines(text, false).join('\n'))

/** A record as each form writes it: one line, whatever the record holds. */
export const recordLine: Readonly<Record<ExportFormat, (record: LogLine) => string>> = {
  jsonl: (record) => `${jsonOf(record)}\n`,
  txt: (record) => {
    const { time, level, app, source, text, messageAt } = record
    return `${time} ${(level ?? '-').toUpperCase().padEnd(5)} ${app}/${onOneLine(source)} ${plain(text.slice(messageAt))}\n`
  },
  csv: (record) => {
    const { id, app, source, time, timeFrom, level, kind, text } = record
    return csvLine([id, app, source, time, timeFrom, level, kind, plain(text)])
  },
}

export interface ExportOptions {
  readonly format: ExportFormat
  readonly output?: string | undefined
  readonly limit?: number | undefined
}

/** Writes everything that matches, the oldest first: to stdout, or to a file that only appears once it is whole. */
export async function exportLogs(session: Session, filter: LogFilter, options: ExportOptions): Promise<void> {
  const { out } = session
  const { format, output } = options
  if (output === undefined) {
    await run(session, filter, options, toStdout)
    return
  }
  await mayReplace(session, output)
  const records = await toFile(output, (write) => run(session, filter, options, write))
  if (out.json) out.data({ format, output: path.resolve(output), records })
  else out.note(`${plural(records, 'record')} written to ${output}.`)
}

/** @returns how many records were written. */
async function run(
  session: Session,
  filter: LogFilter,
  { format, limit }: ExportOptions,
  write: Write,
): Promise<number> {
  const spool = await openSpool()
  try {
    let records = 0
    for await (const { lines } of pagesBack(session, filter, limit)) {
      records += lines.length
      await spool.add(lines.map(recordLine[format]).join(''))
    }
    if (format === 'csv') await write(csvLine(columns))
    for await (const text of spool.backwards()) {
      session.signal.throwIfAborted()
      await write(text)
    }
    return records
  } finally {
    await spool.close()
  }
}

/** Pages come the newest first and are written the oldest first: until then they are in a file that nobody else sees. */
async function openSpool(): Promise<Spool> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quantum-admin-'))
  try {
    return new Spool(await open(path.join(folder, 'pages'), 'wx+', 0o600))
  } finally {
    await rm(folder, { recursive: true })
  }
}

class Spool {
  readonly #file: FileHandle
  readonly #pages: { readonly at: number; readonly length: number }[] = []
  #end = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async add(page: string): Promise<void> {
    const bytes = Buffer.from(page)
    if (bytes.length === 0) return
    await this.#file.writeFile(bytes)
    this.#pages.push({ at: this.#end, length: bytes.length })
    this.#end += bytes.length
  }

  async *backwards(): AsyncGenerator<string> {
    for (const { at, length } of this.#pages.toReversed()) {
      const { buffer } = await this.#file.read(Buffer.alloc(length), 0, length, at)
      yield buffer.toString('utf8')
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
