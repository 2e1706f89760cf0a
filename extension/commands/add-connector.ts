import { l10n, window, type QuickPickItem } from 'vscode'
import type { ConnectorRow, ConnectorTls, ConnectorType } from '#contract/connectors.ts'
import { Failure } from '#base/failure.ts'
import type { Actions } from '../actions.ts'
import type { Model } from '../model.ts'
import { connectorTypeWord } from '../views/connector-item.ts'
import { askSecret, isPlainName, nameHint } from './secrets.ts'

const examples: Readonly<Record<ConnectorType, string>> = {
  postgresql: 'postgresql://postgres@localhost:5432/postgres',
  mysql: 'mysql://root@localhost:3306/mysql',
  redis: 'redis://localhost:6379',
  rabbitmq: 'amqp://guest@localhost:5672',
  http: 'http://localhost:8080/',
  sqlite: 'sqlite:/path/of/the/file.db',
}

interface Choice<T> extends QuickPickItem {
  readonly value: T
}

const steps = 5

/**
 * Asks for a connector step by step and adds it.
 * @throws Failure `cancelled`, `untrusted`, and what adding throws.
 */
export async function addConnector({
  actions,
  model,
}: {
  readonly actions: Actions
  readonly model: Model
}): Promise<ConnectorRow> {
  actions.requireTrust()
  const title = (step: number) => l10n.t('Add a Connector ({0} of {1})', step, steps)
  const type = await pick(title(1), typeChoices())
  const name = await ask({ title: title(2), prompt: l10n.t('What to call it'), validateInput: badName })
  const url = await ask({
    title: title(3),
    prompt: l10n.t('Its address, without a password'),
    value: examples[type],
    validateInput: badAddress,
  })
  const password = type === 'sqlite' ? null : await askPassword(actions, model, title(4), name)
  const tls = hasTlsChoice(type, url) ? await pick(title(5), tlsChoices()) : null
  const params = {
    name,
    url,
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls }),
  }
  return actions.run({
    name: 'connectors.add',
    params,
    question: { message: title(steps), detail: url, yes: l10n.t('Add'), name },
  })
}

async function pick<T>(title: string, choices: readonly Choice<T>[]): Promise<T> {
  const picked = await window.showQuickPick(choices, { title, ignoreFocusOut: true })
  if (picked === undefined) throw new Failure('cancelled', 'Nothing was added')
  return picked.value
}

async function ask(options: {
  readonly title: string
  readonly prompt: string
  readonly value?: string
  readonly validateInput: (text: string) => string | undefined
}): Promise<string> {
  const text = await window.showInputBox({ ...options, ignoreFocusOut: true })
  if (text === undefined) throw new Failure('cancelled', 'Nothing was added')
  return text.trim()
}

const typeChoices = (): readonly Choice<ConnectorType>[] =>
  (['postgresql', 'mysql', 'redis', 'rabbitmq', 'http', 'sqlite'] as const).map((value) => ({
    label: connectorTypeWord(value),
    description: examples[value],
    value,
  }))

const badName = (text: string): string | undefined => (isPlainName(text.trim()) ? undefined : nameHint())

const schemes = /^(?:sqlite|file|postgres|postgresql|mysql|mariadb|redis|rediss|https?|amqps?):/i

function badAddress(text: string): string | undefined {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null
  if (url === null || !schemes.test(text.trim())) return l10n.t('An address such as {0}', examples.redis)
  return url.password === ''
    ? undefined
    : l10n.t('Without a password: that is asked for next, and kept as a secret.')
}

/** What says by itself whether TLS is spoken, or cannot be spoken to with it, leaves no choice. */
const hasTlsChoice = (type: ConnectorType, url: string): boolean =>
  type !== 'sqlite' && type !== 'http' && !/^(?:rediss|amqps):/i.test(url)

const tlsChoices = (): readonly Choice<ConnectorTls>[] => [
  { label: l10n.t('Without TLS'), description: l10n.t('as on this machine'), value: 'off' },
  { label: l10n.t('With TLS'), description: l10n.t('its certificate must be trusted'), value: 'on' },
  {
    label: l10n.t('With TLS, unverified'),
    description: l10n.t('anybody may be at the other end'),
    value: 'unverified',
  },
]

/** @returns where the password comes from; null without one. */
async function askPassword(
  actions: Actions,
  model: Model,
  title: string,
  name: string,
): Promise<string | null> {
  const { rows } = await model.query('secrets.list', {})
  const choices: readonly Choice<string>[] = [
    { label: l10n.t('No Password'), value: 'none' },
    { label: l10n.t('New Secret…'), description: l10n.t('asked for now, kept by the daemon'), value: 'new' },
    ...rows.map((row) => ({
      label: row.name,
      description: l10n.t('a secret that is kept'),
      value: `secret:${row.name}`,
    })),
  ]
  const picked = await pick(title, choices)
  if (picked === 'none') return null
  if (picked !== 'new') return picked
  const taken = new Set(rows.map((row) => row.name))
  const secret = taken.has(name) ? `${name}-password` : name
  await askSecret(actions, secret)
  return `secret:${secret}`
}
