import { systemClock } from '#base/clock.ts'
import { LinuxHost } from '../../daemon/adapters/host/linux-host.ts'
import { hostContract } from '../support/host-contract.ts'

hostContract('the host that reads /proc', () => new LinuxHost({ clock: systemClock }), {
  udp: true,
  dualStack: true,
  holders: true,
  exact: true,
})

hostContract(
  'the host that reads /proc on a machine without ss',
  () => new LinuxHost({ clock: systemClock, ss: null }),
  { udp: true, dualStack: false, holders: true, exact: true },
)
