import { commands } from 'vscode'
import { Failure } from '#base/failure.ts'
import type { CardId, Lead } from '../../webviews/dashboard/messages.ts'
import type { DashboardDeps } from './dashboard.ts'
import { subjectOf, type Counted, type Sources } from './picture.ts'

type Views = DashboardDeps['views']
type Leads<C extends CardId> = {
  readonly [L in Lead]?: (one: Counted[C], views: Views, sources: Sources) => unknown
}

const run = (command: string, argument: unknown): Thenable<unknown> =>
  commands.executeCommand(command, argument)

/** The nodes that commands are called with from the trees. */
const jobNode = (job: Counted['jobs'], { cards }: Sources) => ({
  kind: 'appJob',
  job,
  row: cards.apps.rows?.find(({ name }) => name === job.app),
})
const testsNode = (tests: Counted['tests'], { cards }: Sources) => ({
  kind: 'appTests',
  tests,
  row: cards.apps.rows?.find(({ name }) => name === tests.app),
})

/** The nodes that stand for checks and incidents in the tree. */
const checkNode = (check: Counted['health'], { cards }: Sources) => ({
  kind: 'appCheck',
  check,
  row: cards.apps.rows?.find(({ name }) => name === check.app),
})
const incidentNode = (incident: Counted['incidents']) => ({
  kind: 'appIncident',
  row: { name: incident.app },
  incident,
})

/** What each row can lead on to: the same commands that its row in a tree has. */
const byCard: { readonly [C in CardId]: Leads<C> } = {
  apps: {
    reveal: ({ name }, { apps }) => apps.reveal(name),
    browser: ({ name }) => run('quantumAdmin.openApp', { app: name }),
    logs: ({ name }) => run('quantumAdmin.showLogs', { app: name }),
  },
  connectors: {
    reveal: ({ app }, { apps }) => apps.reveal(app),
    test: (connector) => run('quantumAdmin.testConnector', { kind: 'connector', connector }),
    configuration: (connector) =>
      run('quantumAdmin.showConnectorConfiguration', { kind: 'connector', connector }),
  },
  environments: {
    reveal: ({ app }, { apps }) => apps.reveal(app),
    check: async ({ app, name }, _views, sources) => {
      const here = (sources.cards.health.rows ?? []).filter(
        (check) => check.app === app && check.environment === name,
      )
      for (const check of here) await run('quantumAdmin.checkNow', checkNode(check, sources))
    },
  },
  users: {
    entries: async ({ id }, { activity }) => {
      await activity.setFilter({ actor: id })
      await commands.executeCommand('quantumAdmin.activity.focus')
    },
  },
  ports: {
    who: (holding) => run('quantumAdmin.ports.who', { kind: 'port', holding }),
    reveal: (holding, { resources }) => resources.reveal('ports', `port:${holding.id}`),
  },
  jobs: {
    output: (job, _views, sources) => run('quantumAdmin.showRunOutput', jobNode(job, sources)),
    reveal: ({ app }, { apps }) => apps.reveal(app),
  },
  tests: {
    output: (tests, _views, sources) => run('quantumAdmin.showRunOutput', testsNode(tests, sources)),
    reveal: ({ app }, { apps }) => apps.reveal(app),
  },
  containers: {
    details: (row) => run('quantumAdmin.containers.show', { kind: 'container', row }),
    logs: (row) => run('quantumAdmin.containers.logs', { kind: 'container', row }),
    reveal: ({ id }, { resources }) => resources.reveal('containers', `container:${id}`),
  },
  requests: {
    logs: ({ app }) => run('quantumAdmin.showLogs', { app }),
    reveal: ({ app }, { apps }) => apps.reveal(app),
  },
  health: {
    reveal: ({ app }, { apps }) => apps.reveal(app),
    check: (check, _views, sources) => run('quantumAdmin.checkNow', checkNode(check, sources)),
    logs: ({ app }) => run('quantumAdmin.showLogs', { app }),
  },
  incidents: {
    incident: (incident) => run('quantumAdmin.showIncident', incidentNode(incident)),
    acknowledge: (incident) => run('quantumAdmin.acknowledgeIncident', incidentNode(incident)),
    logs: ({ app }) => run('quantumAdmin.showLogs', { app }),
    reveal: ({ app }, { apps }) => apps.reveal(app),
  },
  leases: {
    details: (lease) => run('quantumAdmin.leases.show', { kind: 'lease', lease }),
    reveal: ({ name }, { resources }) => resources.reveal('leases', `lease:${name}`),
  },
  services: {},
  activity: { entry: (entry) => run('quantumAdmin.activity.show', entry) },
}

/** Goes where a row of the page leads to. @throws Failure `not-found` when what it stood for is gone. */
export async function leadOn(
  views: Views,
  sources: Sources,
  { card, key, lead }: { readonly card: CardId; readonly key: string; readonly lead: Lead },
): Promise<void> {
  await leadOf(views, sources, card, key, lead)
}

/** Goes to what a mark on a plot stands for. @throws Failure `not-found` when it is not drawn any more. */
export async function leadOnFrom(
  marked: { readonly incident: Counted['incidents'] } | { readonly entry: Counted['activity'] } | undefined,
): Promise<void> {
  if (marked === undefined) throw new Failure('not-found', 'What was shown here is gone')
  if ('incident' in marked) await run('quantumAdmin.showIncident', incidentNode(marked.incident))
  else await run('quantumAdmin.activity.show', marked.entry)
}

// oxlint-disable-next-line no-unnecessary-type-parameters -- it says that what stands for a row and what can be done with it belong together.
function leadOf<C extends CardId>(views: Views, sources: Sources, card: C, key: string, lead: Lead): unknown {
  const subject = subjectOf(sources, card, key)
  if (subject === undefined) throw new Failure('not-found', 'What was shown here is gone')
  const leadsOfCard: Leads<C> = byCard[card]
  return leadsOfCard[lead]?.(subject, views, sources)
}
