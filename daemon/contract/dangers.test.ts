import { expect, test } from 'vitest'
import { contract } from './index.ts'
import { dangers } from './dangers.ts'

test('clients ask before exactly the commands that the contract calls dangerous', () => {
  const commands = Object.entries(contract).flatMap(([name, method]) =>
    method.kind === 'command' ? [[name, method.danger] as const] : [],
  )
  expect(dangers).toEqual(Object.fromEntries(commands))
})
