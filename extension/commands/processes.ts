import { l10n } from 'vscode'
import type { ProcessRow } from '#contract/resources.ts'
import { Failure } from '#base/failure.ts'
import type { Actions } from '../actions.ts'
import { printable } from '#base/printable.ts'
import { label } from '../display.ts'
import type { Documents } from '../documents.ts'
import { processLines } from '../views/process-item.ts'
import type { ResourcesView } from '../views/resources-view.ts'
import { linesOf } from '../views/tooltip.ts'
import type { Handlers } from './register.ts'
import type { Targets } from './targets.ts'

export interface ProcessCommandsDeps {
  readonly actions: Actions
  readonly targets: Targets
  readonly documents: Documents
  readonly view: ResourcesView
}

/** What can be done with a process. */
export const processCommands = ({ actions, targets, documents, view }: ProcessCommandsDeps): Handlers => ({
  'quantumAdmin.processes.stop': async (node) =>
    stopProcess(actions, await targets.process(node, l10n.t('Stop a Process')), false),
  'quantumAdmin.processes.kill': async (node) =>
    stopProcess(actions, await targets.process(node, l10n.t('Kill a Process')), true),
  'quantumAdmin.processes.show': async (node) => {
    const row = await targets.process(node, l10n.t('Show a Process'))
    await documents.show('process', String(row.pid), `${row.name} ${row.pid}`)
  },
  'quantumAdmin.processes.showAsTree': () => view.showFlat(false),
  'quantumAdmin.processes.showAsList': () => view.showFlat(true),
})

async function stopProcess(actions: Actions, row: ProcessRow, force: boolean): Promise<void> {
  if (row.startedAt === null)
    throw new Failure('permission-denied', `Process ${row.pid} is not visible enough to be stopped safely`)
  const name = label(row.name)
  await actions.run({
    name: 'processes.stop',
    params: { pid: row.pid, startedAt: row.startedAt, name: printable(row.name, 200), force },
    question: {
      message: force
        ? l10n.t('Kill {0} (process {1})? It cannot save anything first.', name, row.pid)
        : l10n.t('Stop {0} (process {1})?', name, row.pid),
      detail: linesOf(processLines(row)).join('\n'),
      yes: force ? l10n.t('Kill') : l10n.t('Stop'),
      name,
    },
  })
}
