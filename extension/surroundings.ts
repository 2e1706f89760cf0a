import { workspace, type ExtensionContext, type LogOutputChannel } from 'vscode'
import type { Owned } from '#base/lifetime.ts'
import { Lifetime } from '#base/lifetime.ts'
import type { Model } from './model.ts'
import { putCommandOnPath } from './terminal.ts'
import { stateWords } from './views/state-line.ts'

/** Connects when the workspace is trusted, and anew when the settings name another daemon. */
export function followSurroundings(context: ExtensionContext, model: Model, log: LogOutputChannel): Owned {
  const lifetime = new Lifetime()
  const begin = (): void => {
    if (workspace.isTrusted) putCommandOnPath(context)
    void model.start()
  }
  lifetime.own(workspace.onDidGrantWorkspaceTrust(begin))
  lifetime.own(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('quantumAdmin.daemon')) void model.start()
    }),
  )
  lifetime.own(
    model.onState((state) => {
      if (state.kind === 'connected')
        log.info(`connected to daemon ${state.daemon.version}, process ${state.daemon.pid}`)
      else if (state.kind === 'failed') log.error(`${state.failure.code}: ${state.failure.message}`)
      else log.info(stateWords(state))
    }),
  )
  begin()
  return lifetime
}
