import type { appsMethods } from '#contract/apps.ts'
import type { Aheads, HandlersOf } from '../../kernel/execute.ts'
import type { AppsService } from './apps-service.ts'

export const appsHandlers = (apps: AppsService): HandlersOf<typeof appsMethods> => ({
  'apps.list': () => apps.list(),
  'apps.show': ({ app }) => apps.show(app),
  'apps.output': ({ app, lines }) => apps.output(app, lines),
  'apps.environment': ({ app }) => apps.environment(app),
  'apps.add': ({ folder }, change) => apps.add(change, folder),
  'apps.remove': ({ app }, change) => apps.remove(change, app),
  'apps.start': ({ app }, change) => apps.start(change, app),
  'apps.stop': ({ app }, change) => apps.stop(change, app),
  'apps.restart': ({ app }, change) => apps.restart(change, app),
  'apps.recover': ({ app }, change) => apps.recover(change, app),
})

export const appsAheads = (apps: AppsService): Aheads => ({
  'apps.start': ({ app }) => apps.lookAhead(app),
})
