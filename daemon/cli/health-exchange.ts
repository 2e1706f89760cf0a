import { open } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import type { ImportedChecks, ImportedMonitor } from '#contract/health.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import type { Look, Output } from './output.ts'
import type { Session } from './session.ts'
import { table, type Column } from './table.ts'
import { plural } from './text.ts'

/** `health import` and `health export`: the files of Uptime Kuma and Gatus. */
export function declareExchange(noun: Command, session: Session): void {
  noun
    .command('import')
    .description('checks from the backup of an Uptime Kuma (JSON) or a configuration of Gatus (YAML)')
    .argument('<file>', 'the file')
    .option('--app <name>', 'of the app that is to have them')
    .option('--write', 'put them into its quantum.config.yaml; otherwise they are printed', false)
    .action((file: string, options: Importing) => importFile(session, file, options))
  noun
    .command('export')
    .description('the checks as a configuration of another tool; what it cannot say is told')
    .argument('[app]', 'of this app only')
    .addOption(new Option('--format <format>', 'for which tool').choices(['gatus']).default('gatus'))
    .action((app: string | undefined) => exportChecks(session, app))
}

interface Importing {
  readonly app?: string
  readonly write: boolean
}

async function importFile(session: Session, file: string, { app, write }: Importing): Promise<void> {
  const { out } = session
  const text = withoutTheRest(await textOf(file))
  if (text.length > mostText)
    throw new Failure(
      'wrong-use',
      `${file} is too long: without what is no monitor it has ${text.length} characters, and at most ${mostText} are read`,
    )
  if (write && app === undefined)
    throw new Failure('wrong-use', '--write needs --app: say whose checks they are to be')
  const imported =
    write && app !== undefined
      ? await session.command('health.import', { app, text })
      : await session.query('health.preview', { text, ...(app === undefined ? {} : { app }) })
  if (out.json) return out.data(imported)
  const lines = await describe(out, imported)
  for (const line of lines) out.note(line)
  if (imported.written === null && imported.yaml !== '') out.lines(imported.yaml.trimEnd().split('\n'))
}

/** A backup with thousands of monitors has a few; what is longer is something else. */
const mostBytes = 16 * 1024 * 1024
/** What one request carries. */
const mostText = 900_000

async function textOf(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new Failure('wrong-use', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  })
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new Failure('wrong-use', `${file} is no file`)
    if (found.size > mostBytes)
      throw new Failure('wrong-use', `${file} has ${found.size} bytes; at most ${mostBytes} are read`)
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

/**
 * A backup without what is no monitor: notifications with their passwords need not go anywhere, and the indentation takes
 * more room than all it indents. What is no JSON goes as it is, for the daemon to say what is wrong with it.
 */
function withoutTheRest(text: string): string {
  if (!text.trimStart().startsWith('{')) return text
  try {
    const { version, monitorList, notificationList } = JSON.parse(text) as Record<string, unknown>
    const count = Array.isArray(notificationList) ? notificationList.length : 0
    const kept = {
      version,
      monitorList,
      notificationList: Array.from({ length: Math.min(count, 1000) }, () => 0),
    }
    return JSON.stringify(kept, (_, value: unknown) => (value === null ? undefined : value))
  } catch {
    return text
  }
}

const outcomes: Readonly<Record<ImportedMonitor['outcome'], { readonly text: string; readonly look: Look }>> =
  {
    mapped: { text: 'taken', look: 'green' },
    partly: { text: 'in part', look: 'yellow' },
    'left-out': { text: 'left out', look: 'red' },
  }

const columns: readonly Column<ImportedMonitor>[] = [
  { title: 'MONITOR', least: 10, value: ({ name }) => name, look: () => 'bold' },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'CHECK', least: 8, value: ({ check }) => check ?? '' },
  {
    title: 'OUTCOME',
    value: ({ outcome }) => outcomes[outcome].text,
    look: ({ outcome }) => outcomes[outcome].look,
  },
  { title: 'WHERE', spare: 1, value: ({ where }) => where },
]

async function describe(out: Output, imported: ImportedChecks): Promise<readonly string[]> {
  const { format, version, monitors, notes, secrets, written } = imported
  const tool = format === 'gatus' ? 'Gatus' : `Uptime Kuma${version === null ? '' : ` ${printable(version)}`}`
  const taken = monitors.filter(({ check }) => check !== null).length
  const summary = `${tool}: ${plural(monitors.length, 'monitor')}, ${taken} taken, ${monitors.length - taken} left out.`
  return [
    summary,
    ...(monitors.length === 0 ? [] : await table(out, columns, monitors)),
    // Whole, whatever the width of the terminal is: what is lost is lost for good.
    ...monitors.flatMap(({ name, where, notes: own }) =>
      own.map((note) => `${printable(name)}, ${printable(where)}: ${printable(note)}`),
    ),
    ...notes.map((note) => printable(note)),
    ...secrets.map(
      ({ secret, check, holds }) =>
        `Set the secret of ${printable(check)}: \`quantum-admin secrets set ${printable(secret)}\`. It is to hold ${printable(holds)}.`,
    ),
    ...(written === null ? [] : [`${plural(taken, 'check')} written to ${printable(written)}.`]),
  ]
}

async function exportChecks(session: Session, app: string | undefined): Promise<void> {
  const { out } = session
  const exported = await session.query('health.export', {
    format: 'gatus',
    ...(app === undefined ? {} : { app }),
  })
  if (out.json) return out.data(exported)
  for (const note of exported.notes) out.note(printable(note))
  out.lines(exported.text.trimEnd().split('\n'))
}
