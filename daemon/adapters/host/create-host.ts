import { systemClock, type Clock } from '#base/clock.ts'
import { LinuxMachine } from './linux-machine.ts'
import type { Host } from './host.ts'
import { LinuxHost } from './linux-host.ts'
import type { MachineMeter } from './machine.ts'
import { SystemInformationHost } from './systeminformation-host.ts'
import { SystemInformationMachine } from './systeminformation-machine.ts'

/** The host for the platform the daemon runs on. */
export const createHost = (clock: Clock = systemClock): Host =>
  process.platform === 'linux' ? new LinuxHost({ clock }) : new SystemInformationHost({ clock })

/** What looks at the machine as a whole. @param folder - on the disk that is of interest. */
export const createMachineMeter = (folder: string, clock: Clock = systemClock): MachineMeter =>
  process.platform === 'linux' ? new LinuxMachine(folder) : new SystemInformationMachine(folder, clock)
