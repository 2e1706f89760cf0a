import { contract, type CommandName } from '#contract/index.ts'

const startedAt = '2026-03-01T10:00:00.000Z'

/** Params that each command of the contract accepts. A command without a sample does not compile. */
const samples: Readonly<Record<CommandName, unknown>> = {
  'apps.add': { folder: '/no/such/folder' },
  'apps.recover': { app: 'shop', reason: 'it ended' },
  'apps.remove': { app: 'shop' },
  'apps.restart': { app: 'shop' },
  'apps.start': { app: 'shop' },
  'apps.stop': { app: 'shop' },
  'audit.checkpoint': {},
  'audit.export': { format: 'jsonl' },
  'connectors.add': { name: 'cache', url: 'redis://127.0.0.1:1' },
  'connectors.remove': { name: 'cache' },
  'connectors.test': { name: 'main', app: 'shop' },
  'containers.restart': { id: 'c1c1c1c1c1c1', name: 'web' },
  'containers.start': { id: 'c1c1c1c1c1c1', name: 'web' },
  'containers.stop': { id: 'c1c1c1c1c1c1', name: 'web' },
  'daemon.handover': { version: '9.9.9', build: 'b' },
  'daemon.stop': {},
  'health.check': { app: 'shop' },
  'health.import': { app: 'shop', text: '{"monitorList":[]}' },
  'health.pause': { app: 'shop', check: 'http', until: startedAt },
  'health.resume': { app: 'shop', check: 'http' },
  'health.watch': {},
  'incidents.acknowledge': { number: 1 },
  'incidents.note': { number: 1, text: 'the disk was full' },
  'incidents.testHooks': { app: 'shop' },
  'incidents.open': { app: 'shop', check: 'http' },
  'incidents.resolve': { number: 1 },
  'jobs.cancel': { run: '0123456789abcdef0123456789abcdef' },
  'jobs.fire': { app: 'shop', job: 'nightly', time: startedAt },
  'jobs.run': { app: 'shop', job: 'nightly' },
  'jobs.schedule': { app: 'shop', job: 'nightly' },
  'jobs.settle': { run: '0123456789abcdef0123456789abcdef' },
  'leases.allocate': { name: 'web' },
  'leases.release': { name: 'web' },
  'ports.free': { port: 3000, holders: [{ pid: 4711, startedAt }] },
  'processes.stop': { pid: 4711, startedAt, name: 'node' },
  'tests.cancel': { run: '0123456789abcdef0123456789abcdef' },
  'tests.run': { app: 'shop' },
  'secrets.remove': { name: 'db' },
  'secrets.rotate': {},
  'secrets.set': { name: 'db', value: 'a value' },
  'users.add': { name: 'ben', role: 'viewer' },
  'users.remove': { name: 'ben' },
  'users.revoke': { tokenId: 't1' },
  'users.token': { name: 'ben' },
}

/** Every command of the contract with params it accepts. */
export const commandSamples: readonly (readonly [CommandName, unknown])[] = Object.entries(contract).flatMap(
  ([name, { kind }]) => {
    // What is a command by its kind is one by its type.
    const command = name as CommandName
    return kind === 'command' ? [[command, samples[command]] as const] : []
  },
)
