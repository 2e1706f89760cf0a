import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from '#base/failure.ts'
import { vscodeServerFolder } from '../setup/vscode-install.ts'
import { freePort } from './free-port.ts'
import { inRoot } from './paths.ts'

/** How a window's page is opened. */
export interface WindowOptions {
  /** The folder to open; default the server's workspace. */
  readonly folder?: string
  /** An extension folder to load as under development, as `Run Extension` does. */
  readonly developing?: string
  /** With `developing`: a compiled file that exports `run()`, run inside the extension host. */
  readonly testsFile?: string
}

export interface VscodeServerOptions {
  /** Folders of unpacked extensions to load by symbolic link. */
  readonly link?: readonly string[]
  /** Packed extensions to install. */
  readonly vsix?: readonly string[]
  /** Allows `developing` and `testsFile` in a window's address. Suppresses notifications too. */
  readonly inHostTests?: boolean
  /** Keeps Workspace Trust on: a window then opens in Restricted Mode until somebody trusts the folder. */
  readonly workspaceTrust?: boolean
  /** User settings, over quiet defaults. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Environment of the server, its extension host and terminals. */
  readonly env?: Readonly<Record<string, string>>
  /** A folder that is copied and opened; default an empty one. */
  readonly workspace?: string
  /** Opens `workspace` itself instead of a copy. */
  readonly inPlace?: boolean
  /** Default a free one. */
  readonly port?: number
  /** Asks every page for this secret; without it whoever reaches the port may run programs. */
  readonly token?: string
  /** Uses the daemon of whoever runs this, instead of one of this server's own. */
  readonly sharedDaemon?: boolean
  /** Where the server keeps its data; default a temporary folder that `stop` removes. */
  readonly dataFolder?: string
}

/** A running VS Code server. */
export interface VscodeServer {
  /** `http://127.0.0.1:PORT` */
  readonly base: string
  /** The folder its windows open. */
  readonly workspace: string
  /** This server's own state folder for our daemon, so that a test never meets another's. */
  readonly stateFolder: string
  /** Where VS Code writes its log files. */
  readonly logs: string
  /** Where its extensions are installed. */
  readonly extensions: string
  readonly process: ChildProcess
  /** What the server printed so far. */
  readonly output: () => string
  /** The address that opens a window. */
  url(window?: WindowOptions): string
  /** Ends the server and removes what it kept. */
  stop(): Promise<void>
}

/** No tours, no tips, no updates, nothing that moves: what a test or a first look sees is ours. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.colorTheme': 'Default Dark Modern',
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
  'files.autoSave': 'off',
  'git.enabled': false,
  'window.commandCenter': true,
  'remote.autoForwardPorts': false,
  'remote.restoreForwardedPorts': false,
}

/**
 * Starts VS Code's own server on loopback and waits until it answers. Always stop it: it outlives a closed browser.
 * @throws Error with the server's output when it does not start within a minute.
 */
export async function startVscodeServer(options: VscodeServerOptions = {}): Promise<VscodeServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'quantum-vscode-'))
  const data = options.dataFolder ?? path.join(folder, 'data')
  const extensions = path.join(folder, 'extensions')
  const stateFolder = path.join(folder, 'state')
  writeSettings(data, { ...quietSettings, ...options.settings })
  linkExtensions(extensions, options.link ?? [])
  const workspace = prepareWorkspace(folder, options)
  const ownDaemon = options.sharedDaemon === true ? {} : { QUANTUM_ADMIN_HOME: stateFolder }
  // No test leaves a key in the keychain of whoever runs it.
  const env = { QUANTUM_ADMIN_KEYCHAIN: 'off', ...ownDaemon, ...options.env }
  const launch = (args: readonly string[]) => launchServer(folder, data, extensions, env, args)

  for (const vsix of options.vsix ?? []) await installVsix(launch, vsix)
  const port = options.port ?? (await freePort())
  const { child, output } = launch([
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    ...tokenArguments(folder, options.token),
    ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
    ...(options.inHostTests === true ? ['--enable-smoke-test-driver'] : []),
  ])
  const base = `http://127.0.0.1:${port}`
  const stop = async () => {
    await endServer(child)
    await stopDaemon(stateFolder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    await untilAnswers(`${base}/version`, child, output)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    base,
    workspace,
    stateFolder,
    logs: path.join(data, 'data', 'logs'),
    extensions,
    process: child,
    output,
    url: (window = {}) => windowUrl(base, port, { folder: workspace, ...window }, options.token),
    stop,
  }
}

