import { spawn } from 'node:child_process'
import type { Change } from '../../kernel/execute.ts'
import type { Keys } from './keys.ts'

/** A keychain that is locked asks its person; a machine where nobody sits must not wait for that. */
const limitMs = 20_000
const service = 'quantum-admin'

interface Answer {
  readonly code: number | null
  readonly text: string
}

/** Runs a program without a shell; what is secret goes in and out through pipes. @throws when it is not there. */
function run(program: string, args: readonly string[], input: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: limitMs })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text = (text + part).slice(0, 4096)))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, text: text.trim() }))
  })
}

function done({ code }: Answer): void {
  if (code !== 0) throw new Error(`the keychain answered with ${code ?? 'nothing'}`)
}

/** GNOME's keyring, KDE's wallet and others that speak the Secret Service protocol, by libsecret's own program. */
class SecretService implements Keys {
  async read(id: string): Promise<string | null> {
    const { code, text } = await run('secret-tool', ['lookup', ...attributes(id)], '')
    return code === 0 && text !== '' ? text : null
  }

  async write(_change: Change, id: string, key: string): Promise<void> {
    done(await run('secret-tool', ['store', '--label=Quantum Admin', ...attributes(id)], key))
  }

  async remove(_change: Change, id: string): Promise<void> {
    await run('secret-tool', ['clear', ...attributes(id)], '')
  }

  removeAllBut(): Promise<void> {
    return Promise.resolve()
  }
}

const attributes = (id: string): readonly string[] => ['application', service, 'key', id]

/** The keychain of macOS. */
class MacKeychain implements Keys {
  async read(id: string): Promise<string | null> {
    const { code, text } = await run('security', ['find-generic-password', '-a', id, '-s', service, '-w'], '')
    return code === 0 && text !== '' ? text : null
  }

  /** As a command on its standard input: among its arguments everybody could read the key. */
  async write(_change: Change, id: string, key: string): Promise<void> {
    done(await run('security', ['-i'], `add-generic-password -U -a ${id} -s ${service} -w ${key}\n`))
  }

  async remove(_change: Change, id: string): Promise<void> {
    await run('security', ['delete-generic-password', '-a', id, '-s', service], '')
  }

  removeAllBut(): Promise<void> {
    return Promise.resolve()
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The keychain of this person, where there may be one. Whether it really keeps a key shows only when it has one.
 * @returns null where there is none.
 */
export function keychainOf(env: Environment, platform: string = process.platform): Keys | null {
  if (platform === 'darwin') return new MacKeychain()
  const hasBus = platform === 'linux' && (env['DBUS_SESSION_BUS_ADDRESS'] ?? '') !== ''
  return hasBus ? new SecretService() : null
}

/** Whether new keys go there: QUANTUM_ADMIN_KEYCHAIN is not `off`. */
export const wantsKeychain = (env: Environment): boolean => env['QUANTUM_ADMIN_KEYCHAIN'] !== 'off'
