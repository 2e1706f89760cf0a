import { mkdirSync, rmSync } from 'node:fs'
import * as path from 'node:path'
import stringWidth from 'string-width'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTerminal, startListener, withoutColour, type Listener } from '../support/cli.ts'
import { runCli, startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

// Behind script(1) the command line has a real terminal: colours, prompts, live redraws, Ctrl-C.

let daemon: TestDaemon
let folder: string
let hostile: Listener
let wide: Listener

/** What a process may call itself, to take over the terminal of whoever lists it. */
const evil = '\u001b]0;owned\u0007\u001b[2J\u001b[31m\u009b5A\u202egnp.exe\r\nroot 0 ok\u2028\u0000'

beforeAll(async () => {
  daemon = await startDaemon({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } })
  folder = temporaryHome()
  const japanese = path.join(folder, '日本語のとても長い名前のフォルダーです', '👨‍👩‍👧')
  mkdirSync(japanese, { recursive: true })
  wide = await startListener({ cwd: japanese })
  hostile = await startListener({
    before: `process.title = ${JSON.stringify(evil.replaceAll('\u0000', ''))};`,
    args: ['x'.repeat(4096)],
  })
})
afterAll(async () => {
  await Promise.all([wide.stop(), hostile.stop()])
  rmSync(folder, { recursive: true })
  await daemon.stop()
})

