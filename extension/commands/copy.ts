import { env, l10n, window } from 'vscode'
import { Failure } from '#base/failure.ts'
import { fullText } from '../display.ts'
import { isResourceNode, type ResourceNode } from '../views/nodes.ts'
import { addressOf } from '../views/port-item.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

/** Puts parts of an entry on the clipboard; what a terminal would act on when pasted is written out. */
export const copyCommands = (targets: Targets): Handlers => ({
  'quantumAdmin.copyPort': async (node) => {
    if (isResourceNode(node) && node.kind === 'lease') return copy(node.lease.port)
    return copy((await targets.port(node, l10n.t('Copy Port'))).port)
  },
  'quantumAdmin.copyAddress': async (node) =>
    copy(addressOf((await targets.port(node, l10n.t('Copy Address'))).row)),
  'quantumAdmin.copyPid': async (node) => copy((await holder(targets, node, l10n.t('Copy Process Id'))).pid),
  'quantumAdmin.copyCommand': async (node) =>
    copy((await holder(targets, node, l10n.t('Copy Command'))).command),
  'quantumAdmin.copyName': async (node) => {
    if (isResourceNode(node) && node.kind === 'lease') return copy(node.lease.name)
    return copy((await targets.container(node, l10n.t('Copy Name'))).name)
  },
  'quantumAdmin.copyId': async (node) =>
    copy((await targets.container(node, l10n.t('Copy Container Id'))).id),
})

/** The process of an entry, or of what the person picks. */
async function holder(
  targets: Targets,
  node: unknown,
  title: string,
): Promise<{ readonly pid: number | null; readonly command: string | null }> {
  if (isPortNode(node)) return node.holding.row
  return targets.process(node, title)
}

const isPortNode = (node: unknown): node is Extract<ResourceNode, { kind: 'port' }> =>
  isResourceNode(node) && node.kind === 'port'

async function copy(value: string | number | null): Promise<void> {
  if (value === null) throw new Failure('not-found', 'This is not known, so there is nothing to copy')
  const text = fullText(String(value))
  await env.clipboard.writeText(text)
  window.setStatusBarMessage(l10n.t('Copied'), 2000)
}
