import type { SecretKeyPlace, SecretRow } from '#contract/secrets.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { relativeTime } from './text.ts'

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('the names of all secrets; what they hold is never shown')
    .action(() => list(session))
  noun
    .command('set')
    .description('keep a secret: what it holds is asked for, or read from standard input')
    .argument('<name>', 'what to call it')
    .action((name: string) => set(session, name))
  noun
    .command('remove')
    .description('forget a secret')
    .argument('<name>', 'its name in the list')
    .action((name: string) => remove(session, name))
  noun
    .command('rotate')
    .description('encrypt all secrets with a new key')
    .action(() => rotate(session))
}

const columns = (now: number): readonly Column<SecretRow>[] => [
  { title: 'NAME', least: 12, value: ({ name }) => name, look: () => 'bold' },
  { title: 'CHANGED', value: ({ changedAt }) => relativeTime(changedAt, now) },
]

async function list(session: Session): Promise<void> {
  const { out } = session
  const { rows, key } = await session.query('secrets.list', {})
  if (out.json) return out.data({ rows, key })
  if (rows.length === 0) return out.line('There is no secret. `quantum-admin secrets set NAME` keeps one.')
  out.lines(await table(out, columns(Date.now()), rows))
  if (key !== null) out.note(keyText(key))
}

const keyText = (key: SecretKeyPlace): string =>
  key === 'keychain'
    ? 'They are sealed with a key of your keychain.'
    : 'They are sealed with a key in a file beside them, which only your user can read.'

async function set(session: Session, name: string): Promise<void> {
  const { out } = session
  const { readSecret } = await import('./read-secret.ts')
  const value = await readSecret(`What ${printable(name)} holds (not shown): `, session.signal)
  if (value === '') throw new Failure('wrong-use', 'A secret must hold something')
  const row = await session.command('secrets.set', { name, value })
  if (out.json) return out.data(row)
  out.line(`The secret ${row.name} is kept.`)
  out.note(`Name it as secret:${row.name} where a password is wanted.`)
}

async function remove(session: Session, name: string): Promise<void> {
  const { out } = session
  const found = (await session.query('secrets.list', {})).rows.find((row) => row.name === name)
  if (found === undefined)
    throw new Failure('not-found', `There is no secret ${JSON.stringify(name)}`, {
      hint: '`quantum-admin secrets list` shows them all.',
    })
  const touches = fields(out, [
    ['Secret', name],
    ['Changed', relativeTime(found.changedAt, Date.now())],
    ['Then', 'what names it can no longer connect, and nobody can bring it back'],
  ])
  await session.command('secrets.remove', { name }, { question: 'Forget this secret?', name, touches })
  if (out.json) out.data({ name })
  else out.line(`The secret ${printable(name)} was removed.`)
}

async function rotate(session: Session): Promise<void> {
  const { out } = session
  const { key } = await session.command('secrets.rotate', {})
  if (out.json) return out.data({ key })
  out.line('All secrets are sealed with a new key.')
  out.note(keyText(key))
}
