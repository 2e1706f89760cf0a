import { existsSync } from 'node:fs'
import path from 'node:path'
import { isVscodeServerInstalled } from '../setup/vscode-install.ts'

/** A program from outside that some suites are run against. */
export interface Peer {
  /** Names under which it is looked for on PATH, or one absolute path. */
  readonly files: readonly string[]
  /** The Debian package that brings it. */
  readonly debian: string
  /** What cannot be tested without it. */
  readonly for: string
  /** It is large, and only the whole figures need it. */
  readonly whole?: true
}

/** Debian keeps each version's programs off PATH. */
const postgresqlVersions = [18, 17, 16, 15, 14]

/** Everything that `npm test` wants besides Node.js and npm packages. */
export const peers = {
  chromium: {
    files: ['chromium', 'chromium-browser', 'google-chrome', 'chrome'],
    debian: 'chromium',
    for: 'VS Code in a browser, hostile pages',
  },
  docker: { files: ['dockerd'], debian: 'docker.io', for: 'containers on a real engine' },
  compose: { files: ['docker-compose'], debian: 'docker-compose', for: 'compose projects' },
  iptables: { files: ['iptables'], debian: 'iptables', for: 'published container ports' },
  busybox: { files: ['busybox'], debian: 'busybox-static', for: 'container images' },
  strace: { files: ['strace'], debian: 'strace', for: 'disk faults and power loss' },
  faketime: {
    files: [
      '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
      '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
    ],
    debian: 'libfaketime',
    for: 'clocks that jump',
  },
  iproute2: { files: ['ss', 'ip'], debian: 'iproute2', for: 'ports compared with ss, network namespaces' },
  procps: { files: ['ps'], debian: 'procps', for: 'processes compared with ps' },
  lsof: { files: ['lsof'], debian: 'lsof', for: 'the port scan beside lsof' },
  openssl: { files: ['openssl'], debian: 'openssl', for: 'TLS certificates' },
  zsh: { files: ['zsh'], debian: 'zsh', for: 'completion in zsh' },
  fish: { files: ['fish'], debian: 'fish', for: 'completion in fish' },
  python: { files: ['python3'], debian: 'python3', for: 'apps in Python' },
  postgresql: {
    files: [
      'postgres',
      ...postgresqlVersions.map((version) => `/usr/lib/postgresql/${version}/bin/postgres`),
    ],
    debian: 'postgresql',
    for: 'connections to PostgreSQL',
  },
  mariadb: { files: ['mariadbd'], debian: 'mariadb-server', for: 'connections to MariaDB' },
  redis: { files: ['redis-server'], debian: 'redis-server', for: 'connections to Redis' },
  rabbitmq: {
    // Not the one on PATH, which changes to a user of its own.
    files: ['/usr/lib/rabbitmq/bin/rabbitmq-server'],
    debian: 'rabbitmq-server',
    for: 'connections to RabbitMQ',
  },
  keyring: {
    files: ['gnome-keyring-daemon'],
    debian: 'gnome-keyring',
    for: 'keys in a keychain',
  },
  secretTool: { files: ['secret-tool'], debian: 'libsecret-tools', for: 'keys in a keychain' },
  dbus: { files: ['dbus-daemon'], debian: 'dbus-daemon', for: 'keys in a keychain' },
  prometheus: {
    files: ['prometheus'],
    debian: 'prometheus',
    for: 'metrics as a Prometheus reads them',
    whole: true,
  },
  git: { files: ['git'], debian: 'git', for: 'worktrees' },
  fonts: {
    files: ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'],
    debian: 'fonts-dejavu-core',
    for: 'screenshots',
  },
} as const satisfies Record<string, Peer>

export type PeerName = keyof typeof peers | 'vscode'

/** The first of the files that exists, with PATH searched for bare names; null when there is none. */
export function findProgram(files: readonly string[]): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin']
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : ['']
  for (const file of files) {
    const candidates = path.isAbsolute(file)
      ? [file]
      : folders.flatMap((folder) => endings.map((ending) => path.join(folder, file + ending)))
    const found = candidates.find((candidate) => existsSync(candidate))
    if (found !== undefined) return found
  }
  return null
}

/** The browser that the tests drive; `CHROMIUM` names another. */
export const chromiumPath = (): string | null => process.env['CHROMIUM'] ?? findProgram(peers.chromium.files)

/** Whether a peer is there. */
export function isPresent(name: PeerName): boolean {
  if (name === 'vscode') return isVscodeServerInstalled()
  if (name === 'chromium') return chromiumPath() !== null
  return findProgram(peers[name].files) !== null
}

/**
 * For `describe.runIf(withPeers('docker', 'iptables'))`: false makes the suite report `skipped` on a machine that
 * cannot have them. With CI set nothing is skipped unnoticed.
 * @throws Error naming what is missing when CI is set.
 */
export function withPeers(...names: readonly PeerName[]): boolean {
  const missing = names.filter((name) => !isPresent(name))
  if (missing.length > 0 && process.env['CI'] === 'true')
    throw new Error(`Missing on this machine: ${missing.join(', ')}. Run npm test, which installs them.`)
  return missing.length === 0
}
