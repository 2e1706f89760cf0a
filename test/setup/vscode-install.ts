import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cache } from '../support/paths.ts'
import { npm } from './npm.ts'

/** code-server carries VS Code's own server; this release is VS Code 1.139.1. */
const codeServer = 'code-server@4.139.1'
/** A terminal's pseudo-terminals need a native module; this one comes compiled. */
const terminal = '@lydell/node-pty@1.1.0'

/** What only Copilot, Windows, SSH or devcontainers need, and native modules that would have to be compiled. */
const unneeded = [
  '@devcontainers/cli',
  '@github/copilot-sdk',
  '@microsoft/mxc-sdk',
  '@vscode/copilot-api',
  '@vscode/deviceid',
  '@vscode/fs-copyfile',
  '@vscode/native-watchdog',
  '@vscode/sandbox-runtime',
  '@vscode/spdlog',
  '@vscode/sqlite3',
  '@vscode/windows-process-tree',
  '@vscode/windows-registry',
  'kerberos',
  'node-addon-api',
  'ssh2',
  'tar',
  'zod',
]

/** The built-in extensions that stay: languages, themes and the log view. The fewer, the faster a window opens. */
const keptExtensions = new Set([
  'configuration-editing',
  'css',
  'html',
  'ipynb',
  'javascript',
  'json',
  'json-language-features',
  'log',
  'markdown-basics',
  'markdown-language-features',
  'media-preview',
  'notebook-renderers',
  'python',
  'shellscript',
  'theme-defaults',
  'theme-seti',
  'typescript-basics',
  'yaml',
])

/** Changing how the server is put together changes this, and so installs it anew. */
const recipe = JSON.stringify({ codeServer, terminal, unneeded, kept: [...keptExtensions], version: 1 })

/** Where the server is, or will be. */
export const vscodeServerFolder = (): string => cache('vscode-server')

/** Whether the server that this version of the tests wants is there. */
export const isVscodeServerInstalled = (): boolean => {
  const stamp = path.join(vscodeServerFolder(), 'installed.json')
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === recipe
}

/**
 * Puts VS Code's own server into the cache folder, about 15 s, from npm packages alone and without a compiler.
 * It is made beside its place and moved there whole, so that an interrupted run leaves nothing half done.
 */
export function installVscodeServer(): void {
  if (isVscodeServerInstalled()) return
  const making = `${vscodeServerFolder()}.${process.pid}`
  rmSync(making, { recursive: true, force: true })
  try {
    const server = path.join(making, 'vscode')
    unpack(codeServer, making, server)
    installDependencies(server)
    writeStandIns(path.join(server, 'node_modules'))
    dropExtensions(path.join(server, 'extensions'))
    writeFileSync(path.join(making, 'installed.json'), recipe)
    rmSync(vscodeServerFolder(), { recursive: true, force: true })
    renameSync(making, vscodeServerFolder())
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

/** Downloads a package and unpacks its lib/vscode folder alone. */
function unpack(spec: string, folder: string, target: string): void {
  mkdirSync(target, { recursive: true })
  const archive = runNpm(['pack', spec, '--loglevel=error'], folder).trim().split('\n').at(-1) ?? ''
  execFileSync('tar', ['xzf', archive, '--strip-components=3', '-C', target, 'package/lib/vscode'], {
    cwd: folder,
  })
  rmSync(path.join(folder, archive))
}

/** The package's own shrinkwrap file pins the versions. */
function installDependencies(server: string): void {
  const file = path.join(server, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> }
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies).filter(([name]) => !unneeded.includes(name)),
  )
  const { allowScripts: _, overrides: __, ...rest } = manifest as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...rest, dependencies }, null, 2))
  const quietly = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  runNpm(['install', ...quietly, `node-pty@npm:${terminal}`], server)
}

function runNpm(args: readonly string[], folder: string): string {
  const { status, output } = npm(args, folder, true)
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed with status ${status}`)
  return output
}

/** Gives three native modules a stand-in in JavaScript. */
function writeStandIns(modules: string): void {
  const spdlog = readFileSync(path.join(import.meta.dirname, 'stand-ins/spdlog.cjs'), 'utf8')
  const standIns = {
    '@vscode/spdlog': spdlog,
    '@vscode/native-watchdog': 'exports.start = () => {}\nexports.exit = (code) => process.exit(code || 0)\n',
    '@vscode/deviceid': "exports.getDeviceId = async () => 'test'\n",
  }
  for (const [name, source] of Object.entries(standIns)) {
    const folder = path.join(modules, name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      path.join(folder, 'package.json'),
      JSON.stringify({ name, version: '0.0.0', main: 'index.js' }),
    )
    writeFileSync(path.join(folder, 'index.js'), source)
  }
}

function dropExtensions(folder: string): void {
  for (const name of readdirSync(folder))
    if (!keptExtensions.has(name)) rmSync(path.join(folder, name), { recursive: true, force: true })
}
