import type { healthMethods } from '#contract/health.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { HealthService } from './health-service.ts'

export const healthHandlers = (health: HealthService): HandlersOf<typeof healthMethods> => ({
  'health.list': ({ app }) => health.list(app),
  'health.show': ({ limit, ...chosen }) => health.show(chosen, limit),
  'health.check': (chosen, change) => health.check(change, chosen),
  'health.pause': ({ until, ...chosen }, change) => health.pause(change, chosen, until ?? null),
  'health.resume': (chosen, change) => health.resume(change, chosen),
  'health.watch': (_, change) => health.watch(change),
  'health.preview': ({ text, app }) => health.exchange.preview(text, app ?? null),
  'health.import': ({ text, app }, change) => health.exchange.import(change, app, text),
  'health.export': ({ app }) => health.exchange.export(app ?? undefined),
  'incidents.list': ({ app, open, limit }) => health.listIncidents(app, open, limit),
  'incidents.show': ({ number }) => health.showIncident(number),
  'incidents.timeline': ({ number }) => health.timeline(number),
  'incidents.acknowledge': ({ number }, change) => health.acknowledge(change, number),
  'incidents.note': ({ number, text }, change) => health.note(change, number, text),
  'incidents.hooks': ({ app }) => health.hooks(app),
  'incidents.testHooks': ({ app, environment }, change) => health.testHooks(change, app, environment ?? null),
  'incidents.open': (chosen, change) => health.openIncident(change, chosen),
  'incidents.resolve': ({ number }, change) => health.resolveIncident(change, number),
})
