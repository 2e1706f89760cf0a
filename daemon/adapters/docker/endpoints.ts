import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { contextEndpoint } from './context.ts'

/** Where an engine may be reached. */
export type Endpoint =
  | {
      readonly kind: 'socket'
      /** A Unix domain socket or, on Windows, a named pipe. */
      readonly path: string
      /** What led here, such as `DOCKER_HOST`; for messages. */
      readonly source: string
      /** Its containers are processes of this machine, not of a virtual machine on it. */
      readonly native: boolean
    }
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      readonly source: string
      /** Null without TLS. `folder` holds ca.pem, cert.pem and key.pem, each optional; null: the system's authorities. */
      readonly tls: { readonly folder: string | null; readonly verify: boolean } | null
    }

/** What this user's configuration leads to. */
export interface Discovery {
  /** To be tried in this order; one that the user named explicitly stands alone. */
  readonly endpoints: readonly Endpoint[]
  /** Why there is nothing to try although something is configured. */
  readonly problem: string | null
}

/** What discovery depends on, so that it can be tested with another home. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly platform: NodeJS.Platform
  /** Null where the platform has none. */
  readonly uid: number | null
  readonly exists: (path: string) => boolean
  /** The file's text, or null when it cannot be read. */
  readonly read: (path: string) => string | null
}

/**
 * Finds the engine as the docker command line does: DOCKER_HOST, then the current context, else the first of
 * the sockets that engines are known to make. Reads files and asks for existence; it connects to nothing.
 */
export function discoverEndpoints(surroundings: Surroundings): Discovery {
  const { env } = surroundings
  const host = env['DOCKER_HOST']
  if (host) return one(host, 'DOCKER_HOST', environmentTls(surroundings))
  const context = contextEndpoint(surroundings, contextFolderName)
  if (context === null) return { endpoints: wellKnown(surroundings), problem: null }
  if ('problem' in context) return { endpoints: [], problem: context.problem }
  return one(context.host, `docker context ${JSON.stringify(context.name)}`, context.tls)
}

/** Docker keeps each context in a folder named by the SHA-256 of its name. */
const contextFolderName = (name: string): string => createHash('sha256').update(name).digest('hex')

type Tls = Extract<Endpoint, { kind: 'tcp' }>['tls']

const environmentTls = ({ env, home }: Surroundings): Tls =>
  env['DOCKER_TLS_VERIFY']
    ? { folder: env['DOCKER_CERT_PATH'] || env['DOCKER_CONFIG'] || join(home, '.docker'), verify: true }
    : null

function one(address: string, source: string, tls: Tls): Discovery {
  const parsed = parseAddress(address, source, tls)
  return 'problem' in parsed
    ? { endpoints: [], problem: parsed.problem }
    : { endpoints: [parsed], problem: null }
}

/** Parses what DOCKER_HOST and contexts hold, in the forms of the docker command line. */
function parseAddress(address: string, source: string, tls: Tls): Endpoint | { readonly problem: string } {
  const problem = (why: string) => ({
    problem: `${source} is ${JSON.stringify(address.slice(0, 200))}: ${why}`,
  })
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/is.exec(address) ?? []
  switch (scheme.toLowerCase()) {
    case 'unix':
      if (!rest.startsWith('/'))
        return problem('a socket is named by its whole path, as in unix:///run/docker.sock')
      return { kind: 'socket', path: rest, source, native: isNative(rest) }
    case 'npipe':
      return { kind: 'socket', path: rest.replaceAll('\\', '/'), source, native: false }
    case 'ssh':
      return problem(
        'engines behind SSH are not reached directly. Forward the socket with `ssh -L` and name the local end in DOCKER_HOST',
      )
    case 'tcp':
    case 'http':
    case 'https':
      return parseTcp(scheme.toLowerCase(), rest, source, tls) ?? problem('expected a host and a port')
    default:
      return problem('expected unix://, npipe:// or tcp://')
  }
}

function parseTcp(scheme: string, rest: string, source: string, tls: Tls): Endpoint | null {
  const url = URL.parse(`http://${rest}`)
  if (url === null || url.hostname === '') return null
  const secure = tls ?? (scheme === 'https' ? { folder: null, verify: true } : null)
  // URL drops a port that is the scheme's default.
  const port = url.port === '' ? (/:80(?:\/|$)/.test(rest) ? 80 : secure ? 2376 : 2375) : Number(url.port)
  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port, source, tls: secure }
}

/** Docker Desktop, Colima and Podman's machine run their containers in a virtual machine, with pids of its own. */
const isNative = (path: string): boolean =>
  !/\/\.docker\/|\/\.?colima\/|\/podman-machine|\/machine\//.test(path)

/** Sockets that engines make, where they exist, the system's own first. */
function wellKnown(surroundings: Surroundings): readonly Endpoint[] {
  const { platform, exists } = surroundings
  const found: Endpoint[] = []
  for (const [source, path] of candidates(surroundings)) {
    if (!exists(path) || found.some((endpoint) => endpoint.kind === 'socket' && endpoint.path === path))
      continue
    found.push({ kind: 'socket', path, source, native: platform === 'linux' && isNative(path) })
  }
  return found
}

/** Every path that is looked at without DOCKER_HOST and context; to be shown and watched, too. */
export function candidates({
  env,
  home,
  platform,
  uid,
}: Surroundings): readonly (readonly [string, string])[] {
  if (platform === 'win32')
    return [
      ['Docker', '//./pipe/docker_engine'],
      ['Docker Desktop', '//./pipe/dockerDesktopLinuxEngine'],
      ['Podman', '//./pipe/podman-machine-default'],
    ]
  const runtime = env['XDG_RUNTIME_DIR'] || (uid === null ? null : `/run/user/${uid}`)
  const config = env['XDG_CONFIG_HOME'] || join(home, '.config')
  const temporary = env['TMPDIR'] || '/tmp'
  const ofRuntime = (name: string, path: string) =>
    runtime === null ? [] : [[name, join(runtime, path)] as const]
  return [
    ['Docker', '/var/run/docker.sock'],
    ...ofRuntime('rootless Docker', 'docker.sock'),
    ['Docker Desktop', join(home, '.docker/run/docker.sock')],
    ['Docker Desktop', join(home, '.docker/desktop/docker.sock')],
    ['Colima', join(home, '.colima/default/docker.sock')],
    ['Colima', join(config, 'colima/default/docker.sock')],
    ...ofRuntime('Podman', 'podman/podman.sock'),
    ['Podman', '/run/podman/podman.sock'],
    ['Podman machine', join(home, '.local/share/containers/podman/machine/podman.sock')],
    ['Podman machine', join(temporary, 'podman/podman-machine-default-api.sock')],
  ]
}
