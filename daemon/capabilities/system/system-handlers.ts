import type { Overview, systemMethods } from '#contract/system.ts'
import type { Events } from '../../kernel/events.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { SystemService } from './system-service.ts'

export const systemHandlers = (deps: {
  readonly system: SystemService
  readonly overview: () => Promise<Overview>
  readonly events: Events
}): HandlersOf<typeof systemMethods> => ({
  'daemon.status': () => deps.system.status(),
  'daemon.doctor': () => deps.system.doctor(),
  'daemon.stop': (_params, change) => deps.system.stop(change),
  'daemon.handover': ({ version, build }, change) => deps.system.handOver(change, { version, id: build }),
  'overview.get': () => deps.overview(),
  'events.subscribe': ({ topics }, context) => deps.events.subscribe(context.connection, topics),
})
