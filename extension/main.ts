import { hostname } from 'node:os'
import { window, workspace, type ExtensionContext } from 'vscode'
import { build } from '#base/version.ts'
import { Lifetime } from '#base/lifetime.ts'
import { Actions } from './actions.ts'
import { AuditWatch } from './audit-watch.ts'
import { activityCommands } from './commands/activity.ts'
import { appCommands } from './commands/apps.ts'
import { connectorCommands } from './commands/connectors.ts'
import { containerCommands } from './commands/containers.ts'
import { copyCommands } from './commands/copy.ts'
import { generalCommands } from './commands/general.ts'
import { healthCommands } from './commands/health.ts'
import { jobCommands } from './commands/jobs.ts'
import { leaseCommands } from './commands/leases.ts'
import { logCommands } from './commands/logs.ts'
import { portCommands } from './commands/ports.ts'
import { processCommands } from './commands/processes.ts'
import { registerCommands } from './commands/register.ts'
import { secretCommands } from './commands/secrets.ts'
import { Targets } from './commands/targets.ts'
import { Dashboard } from './dashboard/dashboard.ts'
import { openClient } from './daemon-source.ts'
import { Documentation } from './documentation.ts'
import { Documents } from './documents.ts'
import { followConfigurations } from './language/language.ts'
import { ContainerLogs } from './logs/container-logs.ts'
import { DaemonLog } from './logs/daemon-log.ts'
import { LogPanels } from './logs/log-panels.ts'
import { RunOutputs } from './logs/run-output.ts'
import { IncidentWatch } from './incident-watch.ts'
import { Model } from './model.ts'
import { Pickers } from './pickers.ts'
import { Report } from './report.ts'
import { settings } from './settings.ts'
import { StatusBar } from './status-bar.ts'
import { followSurroundings } from './surroundings.ts'
import { AppTasks } from './tasks/app-tasks.ts'
import { AppTests } from './tests/app-tests.ts'
import { SecretTokens } from './tokens.ts'
import { ActivityView } from './views/activity-view.ts'
import { AppsView } from './views/apps-view.ts'
import { ProblemView } from './views/problem-view.ts'
import { ResourcesView } from './views/resources-view.ts'
import { StateLine } from './views/state-line.ts'

let lifetime = new Lifetime()

/**
 * Puts the parts together. Everything slow (the connection, the schemas, starting a daemon) begins after this
 * returns, so that opening a window costs next to nothing.
 */
export function activate(context: ExtensionContext): void {
  lifetime = new Lifetime()
  const log = lifetime.own(window.createOutputChannel('Quantum Admin', { log: true }))
  const documentation = new Documentation(context)
  const report = new Report(documentation, log)
  const tokens = new SecretTokens(context.secrets)
  const isTrusted = () => workspace.isTrusted
  const model = lifetime.own(
    new Model({
      log: (message) => log.warn(message),
      open: () =>
        openClient({
          settings,
          isTrusted,
          tokens,
          extensionPath: context.extensionPath,
          client: `vscode/${build.version}`,
        }),
    }),
  )
  const actions = new Actions({ send: Model.sender(model), isTrusted })
  const daemonLog = lifetime.own(new DaemonLog(model, () => settings().daemonUrl === ''))
  const logs: ContainerLogs = lifetime.own(
    new ContainerLogs({ model, report, changed: () => resources.redraw('containers') }),
  )
  const resources = lifetime.own(
    new ResourcesView({ model, memory: context.globalState, isFollowing: (id) => logs.isFollowing(id) }),
  )
  const apps = lifetime.own(new AppsView(model))
  lifetime.own(new AppTests({ model, actions, report }))
  lifetime.own(new AppTasks({ model, actions, report }))
  const outputs = lifetime.own(new RunOutputs(model, report))
  const activity = lifetime.own(new ActivityView(model, report))
  lifetime.own(new ProblemView(model))
  lifetime.own(new StatusBar(model))
  lifetime.own(new StateLine(model))
  const daemon = () => settings().daemonUrl || 'local'
  const watch = lifetime.own(
    new AuditWatch({
      model,
      memory: context.globalState,
      report,
      documentation,
      daemon,
    }),
  )
  const documents = lifetime.own(new Documents((name, params) => model.query(name, params)))
  const panels = lifetime.own(new LogPanels({ model, report, documents, context }))
  const views = { apps, resources, activity }
  const dashboard = lifetime.own(new Dashboard({ model, report, context, documentation, views }))
  const targets = new Targets(new Pickers(model))
  lifetime.own(
    registerCommands(
      {
        ...generalCommands({
          model,
          actions,
          targets,
          view: resources,
          documents,
          documentation,
          report,
          tokens,
          settings,
          log,
          daemonLog: daemonLog.channel,
          dashboard,
        }),
        ...portCommands({ model, actions, targets, documents }),
        ...processCommands({ actions, targets, documents, view: resources }),
        ...containerCommands({ actions, targets, documents, logs }),
        ...appCommands({ model, actions, targets, documents, documentation, report, settings }),
        ...logCommands({ targets, panels }),
        ...healthCommands({ actions, targets, documents }),
        ...jobCommands({ actions, targets, outputs }),
        ...connectorCommands({ model, actions, targets, documentation }),
        ...secretCommands({ actions, targets }),
        ...leaseCommands({ model, actions, targets, documents }),
        ...copyCommands(targets),
        ...activityCommands({ model, actions, view: activity, documents, watch, documentation }),
      },
      report,
    ),
  )
  lifetime.own(
    new IncidentWatch({
      model,
      memory: context.globalState,
      // What VS Code remembers is the same on all machines that its windows are on.
      daemon: () => `${daemon()} ${hostname()}`,
    }),
  )
  lifetime.own(followConfigurations({ model, settings, report, log, extensionPath: context.extensionPath }))
  lifetime.own(followSurroundings(context, model, log))
}

export function deactivate(): Promise<void> {
  return lifetime.dispose()
}
