import type { Command } from 'commander'
import type { HookRow, HookTest } from '#contract/health.ts'
import { Failure } from '#base/failure.ts'
import type { Session } from './session.ts'
import { table, type Column } from './table.ts'
import { plural } from './text.ts'

/** What is told of incidents, below their noun. */
export function declareHooks(noun: Command, session: Session): void {
  const hooks = noun
    .command('hooks')
    .description('what is called when an incident is opened, acknowledged or resolved')
    .argument('[app]', 'of this app only')
    .action((app: string | undefined) => list(session, app))
  hooks
    .command('test')
    .description('call what an app names with a message that says it is a test; exit code 6 when it fails')
    .argument('<app>', 'its name in the list')
    .option('--environment <name>', 'where the app runs that is meant')
    .action((app: string, options: { readonly environment?: string }) => test(session, { app, ...options }))
}

async function list(session: Session, app: string | undefined): Promise<void> {
  const { out } = session
  const rows = await session.query('incidents.hooks', app === undefined ? {} : { app })
  if (out.json) return out.data(rows)
  if (rows.length > 0) return out.lines(await table(out, columns, rows))
  out.line('Nobody is told of incidents. `quantum-admin docs health` says how a webhook or a command is.')
}

const where = { title: 'WHERE', value: ({ environment }: Pick<HookRow, 'environment'>) => environment ?? '' }

const columns: readonly Column<HookRow>[] = [
  { title: 'APP', least: 8, value: ({ app }) => app, look: () => 'bold' },
  where,
  { title: 'HOOK', value: ({ hook }) => hook },
  { title: 'STATE', value: ({ state }) => state, look: ({ state }) => (state === 'ready' ? 'green' : 'red') },
  { title: 'WAITING', value: ({ waiting }) => String(waiting), align: 'right' },
  { title: 'TOLD', value: ({ told }) => String(told), align: 'right', spare: 3 },
  { title: 'TARGET', least: 12, spare: 2, value: ({ target }) => target, look: () => 'dim' },
  { title: 'NOTE', least: 10, spare: 1, value: ({ error }) => error?.message ?? '' },
]

async function test(
  session: Session,
  chosen: { readonly app: string; readonly environment?: string },
): Promise<void> {
  const { out } = session
  const rows = await session.command('incidents.testHooks', chosen)
  if (out.json) out.data(rows)
  else out.lines(await table(out, testColumns, rows))
  const bad = rows.filter(({ error }) => error !== null)
  if (bad.length === 0) return
  throw new Failure('hook-failed', `${plural(bad.length, 'hook')} of ${chosen.app} did not take the message`)
}

const testColumns: readonly Column<HookTest>[] = [
  { title: 'HOOK', value: ({ hook }) => hook },
  where,
  {
    title: 'RESULT',
    value: ({ error }) => (error === null ? 'told' : 'failed'),
    look: ({ error }) => (error === null ? 'green' : 'red'),
  },
  { title: 'TOOK', value: ({ tookMs }) => `${tookMs} ms` },
  { title: 'TARGET', least: 12, spare: 2, value: ({ target }) => target, look: () => 'dim' },
  { title: 'NOTE', least: 10, spare: 1, value: ({ error }) => error ?? '' },
]
