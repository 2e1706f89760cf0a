import { env, l10n, window, type QuickPickItem } from 'vscode'
import { leaseNamePattern, longestLeaseName } from '#contract/lease-name.ts'
import type { Lease, LeaseKind } from '#contract/leases.ts'
import { Failure } from '#base/failure.ts'
import type { Actions } from '../actions.ts'
import { label } from '../display.ts'
import type { Documents } from '../documents.ts'
import type { Model } from '../model.ts'
import { isResourceNode } from '../views/nodes.ts'
import { leaseLines } from '../views/lease-item.ts'
import { linesOf } from '../views/tooltip.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface LeaseCommandsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly targets: Targets
  readonly documents: Documents
}

/** What can be done with leases. */
export const leaseCommands = (deps: LeaseCommandsDeps): Handlers => ({
  'quantumAdmin.leases.allocate': () => allocate(deps.actions),
  'quantumAdmin.leases.release': (node) => release(deps, node),
  'quantumAdmin.leases.show': async (node) => {
    const { name } = await deps.targets.lease(node, l10n.t('Show a Lease'))
    await deps.documents.show('lease', name, l10n.t('Lease {0}', name))
  },
})

async function allocate(actions: Actions): Promise<void> {
  const title = l10n.t('Lease a Port')
  const name = await window.showInputBox({
    title,
    prompt: l10n.t('A name for the lease; the same name always gets the same port.'),
    placeHolder: 'shop/web',
    ignoreFocusOut: true,
    validateInput: (text) => (isName(text) ? undefined : badName()),
  })
  if (name === undefined) throw declined()
  const picked = await window.showQuickPick(kindChoices(), { title, ignoreFocusOut: true })
  if (picked === undefined) throw declined()
  const port = picked.leaseKind === undefined ? await askPort(title) : undefined
  const lease = await actions.run({
    name: 'leases.allocate',
    params: {
      name,
      ...(picked.leaseKind === undefined ? {} : { kind: picked.leaseKind }),
      ...(port === undefined ? {} : { port }),
    },
    question: { message: title, detail: name, yes: title, name },
  })
  // Waiting for the person would keep the command, and with it the walkthrough's step, unfinished.
  void offer(lease)
}

const isName = (text: string): boolean => text.length <= longestLeaseName && leaseNamePattern.test(text)

const badName = (): string =>
  l10n.t('Letters, digits and . _ @ / - only, beginning with a letter or digit, at most 100.')

async function offer({ name, port }: Lease): Promise<void> {
  const copy = l10n.t('Copy Port')
  const message = l10n.t('Port {0} is now leased to {1}.', port, label(name))
  if ((await window.showInformationMessage(message, copy)) === copy)
    await env.clipboard.writeText(String(port))
}

interface KindChoice extends QuickPickItem {
  /** Undefined for a port of the person's own choice. */
  readonly leaseKind: LeaseKind | undefined
}

function kindChoices(): readonly KindChoice[] {
  const kinds: Readonly<Record<LeaseKind, string>> = {
    web: l10n.t('A page or API in the browser'),
    database: l10n.t('A database'),
    queue: l10n.t('A message queue'),
    cache: l10n.t('A cache'),
    app: l10n.t('Any other service'),
  }
  return [
    ...Object.entries(kinds).map(([kind, description]) => ({
      // The keys are exactly the kinds: with one missing or too many it does not compile.
      leaseKind: kind as LeaseKind,
      label: kind,
      description,
    })),
    { leaseKind: undefined, label: l10n.t('A certain port…'), description: l10n.t('You choose the number') },
  ]
}

async function askPort(title: string): Promise<number> {
  const text = await window.showInputBox({
    title,
    prompt: l10n.t('The port, 1 to 65535'),
    ignoreFocusOut: true,
    validateInput: (value) => (isPort(value) ? undefined : l10n.t('A port is a number from 1 to 65535.')),
  })
  if (text === undefined) throw declined()
  return Number(text)
}

const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

const declined = (): Failure => new Failure('cancelled', 'Nothing was leased')

async function release({ model, actions, targets }: LeaseCommandsDeps, node: unknown): Promise<void> {
  const { rows } = await model.query('leases.list', {})
  const ofPort = isResourceNode(node) && node.kind === 'port' ? node.holding.row.lease : null
  const name = ofPort ?? (await targets.lease(node, l10n.t('Release a Lease'))).name
  const lease = rows.find((row) => row.name === name)
  if (lease === undefined) throw new Failure('not-found', `There is no lease named ${name}`)
  await actions.run({
    name: 'leases.release',
    params: { name },
    question: {
      message: l10n.t('Release the lease {0}? Anybody may get port {1} then.', label(name), lease.port),
      detail: linesOf(leaseLines(lease)).join('\n'),
      yes: l10n.t('Release'),
      name,
    },
  })
}
