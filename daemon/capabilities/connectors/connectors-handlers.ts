import type { connectorsMethods } from '#contract/connectors.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { ConnectorsService } from './connectors-service.ts'

export const connectorsHandlers = (connectors: ConnectorsService): HandlersOf<typeof connectorsMethods> => ({
  'connectors.list': () => connectors.list(),
  'connectors.show': (name) => connectors.show(name),
  'connectors.test': ({ timeoutMs, ...name }, change) =>
    connectors.test(change, name, timeoutMs ?? undefined),
  'connectors.add': (wanted, change) => connectors.add(change, wanted),
  'connectors.remove': ({ name }, change) => connectors.remove(change, name),
})
