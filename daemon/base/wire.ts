/**
 * What both ends of the wire must spell alike. The handshake is an HTTP/1.1 upgrade (RFC 6455) to
 * {@link rpcPath}; its answer says who the daemon is, so that no round trip is spent on a greeting.
 */
export const rpcPath = '/rpc'

/** Names the host on the local socket, where no host means anything; anything else is refused. */
export const localHost = 'localhost'

export const headers = {
  protocol: 'x-quantum-admin-protocol',
  client: 'x-quantum-admin-client',
  version: 'x-quantum-admin-version',
  build: 'x-quantum-admin-build',
  pid: 'x-quantum-admin-pid',
} as const

/** Notifications besides JSON-RPC requests and responses. `$/cancel` comes from the client, the rest go to it. */
export const notifications = {
  cancel: '$/cancel',
  progress: '$/progress',
  piece: '$/piece',
  changed: '$/changed',
} as const

/** Largest frame in bytes that either side takes; streams split their pieces well below it. */
export const largestRequest = 1024 * 1024
export const largestResponse = 64 * 1024 * 1024
