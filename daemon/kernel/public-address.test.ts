import { expect, test } from 'vitest'
import { bindAddress } from './public-address.ts'

test.each([
  '0.0.0.0',
  '0',
  '0x0',
  '00.0',
  '0.0',
  '::',
  '::ffff:0.0.0.0',
  '::ffff:0:0',
  '0:0:0:0:0:0:0:0',
  '0::0',
])('%s means every interface, which needs --public', async (host) => {
  await expect(bindAddress(host, false)).rejects.toMatchObject({ code: 'wrong-use' })
})

test('one address is taken as it is, and every interface when that is asked for', async () => {
  await expect(bindAddress('127.0.0.1', false)).resolves.toBe('127.0.0.1')
  await expect(bindAddress('::1', false)).resolves.toBe('::1')
  await expect(bindAddress('0.0.0.0', true)).resolves.toBe('0.0.0.0')
})

test('a host that is not one is wrong use', async () => {
  await expect(bindAddress('no such host', false)).rejects.toMatchObject({ code: 'wrong-use' })
})
