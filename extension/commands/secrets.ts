import { l10n, window } from 'vscode'
import { Failure } from '#base/failure.ts'
import { removal, type Actions } from '../actions.ts'
import { label } from '../display.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

/** What can be done with secrets. What they hold goes to the daemon and is kept nowhere here. */
export const secretCommands = (deps: { readonly actions: Actions; readonly targets: Targets }): Handlers => ({
  'quantumAdmin.setSecret': () => setSecret(deps.actions),
  'quantumAdmin.removeSecret': async () =>
    removeSecret(deps.actions, await deps.targets.secret(l10n.t('Remove a Secret'))),
})

export const isPlainName = (text: string): boolean => /^[A-Za-z0-9][\w.-]{0,99}$/.test(text)

export const nameHint = (): string =>
  l10n.t('Letters, digits and . _ - only, beginning with a letter or digit, at most 100.')

async function setSecret(actions: Actions): Promise<void> {
  actions.requireTrust()
  const name = await window.showInputBox({
    title: l10n.t('Set a Secret'),
    prompt: l10n.t('A name, by which configurations ask for it: secret:NAME'),
    ignoreFocusOut: true,
    validateInput: (text) => (isPlainName(text) ? undefined : nameHint()),
  })
  if (name === undefined) throw new Failure('cancelled', 'Nothing was set')
  await askSecret(actions, name)
  window.setStatusBarMessage(l10n.t('The secret {0} is kept', label(name)), 5000)
}

/** Asks for what a secret holds, without showing it, and hands it to the daemon. @throws Failure `cancelled`. */
export async function askSecret(actions: Actions, name: string): Promise<void> {
  const title = l10n.t('Secret {0}', label(name))
  const value = await window.showInputBox({
    title,
    prompt: l10n.t('What it holds; nobody is shown it again'),
    password: true,
    ignoreFocusOut: true,
  })
  if (value === undefined || value === '') throw new Failure('cancelled', 'Nothing was set')
  await actions.run({
    name: 'secrets.set',
    params: { name, value },
    question: { message: title, detail: '', yes: l10n.t('Set'), name },
  })
}

async function removeSecret(actions: Actions, name: string): Promise<void> {
  const detail = l10n.t('What names it can no longer connect, and nobody can bring it back.')
  const question = removal(name, l10n.t('Remove the secret {0}?', label(name)), detail)
  await actions.run({ name: 'secrets.remove', params: { name }, question })
  window.setStatusBarMessage(l10n.t('The secret {0} was removed', label(name)), 5000)
}
