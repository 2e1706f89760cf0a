import { readFile } from 'node:fs/promises'
import * as path from 'node:path'
import type { Client } from '#client/client.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { checkNode, requireNode } from './node-version.ts'
import type { Settings } from './settings.ts'

/** Where the tokens of teams' daemons are kept: SecretStorage, and nowhere else. */
export interface Tokens {
  get(url: string): Promise<string | undefined>
}

export interface DaemonSource {
  readonly settings: () => Settings
  readonly isTrusted: () => boolean
  readonly tokens: Tokens
  /** The folder of the extension, which holds dist/. */
  readonly extensionPath: string
  /** Names this program on the audit trail. */
  readonly client: string
}

/**
 * Opens the connection that the settings ask for. This is the only place that starts a program or connects to
 * one, so the trust of the workspace is checked here, whatever the menus showed.
 * @throws Failure `untrusted`, `node-too-old`, `unauthenticated` or `wrong-use`.
 */
export async function openClient(source: DaemonSource): Promise<Client> {
  if (!source.isTrusted())
    throw new Failure('untrusted', 'Nothing is started and nothing is connected in Restricted Mode')
  const settings = source.settings()
  return settings.daemonUrl === '' ? openLocal(source, settings) : openRemote(source, settings)
}

async function openLocal(source: DaemonSource, settings: Settings): Promise<Client> {
  const own = settings.daemonNode === ''
  const runtime = own ? process.execPath : settings.daemonNode
  const env: Readonly<Record<string, string>> = own ? { ELECTRON_RUN_AS_NODE: '1' } : {}
  if (!path.isAbsolute(runtime))
    throw new Failure('wrong-use', `quantumAdmin.daemon.node is not an absolute path: ${runtime}`)
  // Asking our own runtime would only cost time: it is the one that runs this.
  if (own) requireNode(`v${process.versions.node}`, 'the runtime of VS Code')
  else await checkNode(runtime, env)
  const { connectLocal } = await import('#client/connect.ts')
  const script = path.join(source.extensionPath, 'dist', 'daemon.cjs')
  return connectLocal({ client: source.client, launcher: { runtime, script, env } })
}

async function openRemote(source: DaemonSource, settings: Settings): Promise<Client> {
  const url = settings.daemonUrl
  const ca = settings.daemonCa === '' ? {} : { ca: await readAuthority(settings.daemonCa) }
  const { connectRemote } = await import('#client/connect.ts')
  return connectRemote({
    url,
    ...ca,
    client: source.client,
    token: async () => {
      const token = await source.tokens.get(url)
      if (token !== undefined) return token
      throw new Failure('unauthenticated', `No token for ${url} is kept yet`, {
        hint: 'Run “Quantum Admin: Enter Daemon Token…”.',
      })
    },
  })
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure('wrong-use', `quantumAdmin.daemon.ca cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
