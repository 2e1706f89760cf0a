import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { isPresent, peers, type Peer, type PeerName } from '../support/peers.ts'
import { installVscodeServer, isVscodeServerInstalled } from './vscode-install.ts'

const names = Object.keys(peers) as (keyof typeof peers)[]
/** Asked when it is needed: what says that the figures are whole is set after this was loaded. */
const isWanted = ({ whole }: Peer): boolean =>
  whole !== true || process.env['QUANTUM_ADMIN_TEST_FULL'] === '1'
const missingPeers = () => names.filter((name) => isWanted(peers[name]) && !isPresent(name))

/**
 * Makes what the suites are run against available: installs what is missing on Debian as root, elsewhere says what is
 * missing. Does nothing, at once, when all is there.
 * @returns what is still missing.
 */
export function preparePeers(): readonly PeerName[] {
  const missing = missingPeers()
  const canInstall = existsSync('/etc/debian_version') && process.getuid?.() === 0
  if (missing.length > 0 && canInstall) installPackages(missing.map((name) => peers[name].debian))
  if (canInstall) useWorkingIptables()
  if (!isVscodeServerInstalled()) {
    console.log("peers: installing VS Code's server into .cache/vscode-server")
    installVscodeServer()
  }
  const still = missingPeers()
  for (const name of still)
    console.log(
      `peers: ${name} is missing (Debian: apt-get install ${peers[name].debian}); skipped: ${peers[name].for}`,
    )
  return still
}

/** What Debian's packages ask before they start a service: 101 says that they must not (policy-rc.d). */
const policy = '/usr/sbin/policy-rc.d'

/** Tests start their own servers; none of the machine's is to run because a package of it came. */
function withoutServices(install: () => void): void {
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    install()
  } finally {
    if (isOurs) rmSync(policy)
  }
}

function installPackages(packages: readonly string[]): void {
  console.log(`peers: installing ${packages.join(' ')}`)
  const options = {
    stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }
  withoutServices(() => {
    for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
      const { status } = spawnSync('apt-get', ['-qq', ...args], options)
      if (status !== 0) console.error(`peers: apt-get ${args.join(' ')} failed with status ${status}`)
    }
  })
}

/** A kernel without nftables needs iptables' older backend; a setup that works is left as it is. */
function useWorkingIptables(): void {
  const works = (command: string) =>
    spawnSync(command, ['-t', 'nat', '-L', '-n'], { stdio: 'ignore' }).status === 0
  const legacy = '/usr/sbin/iptables-legacy'
  if (!existsSync(legacy) || works('iptables') || !works(legacy)) return
  spawnSync('update-alternatives', ['--set', 'iptables', legacy], { stdio: 'ignore' })
}
