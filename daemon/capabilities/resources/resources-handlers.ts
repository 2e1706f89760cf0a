import type { resourcesMethods } from '#contract/resources.ts'
import type { HandlersOf } from '../../kernel/execute.ts'
import type { ResourcesService } from './resources-service.ts'

export const resourcesHandlers = (resources: ResourcesService): HandlersOf<typeof resourcesMethods> => ({
  'ports.list': () => resources.ports(),
  'ports.who': ({ port }) => resources.who(port),
  'ports.free': async ({ port, holders }, change) => ({
    stopped: await resources.free(change, port, holders),
  }),
  'processes.list': () => resources.processes(),
  'processes.show': ({ pid }) => resources.process(pid),
  'processes.stop': ({ force, ...target }, change) => resources.stop(change, target, force),
  'containers.list': () => resources.containers(),
  'containers.show': ({ id }, { signal }) => resources.container(id, signal),
  'containers.usage': (_params, { signal }) => resources.containerUsage(signal),
  'containers.logs': async ({ id, ...options }, context) => {
    const { signal } = context
    await resources.containerLogs(id, { ...options, signal }, (lines) => context.emit({ lines }))
    return null
  },
  'containers.start': async (target, change) => {
    await resources.changeContainer(change, 'start', target)
    return null
  },
  'containers.stop': async (target, change) => {
    await resources.changeContainer(change, 'stop', target)
    return null
  },
  'containers.restart': async (target, change) => {
    await resources.changeContainer(change, 'restart', target)
    return null
  },
})
