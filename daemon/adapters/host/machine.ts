/** What the whole machine uses at one moment. What cannot be known is null. */
export interface MachineUsage {
  /** 100 = all cores, since the look before; null for the first. */
  readonly cpuPercent: number | null
  /** What programs could not be given any more. */
  readonly memoryBytes: number | null
  /** Average of the last minute; null where the system has none. */
  readonly load: number | null
  /** In use on the disk that the state folder is on. */
  readonly diskBytes: number | null
  /** Bytes since some moment, which may be another one any time; null when they were not looked at. */
  readonly disks: readonly DiskCounters[] | null
  readonly networks: readonly NetworkCounters[] | null
}

export interface DiskCounters {
  readonly name: string
  readonly read: number
  readonly written: number
}

export interface NetworkCounters {
  readonly name: string
  readonly received: number
  readonly sent: number
}

/** Looks at what the machine uses. Implementations: Linux (/proc) and systeminformation (macOS, Windows). */
export interface MachineMeter {
  look(): Promise<MachineUsage>
}