/** The extension may have started a daemon, which lives on by design. */
async function stopDaemon(stateFolder: string): Promise<void> {
  if (!existsSync(stateFolder)) return
  const env = { ...process.env, QUANTUM_ADMIN_HOME: stateFolder }
  const cli = spawn(process.execPath, [inRoot('bin/quantum-admin.cjs'), 'daemon', 'stop', '--yes'], {
    env,
    stdio: 'ignore',
  })
  await once(cli, 'exit')
}

function writeSettings(data: string, settings: Readonly<Record<string, unknown>>): void {
  const file = path.join(data, 'data', 'User', 'settings.json')
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(settings, null, 2))
}

/** A link under the name VS Code would give the installed extension. */
function linkExtensions(extensions: string, folders: readonly string[]): void {
  mkdirSync(extensions, { recursive: true })
  for (const folder of folders) {
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      readonly publisher: string
      readonly name: string
      readonly version: string
    }
    const name = `${manifest.publisher}.${manifest.name}-${manifest.version}`
    symlinkSync(path.resolve(folder), path.join(extensions, name), 'junction')
  }
}

/** A file, because arguments are there for everyone to read. */
function tokenArguments(folder: string, token: string | undefined): readonly string[] {
  if (token === undefined) return ['--without-connection-token']
  const file = path.join(folder, 'token')
  writeFileSync(file, token, { mode: 0o600 })
  return ['--connection-token-file', file]
}

function prepareWorkspace(folder: string, options: VscodeServerOptions): string {
  if (options.workspace !== undefined && options.inPlace === true) return path.resolve(options.workspace)
  const workspace = path.join(folder, 'workspace')
  if (options.workspace === undefined) mkdirSync(workspace)
  else cpSync(options.workspace, workspace, { recursive: true })
  return workspace
}

interface Launched {
  readonly child: ChildProcess
  readonly output: () => string
}

function launchServer(
  folder: string,
  data: string,
  extensions: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[],
): Launched {
  const server = path.join(vscodeServerFolder(), 'vscode/out/server-main.js')
  if (!existsSync(server)) throw new Error("VS Code's server is not installed: npm test installs it")
  // A terminal inside VS Code has variables that would point this server at that VS Code.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$)/.test(name)),
  )
  const fixed = ['--server-data-dir', data, '--extensions-dir', extensions]
  const quiet = ['--accept-server-license-terms', '--telemetry-level', 'off']
  const child = spawn(process.execPath, [server, ...fixed, ...quiet, ...args], {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its watchers and hosts outlive it for seconds: as a group they can be ended with it.
    detached: process.platform !== 'win32',
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += String(chunk)))
  const killIfWeCrash = () => killGroup(child)
  process.once('exit', killIfWeCrash)
  child.once('exit', () => process.off('exit', killIfWeCrash))
  return { child, output: () => text }
}

async function installVsix(launch: (args: readonly string[]) => Launched, vsix: string): Promise<void> {
  const { child, output } = launch(['--install-extension', path.resolve(vsix), '--force'])
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`VS Code refused ${vsix}:\n${output()}`)
}

async function untilAnswers(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (performance.now() < deadline && child.exitCode === null) {
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return
    await sleep(25)
  }
  throw new Error(`VS Code's server did not start:\n${output()}`)
}

function windowUrl(base: string, port: number, window: WindowOptions, token: string | undefined): string {
  // The authority must be the page's own, or the extension host never finds the folder.
  const remote = (file: string) => `vscode-remote://127.0.0.1:${port}${path.resolve(file)}`
  const payload = [['skipWelcome', 'true']]
  if (window.developing !== undefined) payload.push(['extensionDevelopmentPath', remote(window.developing)])
  if (window.testsFile !== undefined) payload.push(['extensionTestsPath', remote(window.testsFile)])
  const query = new URLSearchParams({
    ...(token === undefined ? {} : { tkn: token }),
    ...(window.folder === undefined ? {} : { folder: window.folder }),
    ...(payload.length === 1 && token !== undefined ? {} : { payload: JSON.stringify(payload) }),
  })
  return `${base}/?${query.toString()}`
}

/** Asks the server to end, insists after five seconds, and then ends what it left behind. */
async function endServer(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const insist = setTimeout(() => child.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(insist)
  }
  killGroup(child)
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}
