import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure, messageOf } from '#base/failure.ts'

const run = promisify(execFile)
const needed = [22, 18] as const

/** Whether a version such as `v22.18.0` can run the daemon: the store's native part ends older ones without a word. */
function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** @throws Failure `node-too-old` when the runtime is one, and `daemon-unreachable` when it is no runtime at all. */
export async function checkNode(runtime: string, env: Readonly<Record<string, string>>): Promise<void> {
  let version: string
  try {
    const { stdout } = await run(runtime, ['--version'], {
      timeout: 10_000,
      windowsHide: true,
      env: { ...process.env, ...env },
    })
    version = stdout.trim()
  } catch (error) {
    throw new Failure('daemon-unreachable', `${runtime} cannot be run: ${messageOf(error)}`, {
      cause: error,
      hint: 'Set quantumAdmin.daemon.node to the path of a Node.js executable, or leave it empty.',
    })
  }
  requireNode(version, runtime)
}

/** @throws Failure `node-too-old`, with the runtime's name in it. */
export function requireNode(version: string, runtime: string): void {
  const isVersion = /^v\d+\.\d+\.\d+[\w.-]*$/.test(version)
  if (isVersion && isNewEnough(version)) return
  const found = isVersion ? version.slice(1) : 'not a Node.js'
  throw new Failure('node-too-old', `Node.js 22.18 or newer is needed, ${runtime} is ${found}`)
}
