import type { HostProcess } from '../../adapters/host/host.ts'

/**
 * The programs by which container engines hold a published port on the host: Docker's userland proxy, rootless
 * Docker and Podman, passt, Desktop, Lima and Colima. The kernel cuts names at 15 bytes.
 */
const forwarders = new Set([
  'docker-proxy',
  'rootlesskit',
  'rootlessport',
  'rootlessport-ch',
  'slirp4netns',
  'pasta',
  'pasta.avx2',
  'passt',
  'conmon',
  'gvproxy',
  'vpnkit',
  'com.docker.vpnk',
  'com.docker.vpnkit',
  'com.docker.back',
  'com.docker.backend',
  'limactl',
])

/** Whether a process holds ports for containers rather than for itself. */
export function isForwarder({ name, argv }: HostProcess): boolean {
  if (forwarders.has(name)) return true
  // Lima and Colima forward through a control connection of ssh.
  return name === 'ssh' && argv !== null && argv.some((argument) => /[/.](?:lima|colima)\//.test(argument))
}