/** What a terminal acts on, besides the colours that we paint ourselves. */
const acting = /(?!\u200d)(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

const tables = [
  ['overview'],
  ['ports', 'list'],
  ['processes', 'list', '--tree'],
  ['audit', 'list'],
  ['users', 'list'],
] as const

test.each([60, 80, 120, 200])(
  'no line of a table is wider than a terminal of %s columns',
  async (columns) => {
    const long = 'a-name-that-is-rather-long-for-a-small-terminal-but-allowed'
    await daemon.cli('ports', 'lease', long)
    await daemon.cli('users', 'add', long)
    await daemon.cli('users', 'token', long)
    for (const words of tables) {
      const terminal = openTerminal(daemon.home, words, { columns })
      expect(await terminal.ended).toBe(0)
      const widths = withoutColour(terminal.screen)
        .split('\n')
        .map((line) => stringWidth(line))
      expect(Math.max(...widths), words.join(' ')).toBeLessThanOrEqual(columns)
    }
  },
)

test('a process cannot act on the terminal by its name or command, wherever it is shown', async () => {
  const { port, pid } = hostile
  for (const words of [
    ['ports', 'list'],
    ['ports', 'who', String(port)],
    ['processes', 'list', '--tree'],
    ['processes', 'show', String(pid)],
  ]) {
    const terminal = openTerminal(daemon.home, words, { columns: 250, rows: 60 })
    expect(await terminal.ended).toBe(0)
    const left = acting.exec(withoutColour(terminal.screen))
    expect({ words, left: left?.[0] ?? null }).toEqual({ words, left: null })
    expect(terminal.screen).toContain('\\e]0;owned')
    const piped = await daemon.cli(...words)
    expect(acting.exec(piped.stdout)?.[0] ?? null).toBeNull()
  }
})

test('JSON keeps the name as it is', async () => {
  const { stdout } = await daemon.cli('processes', 'show', String(hostile.pid), '--json')
  const { command } = JSON.parse(stdout) as { command: string }
  expect(command).toContain('\u001b]0;owned\u0007')
})

test('colour is for terminals, and flags and variables decide otherwise', async () => {
  const coloured = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const terminal = openTerminal(daemon.home, args, { env })
    await terminal.ended
    return terminal.screen.includes('\u001b[')
  }
  expect(await coloured(['ports', 'leases'])).toBe(true)
  expect(await coloured(['ports', 'leases', '--no-color'])).toBe(false)
  expect(await coloured(['ports', 'leases'], { NO_COLOR: '1' })).toBe(false)
  expect(await coloured(['ports', 'leases'], { NO_COLOR: '' })).toBe(true)
  expect(await coloured(['ports', 'leases'], { TERM: 'dumb' })).toBe(false)
  const piped = (env: NodeJS.ProcessEnv) => runCli(daemon.home, ['ports', 'leases'], { NO_COLOR: '', ...env })
  expect((await piped({})).stdout).not.toContain('\u001b[')
  expect((await piped({ FORCE_COLOR: '1' })).stdout).toContain('\u001b[')
  expect((await piped({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).toContain('\u001b[')
  expect((await piped({ FORCE_COLOR: '0' })).stdout).not.toContain('\u001b[')
})

test('ports free shows the tree, and no leaves the process alone', async () => {
  const victim = await startListener()
  const terminal = openTerminal(daemon.home, ['ports', 'free', String(victim.port)], { columns: 120 })
  await terminal.shows('[y/N]')
  expect(withoutColour(terminal.screen)).toContain(`└─ node (${victim.pid})`)
  terminal.type('n\r')
  expect(await terminal.ended).toBe(4)
  expect(terminal.screen).toContain('code: confirmation-required')
  expect(victim.process.exitCode).toBeNull()
  await victim.stop()
})

test('ports free stops it after a yes', async () => {
  const victim = await startListener()
  const terminal = openTerminal(daemon.home, ['ports', 'free', String(victim.port)])
  await terminal.shows('[y/N]')
  terminal.type('y\r')
  expect(await terminal.ended).toBe(0)
  expect(terminal.screen).toContain(`(pid ${victim.pid}) was stopped`)
  expect(victim.process.signalCode).toBe('SIGTERM')
})

test('what ends while the question stands is not mistaken for something else', async () => {
  const victim = await startListener()
  const terminal = openTerminal(daemon.home, ['processes', 'stop', String(victim.pid)])
  await terminal.shows('[y/N]')
  await victim.stop()
  terminal.type('y\r')
  expect(await terminal.ended).toBe(1)
  expect(terminal.screen).toContain('code: process-changed')
})

test('Ctrl-C and Ctrl-D at the question do nothing to the process', async () => {
  const victim = await startListener()
  for (const [key, code] of [
    ['\u0003', 130],
    ['\u0004', 4],
  ] as const) {
    const terminal = openTerminal(daemon.home, ['processes', 'stop', String(victim.pid)])
    await terminal.shows('[y/N]')
    terminal.type(key)
    expect(await terminal.ended).toBe(code)
  }
  expect(victim.process.exitCode).toBeNull()
  expect(victim.process.signalCode).toBeNull()
  await victim.stop()
})

test('--watch draws what changes until Ctrl-C, and gives the screen back', async () => {
  const terminal = openTerminal(daemon.home, ['ports', 'leases', '--watch'], { columns: 100 })
  await terminal.shows('NAME')
  await daemon.cli('ports', 'lease', 'seen-live')
  await terminal.shows('seen-live')
  const [, ...before] = terminal.screen.split('\u001b[?1049h')
  expect(before).toHaveLength(1)
  await daemon.cli('ports', 'release', 'seen-live', '--yes')
  await terminal.shows((screen) => !(screen.split('\u001b[H').at(-1) ?? '').includes('seen-live'))
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(130)
  expect(terminal.screen.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
})

test('--watch outlives a daemon that is killed, and says what it is waiting for', async () => {
  const own = await startDaemon()
  const terminal = openTerminal(own.home, ['--watch'], { columns: 100 })
  await terminal.shows('Latest activity')
  await terminal.shows((screen) => /Connectors +none/.test(withoutColour(screen)))
  await own.kill()
  // What was known last stays to be read, and is said to be old.
  await terminal.shows(/As it was at .*(Waiting for|Trying again)[^]*Latest activity/)
  await terminal.shows((screen) => !(screen.split('\u001b[H').at(-1) ?? '').includes('As it was'))
  terminal.type('\u0003')
  expect(await terminal.ended).toBe(130)
  await own.cli('daemon', 'stop', '--yes')
  rmSync(own.home, { recursive: true })
})

test('whoever stops reading ends the command line in silence', async () => {
  const { spawn } = await import('node:child_process')
  const { cliScript } = await import('../support/daemon.ts')
  const child = spawn(process.execPath, [cliScript, 'audit', 'export'], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: daemon.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect({ code, said }).toEqual({ code: 0, said: '' })
})
