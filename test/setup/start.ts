import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { randomId } from '#base/ids.ts'
import { cache, inRoot, root } from '../support/paths.ts'
import { findProgram } from '../support/peers.ts'
import { freePort } from '../support/free-port.ts'
import { startVscodeServer } from '../support/vscode-server.ts'
import { installVscodeServer, isVscodeServerInstalled } from './vscode-install.ts'

// npm start -- [folder]: builds, starts the daemon with that build and opens VS Code with the extension on the folder.
const usualPort = 8750
const example = inRoot('examples')
const folder = wantedFolder()

build()
const daemon = await startDaemon()
const stops: (() => Promise<void>)[] = [daemon.stop]
let ending = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
endWithParent()
await openVscode()

/** npm runs us in a shell; whoever ends that without a word to us has ended `npm start`. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) void end(0)
  }, 500).unref()
}

/** The folder asked for; a mistake is told before anything is started. */
function wantedFolder(): string {
  const [given, ...more] = process.argv.slice(2)
  if (more.length > 0) fail(2, `one folder at most, not ${more.length + 1}: npm start -- [folder]`)
  if (given === undefined) return example
  const wanted = path.resolve(process.env['INIT_CWD'] ?? '.', given)
  const found = statSync(wanted, { throwIfNoEntry: false })
  if (found === undefined) fail(2, `there is no folder ${wanted}`)
  if (!found.isDirectory()) fail(2, `${wanted} is not a folder`)
  return wanted
}

function fail(code: number, message: string): never {
  console.error(`quantum-admin: ${message}`)
  process.exit(code)
}

function build(): void {
  console.log('Building')
  const { status } = spawnSync(process.execPath, [inRoot('esbuild.mjs')], { stdio: 'inherit' })
  if (status !== 0) fail(1, 'the build failed')
}

interface CliAnswer {
  readonly code: number
  readonly output: string
  readonly error: string
}

function runCli(...args: readonly string[]): Promise<CliAnswer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [inRoot('bin/quantum-admin.cjs'), ...args], (error, output, errorOutput) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, output, error: errorOutput })
    })
  })
}

/** @returns the pid of the daemon that runs now, or null. */
async function runningDaemon(): Promise<number | null> {
  const { code, output } = await runCli('daemon', 'status', '--json')
  return code === 0 ? (JSON.parse(output) as { readonly pid: number | null }).pid : null
}

/** A daemon that ran before is replaced by the fresh build and stays; one that did not ends with this. */
async function startDaemon(): Promise<{ readonly stop: () => Promise<void> }> {
  const before = await runningDaemon()
  console.log(before === null ? 'Starting the daemon' : `Restarting the daemon that runs as pid ${before}`)
  const { code, error } = await runCli('daemon', ...(before === null ? ['start'] : ['restart', '--yes']))
  if (code !== 0) fail(1, `the daemon did not start\n${error.trim()}`)
  const pid = await runningDaemon()
  return {
    stop: async () => {
      if (before !== null) return
      if ((await runningDaemon()) !== pid) return console.log('Leaving a daemon that something else started')
      await runCli('daemon', 'stop', '--yes')
    },
  }
}

async function openVscode(): Promise<void> {
  const code = findProgram(['code'])
  if (code !== null && (await openDesktop(code))) return
  await openInBrowser()
}

/** @returns false when the desktop program would not open, so that the browser is the way. */
async function openDesktop(program: string): Promise<boolean> {
  console.log(`Opening VS Code (${program})`)
  const args = ['--new-window', '--wait', `--extensionDevelopmentPath=${root}`, folder]
  const child = spawn(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 0))
    child.once('error', () => resolve(1))
  })
  const refused = await Promise.race([ended, new Promise<null>((resolve) => setTimeout(resolve, 3000, null))])
  if (refused !== null && refused !== 0) {
    console.log(`${program} would not open (exit code ${refused})`)
    return false
  }
  stops.push(async () => void child.kill())
  console.log(`Quantum Admin is open in VS Code on ${folder} (Ctrl-C or closing the window ends it)`)
  void ended.then(() => end(0))
  return true
}

async function openInBrowser(): Promise<void> {
  if (!isVscodeServerInstalled()) {
    console.log("Installing VS Code's server, once")
    installVscodeServer()
  }
  console.log("Starting VS Code's server")
  const server = await startVscodeServer({
    link: [root],
    workspace: folder,
    inPlace: true,
    sharedDaemon: true,
    // The example is this project's own code; any other folder is trusted by whoever opens it, or not.
    workspaceTrust: folder !== example,
    token: randomId(),
    port: await choosePort(),
    dataFolder: cache('start'),
    settings: { 'git.enabled': true, 'files.autoSave': 'afterDelay' },
  })
  stops.push(() => server.stop())
  server.process.once('exit', () => {
    if (!ending)
      console.error(`quantum-admin: VS Code's server ended by itself\n${server.output().slice(-2000)}`)
    void end(1)
  })
  console.log(`Quantum Admin is open at ${server.url()} (Ctrl-C ends it)`)
}

/** The same port each time, where it is free, so that the browser remembers the window's layout. */
async function choosePort(): Promise<number> {
  const probe = createServer().listen(usualPort, '127.0.0.1')
  const free = await Promise.race([once(probe, 'listening'), once(probe, 'error')]).then(
    () => probe.listening,
    () => false,
  )
  if (!free) return freePort()
  probe.close()
  await once(probe, 'close')
  return usualPort
}

/** Ends what was started, newest first, and nothing else. */
async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  for (const stop of stops.toReversed()) await stop()
  process.exit(code)
}
