import { expect, test } from 'vitest'
import { checkNode, requireNode } from './node-version.ts'

test('a runtime is old before 22.18, and what answers something else is no Node.js', () => {
  for (const version of ['v22.18.0', 'v22.20.1', 'v24.0.0', 'v100.1.2', 'v25.0.0-nightly'])
    expect(() => requireNode(version, 'node')).not.toThrow()
  for (const version of [
    'v22.17.9',
    'v20.99.0',
    'v8.0.0',
    'v0.12.0',
    '',
    'v24',
    'Python 3.12',
    'v24.0.0; rm',
  ])
    expect(() => requireNode(version, 'node'), version).toThrow(/22\.18 or newer is needed/)
})

test('a program is asked for its version, and one that cannot be run is a clear error', async () => {
  await expect(checkNode(process.execPath, {})).resolves.toBeUndefined()
  await expect(checkNode('/no/such/node', {})).rejects.toMatchObject({ code: 'daemon-unreachable' })
  await expect(checkNode('/bin/echo', {})).rejects.toMatchObject({ code: 'node-too-old' })
})
