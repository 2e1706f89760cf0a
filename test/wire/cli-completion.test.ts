import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli, temporaryHome, type CliResult } from '../support/daemon.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'

const run = promisify(execFile)
let home: string
const cli = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
  runCli(home, args, env)

beforeAll(() => {
  home = temporaryHome()
})
afterAll(() => rmSync(home, { recursive: true }))

/** What bash offers after some words, with the printed script sourced as the documentation says. */
async function bash(script: string, words: readonly string[]): Promise<string[]> {
  const program = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quantum_admin; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['-uc', program, 'bash', ...words])
  return stdout.split('\n').filter((word) => word !== '')
}

test('bash completes nouns, verbs, flags and the values of flags', async () => {
  const { stdout: script } = await cli(['completion', 'bash'])
  const offered = (...words: readonly string[]) => bash(script, ['quantum-admin', ...words])
  expect(await offered('')).toEqual(expect.arrayContaining(['ports', 'audit', 'daemon', 'completion']))
  expect(await offered('po')).toEqual(['ports'])
  expect(await offered('ports', '')).toEqual(['list', 'leases', 'who', 'lease', 'release', 'free'])
  expect(await offered('--json', '--url', 'x', 'ports', 'le')).toEqual(['leases', 'lease'])
  expect(await offered('ports', 'lease', '--kind', '')).toEqual(['web', 'database', 'queue', 'cache', 'app'])
  expect(await offered('ports', 'lease', '--k')).toEqual(['--kind'])
  expect(await offered('logs', '--kind', '')).toEqual(['application', 'database', 'access', 'errors'])
  expect(await offered('logs', '--search', 'ports', '--level', 'w')).toEqual(['warn'])
  expect(await offered('audit', 'list', '--outcome', 'in')).toEqual(['interrupted'])
  expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  expect(await offered('--ca', inRoot('package.j'))).toEqual([inRoot('package.json')])
})

test('what bash offers is what there is: each noun and verb answers --help', async () => {
  const { stdout: script } = await cli(['completion', 'bash'])
  for (const noun of await bash(script, ['quantum-admin', ''])) {
    const help = await cli([noun, '--help'])
    expect({ noun, code: help.code, usage: help.stdout.includes(`Usage: quantum-admin ${noun}`) }).toEqual({
      noun,
      code: 0,
      usage: true,
    })
    const verbs = await bash(script, ['quantum-admin', noun, ''])
    for (const verb of noun === 'completion' ? [] : verbs)
      expect((await cli([noun, verb, '--help'])).stdout).toContain(`Usage: quantum-admin ${noun} ${verb}`)
  }
})

test.runIf(withPeers('zsh'))('zsh takes the script and completes', async () => {
  const { stdout: script } = await cli(['completion', 'zsh'])
  const program = `${script}
compadd() { print -rl -- "\${@[2,-1]}"; }; _describe() { print -rl -- "\${(@P)2}"; }
words=(quantum-admin ports ''); CURRENT=3; _quantum_admin
words=(quantum-admin ports lease --kind ''); CURRENT=5; _quantum_admin
words=(quantum-admin logs --kind ''); CURRENT=4; _quantum_admin`
  const { stdout } = await run('zsh', ['-fc', program])
  expect(stdout).toContain('leases:ports that are reserved by name\n')
  expect(stdout).toContain('database\n')
  expect(stdout).toContain('access\n')
})

test.runIf(withPeers('fish'))('fish takes the script and completes', async () => {
  const { stdout: script } = await cli(['completion', 'fish'])
  const file = path.join(home, 'quantum-admin.fish')
  writeFileSync(file, script)
  const program = "source $argv[1]; complete -C 'quantum-admin ports lease --kind '"
  const env = { ...process.env, HOME: home }
  const { stdout } = await run('fish', ['--no-config', '-c', program, file], { env })
  expect(stdout.split('\n').map((line) => line.split('\t')[0])).toContain('database')
})

test('docs prints any shipped page and lists them, and starts no daemon', async () => {
  const index = await cli(['docs'])
  expect(index.stdout).toContain('Quantum Admin')
  expect(index.stderr).toMatch(/Pages: .*cli.*troubleshooting/)
  for (const file of readdirSync(inRoot('docs')).filter((name) => /^[a-z-]+\.md$/.test(name)))
    expect((await cli(['docs', file.slice(0, -3)])).stdout.length).toBeGreaterThan(200)
  expect(existsSync(path.join(home, 'daemon.json'))).toBe(false)
})

test('docs points where QUANTUM_ADMIN_DOCS_URL says, and so do errors', async () => {
  const env = { QUANTUM_ADMIN_DOCS_URL: 'https://docs.example.com/quantum/?v=2' }
  expect((await cli(['docs'], env)).stdout).toBe('https://docs.example.com/quantum/?v=2\n')
  expect((await cli(['docs', 'teams'], env)).stdout).toBe('https://docs.example.com/quantum/teams.md?v=2\n')
  expect((await cli(['docs', 'conflict'], env)).stdout).toBe(
    'https://docs.example.com/quantum/errors/conflict.md?v=2\n',
  )
  const failed = await cli(['ports', 'who', 'x', '--json'], env)
  expect(failed.stderr).toContain('https://docs.example.com/quantum/errors/wrong-use.md?v=2')
  const unsafe = await cli(['docs', '--json'], { QUANTUM_ADMIN_DOCS_URL: 'file:///etc/passwd' })
  expect(JSON.parse(unsafe.stdout)).toMatchObject({ url: null })
})

test('cli.md names every noun and verb, and every link between pages leads somewhere', async () => {
  const cliPage = readFileSync(inRoot('docs', 'cli.md'), 'utf8')
  const { stdout: script } = await cli(['completion', 'bash'])
  for (const noun of await bash(script, ['quantum-admin', ''])) {
    const verbs = noun === 'completion' ? [] : await bash(script, ['quantum-admin', noun, ''])
    for (const verb of verbs) expect(cliPage).toMatch(new RegExp(`${noun} [^\n]*\\b${verb}\\b`))
    expect(cliPage).toContain(noun)
  }
  const folders = [inRoot('docs'), inRoot('docs', 'errors')]
  for (const folder of folders) {
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.md'))) {
      const text = readFileSync(path.join(folder, name), 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\(((?!https?:)[^)\s]+)\)/g)) {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path.join(folder, name) : path.join(folder, file)
        expect({ in: name, link, there: existsSync(target) }).toEqual({ in: name, link, there: true })
        if (anchor === undefined) continue
        const anchors = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replaceAll(/[^\p{L}\p{N} -]/gu, '')
            .replaceAll(' ', '-'),
        )
        expect({ in: name, link, anchor: anchors.includes(anchor) }).toEqual({ in: name, link, anchor: true })
      }
    }
  }
})

test('an old Node.js is told so in words', () => {
  const old = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); require(${JSON.stringify(inRoot('bin', 'quantum-admin.cjs'))})`
  expect(() => execFileSync(process.execPath, ['-e', old], { stdio: 'pipe' })).toThrow(
    /Node.js 22.18 or newer[^]*code: node-too-old/,
  )
})
