import type { historyMethods } from '#contract/history.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { HistoryService } from './history-service.ts'

export const historyHandlers = (history: HistoryService): HandlersOf<typeof historyMethods> => ({
  'history.list': (params) => history.list(params),
})
