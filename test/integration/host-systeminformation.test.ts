import { systemClock } from '#base/clock.ts'
import { SystemInformationHost } from '../../daemon/adapters/host/systeminformation-host.ts'
import { hostContract } from '../support/host-contract.ts'

// On Linux systeminformation tells neither unconnected UDP sockets nor, through netstat, what is dual-stack.
hostContract(
  'the host that asks systeminformation',
  () => new SystemInformationHost({ clock: systemClock }),
  { udp: false, dualStack: false, holders: false, exact: false },
)
