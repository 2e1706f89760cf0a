/** Runtimes' monitors live outside the container whose id they carry. */
const monitor = /conmon/

/** `docker-ID.scope`, `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope` or the bare id. */
const segment = /^(?:[a-z][a-z0-9-]*-)?([0-9a-f]{64})(?:\.scope)?$/

/**
 * The full id of the container that a /proc/PID/cgroup names, for cgroup v1 and v2, with systemd or cgroupfs as
 * driver. Of nested containers it is the outermost, which is the one this machine's engine knows.
 */
export function containerIdOf(cgroup: string): string | null {
  for (const line of cgroup.split('\n')) {
    const path = line.split(':').slice(2).join(':')
    for (const name of path.split('/')) {
      const id = monitor.test(name) ? undefined : segment.exec(name)?.[1]
      if (id !== undefined) return id
    }
  }
  return null
}
