import { open, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import * as path from 'node:path'
import type { RemoteOptions } from '#client/connect.ts'
import { Failure, messageOf, systemCode } from '#base/failure.ts'

/** Where the token for a team's daemon comes from: QUANTUM_ADMIN_TOKEN, else a file that only its owner reads. */
export async function remoteOptions(
  url: string,
  ca: string | undefined,
): Promise<Omit<RemoteOptions, 'client'>> {
  return {
    url,
    token: () => token(url),
    ...(ca === undefined ? {} : { ca: await certificates(ca) }),
  }
}

/** The file of the token for one address, named `token-<host>-<port>` in the configuration folder. */
export function tokenFile(url: string, env = process.env, platform: string = process.platform): string {
  const parsed = URL.parse(url)
  const host = (parsed?.hostname ?? '').replaceAll(/[^A-Za-z0-9.-]/g, '_')
  const port = parsed?.port === undefined || parsed.port === '' ? '443' : parsed.port
  return path.join(configFolder(env, platform), `token-${host}-${port}`)
}

function configFolder(env: NodeJS.ProcessEnv, platform: string): string {
  if (platform === 'win32') {
    return path.join(env['APPDATA'] ?? path.join(homedir(), 'AppData', 'Roaming'), 'Quantum Admin')
  }
  if (platform === 'darwin') return path.join(homedir(), 'Library', 'Application Support', 'Quantum Admin')
  const config = env['XDG_CONFIG_HOME']
  const base = config !== undefined && path.isAbsolute(config) ? config : path.join(homedir(), '.config')
  return path.join(base, 'quantum-admin')
}

async function token(url: string): Promise<string> {
  const given = process.env['QUANTUM_ADMIN_TOKEN']
  if (given !== undefined && given !== '') return given.trim()
  const file = tokenFile(url)
  const hint = `Put the token into QUANTUM_ADMIN_TOKEN, or into ${file} and run chmod 600 on that file.`
  try {
    // One handle for the check and the reading, so that what was checked is what is read.
    await using opened = await open(file, 'r')
    const { mode, uid } = await opened.stat()
    const own = process.getuid === undefined || uid === process.getuid()
    if (process.platform !== 'win32' && (!own || (mode & 0o077) !== 0)) {
      throw new Failure('unauthenticated', `${file} is open to others, so its token was not used`, { hint })
    }
    return (await opened.readFile('utf8')).trim()
  } catch (error) {
    if (error instanceof Failure) throw error
    const missing = systemCode(error) === 'ENOENT'
    const message = missing ? `There is no token for ${url}` : `${file} cannot be read: ${messageOf(error)}`
    throw new Failure('unauthenticated', message, { hint, cause: error })
  }
}

async function certificates(file: string): Promise<string> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure('wrong-use', `--ca: ${messageOf(error)}`, {
      hint: 'Name a PEM file with the certificate authority of the daemon.',
      cause: error,
    })
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new Failure('wrong-use', `--ca: ${file} holds no PEM certificate`)
  return text
}
