import { l10n } from 'vscode'
import type { ContainerRow } from '#contract/resources.ts'
import type { Actions } from '../actions.ts'
import { label } from '../display.ts'
import type { Documents } from '../documents.ts'
import type { ContainerLogs } from '../logs/container-logs.ts'
import { containerLines } from '../views/container-item.ts'
import { linesOf } from '../views/tooltip.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface ContainerCommandsDeps {
  readonly actions: Actions
  readonly targets: Targets
  readonly documents: Documents
  readonly logs: ContainerLogs
}

const runs = ({ state }: ContainerRow): boolean => ['running', 'paused', 'restarting'].includes(state)
const stopped = (row: ContainerRow): boolean => !runs(row)

/** What can be done with a container. */
export const containerCommands = (deps: ContainerCommandsDeps): Handlers => ({
  'quantumAdmin.containers.start': async (node) =>
    change(
      deps.actions,
      'containers.start',
      await deps.targets.container(node, l10n.t('Start a Container'), stopped),
    ),
  'quantumAdmin.containers.stop': async (node) =>
    change(
      deps.actions,
      'containers.stop',
      await deps.targets.container(node, l10n.t('Stop a Container'), runs),
    ),
  'quantumAdmin.containers.restart': async (node) =>
    change(
      deps.actions,
      'containers.restart',
      await deps.targets.container(node, l10n.t('Restart a Container')),
    ),
  'quantumAdmin.containers.logs': async (node) =>
    deps.logs.follow(await deps.targets.container(node, l10n.t('Follow the Logs of a Container'))),
  'quantumAdmin.containers.stopLogs': async (node) =>
    deps.logs.stop(
      await deps.targets.container(node, l10n.t('Stop Following Logs'), ({ id }) =>
        deps.logs.isFollowing(id),
      ),
    ),
  'quantumAdmin.containers.show': async (node) => {
    const row = await deps.targets.container(node, l10n.t('Show a Container'))
    await deps.documents.show('container', row.id, row.name)
  },
})

type ContainerCommand = 'containers.start' | 'containers.stop' | 'containers.restart'

async function change(actions: Actions, name: ContainerCommand, row: ContainerRow): Promise<void> {
  const shown = label(row.name)
  const words: Readonly<Record<ContainerCommand, readonly [message: string, yes: string]>> = {
    'containers.start': [l10n.t('Start container {0}?', shown), l10n.t('Start')],
    'containers.stop': [l10n.t('Stop container {0}?', shown), l10n.t('Stop')],
    'containers.restart': [l10n.t('Restart container {0}?', shown), l10n.t('Restart')],
  }
  const [message, yes] = words[name]
  await actions.run({
    name,
    params: { id: row.id, name: row.name },
    question: { message, detail: linesOf(containerLines(row)).join('\n'), yes, name: shown },
  })
}
