import { expect, test } from 'vitest'
import { socketsOf } from './connection-rows.ts'

const connection = (
  protocol: string,
  localAddress: string,
  localPort: string,
  state: string,
  peerPort = '*',
) => ({ protocol, localAddress, localPort, peerAddress: '*', peerPort, state, pid: 7, process: '' })
const row = (protocol: string, family: string, address: string, port: number, dualStack = false) => ({
  protocol,
  family,
  address,
  port,
  dualStack,
  pids: [7],
  uid: null,
})

test('macOS: the protocol says the family, and what takes both', () => {
  const rows = socketsOf(
    [
      connection('tcp4', '127.0.0.1', '8080', 'LISTEN'),
      connection('tcp4', '*', '80', 'LISTEN'),
      connection('tcp6', '*', '81', 'LISTEN'),
      connection('tcp46', '*', '82', 'LISTEN'),
      connection('tcp4', '127.0.0.1', '50000', 'ESTABLISHED', '8080'),
      connection('udp4', '*', '5353', 'UNKNOWN'),
      connection('udp4', '10.0.0.1', '50001', 'UNKNOWN', '53'),
      connection('udp4', '*', '*', 'UNKNOWN'),
    ],
    'darwin',
  )
  expect(rows).toEqual([
    row('tcp', 'ipv4', '127.0.0.1', 8080),
    row('tcp', 'ipv4', '0.0.0.0', 80),
    row('tcp', 'ipv6', '::', 81),
    row('tcp', 'ipv6', '::', 82, true),
    row('udp', 'ipv4', '0.0.0.0', 5353),
  ])
})

test('Windows: addresses are told in full, and a holder of 0 is none', () => {
  const rows = socketsOf(
    [
      connection('tcp', '0.0.0.0', '135', 'LISTEN', '0'),
      { ...connection('tcp', '::', '135', 'LISTEN', '0'), pid: 0 },
      connection('udp', '::1', '1900', ''),
    ],
    'win32',
  )
  expect(rows).toEqual([
    row('tcp', 'ipv4', '0.0.0.0', 135),
    { ...row('tcp', 'ipv6', '::', 135), pids: [] },
    row('udp', 'ipv6', '::1', 1900),
  ])
})
