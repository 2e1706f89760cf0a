import type { Clock } from '#base/clock.ts'
import type { Lifetime } from '#base/lifetime.ts'
import { fileReflogs } from './adapters/git/file-reflogs.ts'
import { fileTrees } from './adapters/project/file-trees.ts'
import type { AppsService } from './capabilities/apps/apps-service.ts'
import type { Supervisor } from './capabilities/apps/supervisor.ts'
import { HistoryService } from './capabilities/history/history-service.ts'
import { HistoryStore } from './capabilities/history/history-store.ts'
import type { EndedRun } from './capabilities/history/machine-seen.ts'
import type { ResourcesService } from './capabilities/resources/resources-service.ts'
import type { Store } from './store/open.ts'

/** Puts what sees things happen together with what there is to see. */
export function wireHistory(
  lifetime: Lifetime,
  around: {
    readonly store: Store
    readonly clock: Clock
    readonly apps: AppsService
    readonly supervisor: Supervisor
    readonly resources: ResourcesService
    /** Takes secrets out of a text. */
    readonly hide: (text: string) => string
    readonly report: (error: unknown) => void
  },
): HistoryService {
  const { store, clock, apps, supervisor, resources, report } = around
  const history = lifetime.own(
    new HistoryService({
      store: new HistoryStore(store),
      trees: fileTrees,
      reflogs: fileReflogs,
      clock,
      apps: () => apps.logs,
      runs: () => apps.logs.flatMap(({ app }) => newestRun(supervisor, app)),
      ports: () => ({ rows: resources.lastPorts, span: resources.spans.ports }),
      containers: () => ({ rows: resources.lastContainers, span: resources.spans.containers }),
      lookAtMachine: () => resources.ports(),
      hide: around.hide,
      report,
    }),
  )
  lifetime.own(apps.changed.on(history.appsMoved))
  lifetime.own(apps.touched.on(history.touched))
  lifetime.own(
    resources.changed.on((topic) => {
      if (topic !== 'processes') history.machineMoved()
    }),
  )
  return history
}

function newestRun(supervisor: Supervisor, app: string): readonly EndedRun[] {
  const run = supervisor.run(app)
  if (run === null) return []
  const { stored, exit, state } = run
  return [{ app, run: stored.run, state, exit, isWanted: stored.wanted === 'running', port: stored.port }]
}
