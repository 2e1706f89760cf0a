import type { metricsMethods } from '#contract/metrics.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { MetricsService } from './metrics-service.ts'

export const metricsHandlers = (metrics: MetricsService): HandlersOf<typeof metricsMethods> => ({
  'metrics.series': (params) => metrics.series(params),
  'metrics.now': () => metrics.now(),
})
