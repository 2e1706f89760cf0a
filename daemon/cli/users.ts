import { Option } from 'commander'
import type { Role } from '#contract/method.ts'
import type { TokenSummary, User } from '#contract/users.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { days } from './arguments.ts'
import type { Declare } from './noun.ts'
import type { Session } from './session.ts'
import { fields, table, type Column } from './table.ts'
import { plural, relativeTime } from './text.ts'

const roles: readonly Role[] = ['viewer', 'operator', 'admin']

export const declare: Declare = (noun, session) => {
  noun
    .command('list')
    .description('who may connect over the network, and their tokens')
    .action(() => list(session))
  noun
    .command('add')
    .description('let somebody connect over the network')
    .argument('<name>', 'letters, digits and . _ @ -')
    .addOption(
      new Option('--role <role>', 'viewer looks, operator acts, admin manages users')
        .choices(roles)
        .default('viewer'),
    )
    .action((name: string, { role }: { readonly role: Role }) => add(session, name, role))
  noun
    .command('remove')
    .description('remove somebody and revoke their tokens')
    .argument('<name>', 'their name')
    .action((name: string) => remove(session, name))
  noun
    .command('token')
    .description('make a token, which is printed once and never again')
    .argument('<name>', 'whose')
    .addOption(
      new Option('--expires <days>', 'how long it is good for')
        .argParser(days('--expires'))
        .default(90, '90d'),
    )
    .action((name: string, { expires }: { readonly expires: number }) => token(session, name, expires))
  noun
    .command('revoke')
    .description('make a token useless')
    .argument('<token-id>', 'its id in the list')
    .action((id: string) => revoke(session, id))
}

async function list(session: Session): Promise<void> {
  const { out } = session
  const users = await session.query('users.list', {})
  if (out.json) return out.data(users)
  if (users.length === 0)
    return out.line('Nobody may connect over the network. Let somebody with `quantum-admin users add NAME`.')
  const rows = users.flatMap((user): Row[] =>
    user.tokens.length === 0 ? [{ user, token: null }] : user.tokens.map((token) => ({ user, token })),
  )
  out.lines(await table(out, columns(Date.now()), rows))
}

interface Row {
  readonly user: User
  readonly token: TokenSummary | null
}

const columns = (now: number): readonly Column<Row>[] => [
  { title: 'NAME', least: 8, value: ({ user }) => user.name, look: () => 'bold' },
  { title: 'ROLE', value: ({ user }) => user.role },
  { title: 'ADDED', spare: 2, value: ({ user }) => relativeTime(user.createdAt, now) },
  { title: 'TOKEN', value: ({ token }) => token?.id ?? '(none)' },
  {
    title: 'STATE',
    value: ({ token }) => (token === null ? '' : tokenState(token, now)),
    look: ({ token }) => (token === null || usable(token, now) ? undefined : 'dim'),
  },
  {
    title: 'LAST USED',
    spare: 1,
    value: ({ token }) => (token === null ? '' : relativeTime(token.lastUsedAt, now) || 'never'),
  },
]

const usable = (token: TokenSummary, now: number): boolean =>
  token.revokedAt === null && Date.parse(token.expiresAt) > now

function tokenState(token: TokenSummary, now: number): string {
  if (token.revokedAt !== null) return `revoked ${relativeTime(token.revokedAt, now)}`
  return `${usable(token, now) ? 'expires' : 'expired'} ${relativeTime(token.expiresAt, now)}`
}

async function add(session: Session, name: string, role: Role): Promise<void> {
  const { out } = session
  const user = await session.command('users.add', { name, role })
  if (out.json) return out.data(user)
  out.line(`${user.name} may connect as ${user.role}.`)
  out.note(`Make a token with \`quantum-admin users token ${user.name}\`.`)
}

async function remove(session: Session, name: string): Promise<void> {
  const { out } = session
  const user = (await session.query('users.list', {})).find((candidate) => candidate.name === name)
  if (user === undefined) throw unknown('user', name)
  const now = Date.now()
  await session.command(
    'users.remove',
    { name },
    {
      question: 'Remove this user?',
      name,
      touches: fields(out, [
        ['User', `${user.name} (${user.role})`],
        ['Added', relativeTime(user.createdAt, now)],
        [
          'Tokens',
          `${plural(user.tokens.filter((token) => usable(token, now)).length, 'token')} will stop working`,
        ],
      ]),
    },
  )
  if (out.json) out.data({ name })
  else out.line(`${user.name} may no longer connect.`)
}

async function token(session: Session, name: string, expiresInDays: number): Promise<void> {
  const { out } = session
  const made = await session.command('users.token', { name, expiresInDays })
  if (out.json) return out.data(made)
  out.line(made.token)
  out.note(
    `It is shown this once only. Id ${made.id}, expires ${relativeTime(made.expiresAt, Date.now())} (${made.expiresAt}).`,
  )
}

async function revoke(session: Session, id: string): Promise<void> {
  const { out } = session
  const users = await session.query('users.list', {})
  const owner = users.find((user) => user.tokens.some((candidate) => candidate.id === id))
  const found = owner?.tokens.find((candidate) => candidate.id === id)
  if (owner === undefined || found === undefined) throw unknown('token', id)
  const touches = fields(out, [
    ['Token', found.id],
    ['Of', `${owner.name} (${owner.role})`],
    ['State', tokenState(found, Date.now())],
  ])
  await session.command(
    'users.revoke',
    { tokenId: id },
    { question: 'Revoke this token?', name: id, touches },
  )
  if (out.json) out.data({ id })
  else out.line(`The token ${printable(id)} of ${owner.name} no longer works.`)
}

const unknown = (what: string, name: string): Failure =>
  new Failure('not-found', `There is no ${what} ${JSON.stringify(name)}`, {
    hint: '`quantum-admin users list` shows them all.',
  })
