import { expect, test } from 'vitest'
import { addressText } from './address.ts'
import { parseLine } from './proc-net.ts'

const tcp =
  '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4294967295 1 0000000000000000 100 0 0 10 0'
const udp6 =
  '  512: 00000000000000000000000000000000:14E9 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 2201 2 0000000000000000 0'

test('a listening socket is read with address, port, owner and inode', () => {
  expect(parseLine(tcp, 'tcp')).toEqual({
    state: '0A',
    row: {
      protocol: 'tcp',
      family: 'ipv4',
      address: '127.0.0.1',
      port: 8080,
      uid: 1000,
      inode: 4_294_967_295,
    },
  })
  expect(parseLine(udp6, 'udp6')?.row).toMatchObject({
    protocol: 'udp',
    family: 'ipv6',
    address: '::',
    port: 5353,
  })
})

test('a connection has a state and no row, and the heading is neither', () => {
  expect(parseLine(tcp.replace(' 0A ', ' 01 '), 'tcp')).toEqual({ state: '01', row: null })
  expect(parseLine(udp6.replace(' 07 ', ' 01 '), 'udp6')).toEqual({ state: '01', row: null })
  expect(parseLine('  sl  local_address rem_address   st tx_queue rx_queue', 'tcp')).toBeNull()
})

// As this byte order prints them; the words are swapped on others.
test.each([
  ['00000000', '0.0.0.0'],
  ['3500007F', '127.0.0.53'],
  ['00000000000000000000000001000000', '::1'],
  ['0000000000000000FFFF00000100007F', '::ffff:127.0.0.1'],
  ['000080FE00000000FF005450B6AD1DFE', 'fe80::5054:ff:fe1d:adb6'],
  ['B80D0120000000000100000000000000', '2001:db8::1:0:0'],
  ['B80D0120010000000100000001000000', '2001:db8:0:1:0:1:0:1'],
])('the address %s is %s', (hex, text) => {
  expect(addressText(hex)).toBe(text)
})
