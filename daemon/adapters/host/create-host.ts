import { systemClock, type Clock } from '#base/clock.ts'
import type { Host } from './host.ts'
import { LinuxHost } from './linux-host.ts'
import { SystemInformationHost } from './systeminformation-host.ts'

/** The host for the platform the daemon runs on. */
export const createHost = (clock: Clock = systemClock): Host =>
  process.platform === 'linux' ? new LinuxHost({ clock }) : new SystemInformationHost({ clock })
