import type { CommandName } from './index.ts'
import type { Danger } from './method.ts'

/**
 * What clients must ask before each command, as the contract says it. Repeated here so that no client has to
 * load zod; it does not compile with a command missing, and a test holds it to the contract.
 */
export const dangers = {
  'ports.free': 'confirm',
  'processes.stop': 'confirm',
  'containers.start': 'none',
  'containers.stop': 'confirm',
  'containers.restart': 'confirm',
  'leases.allocate': 'none',
  'leases.release': 'confirm',
  'audit.export': 'none',
  'audit.checkpoint': 'none',
  'users.add': 'none',
  'users.remove': 'confirm',
  'users.token': 'none',
  'users.revoke': 'confirm',
  'daemon.stop': 'confirm',
  'daemon.handover': 'none',
  'apps.add': 'none',
  'apps.remove': 'confirm',
  'apps.start': 'none',
  'apps.stop': 'confirm',
  'apps.recover': 'none',
  'apps.restart': 'confirm',
  'jobs.run': 'none',
  'jobs.cancel': 'confirm',
  'jobs.fire': 'none',
  'jobs.schedule': 'none',
  'jobs.settle': 'none',
  'tests.run': 'none',
  'tests.cancel': 'none',
  'connectors.test': 'none',
  'connectors.add': 'none',
  'connectors.remove': 'confirm',
  'secrets.set': 'none',
  'secrets.remove': 'confirm',
  'secrets.rotate': 'none',
} as const satisfies Record<CommandName, Danger>
