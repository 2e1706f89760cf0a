import type { logsMethods } from '#contract/logs.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { LogsService } from './logs-service.ts'

export const logsHandlers = (logs: LogsService): HandlersOf<typeof logsMethods> => ({
  'logs.search': (params, { signal }) => logs.search(params, signal),
  'logs.around': (params) => logs.around(params),
  'logs.show': (params) => logs.show(params),
  'logs.histogram': (params, { signal }) => logs.histogram(params, signal),
  'logs.errors': (params, { signal }) => logs.errors(params, signal),
  'logs.sources': (params) => logs.sources(params),
  'logs.forwarding': (params) => logs.forwarding(params),
})
