import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LanguageServerProcess } from '../support/language-server.ts'
import { inRoot } from '../support/paths.ts'
import { withPeers } from '../support/peers.ts'
import { full } from '../support/scale.ts'
import { startVscodeServer, type VscodeServer } from '../support/vscode-server.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'quantum-package-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function pack(name: string, ...args: readonly string[]): Buffer {
  const out = path.join(folder, name)
  const { status, stderr } = spawnSync(
    process.execPath,
    [inRoot('test/setup/package.ts'), '--out', out, ...args],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  return readFileSync(out)
}

/** The names in a zip file's central directory (APPNOTE.TXT 4.3.12 and 4.3.16). */
function namesInZip(zip: Buffer): readonly string[] {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  const names: string[] = []
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
    names.push(zip.toString('utf8', at + 46, at + 46 + (name ?? 0)))
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0)
  }
  return names
}

describe('the package', () => {
  const every = pack('every.vsix')

  test.runIf(full)('is the same, byte for byte, when it is made again', () => {
    expect(pack('again.vsix').equals(every)).toBe(true)
  })

  test('holds all that the extension, the daemon and the command line need, and nothing else', () => {
    const names = namesInZip(every).filter((name) => name.startsWith('extension/'))
    const inside = names.map((name) => name.slice('extension/'.length))
    expect(inside).toEqual(
      expect.arrayContaining([
        'package.json',
        'package.nls.json',
        'package.nls.pt-br.json',
        'l10n/bundle.l10n.pt-br.json',
        'bin/quantum-admin.cjs',
        'dist/extension.cjs',
        'dist/daemon.cjs',
        'dist/cli.cjs',
        'dist/language.cjs',
        'dist/webviews/dashboard.js',
        'dist/webviews/dashboard.css',
        'dist/webviews/logs.js',
        'dist/webviews/logs.css',
        'dist/webviews/plots.js',
        'dist/webviews/plots.css',
        'dist/THIRD-PARTY-LICENCES.txt',
        'docs/README.md',
      ]),
    )
    expect(inside.filter((name) => name.endsWith('.node'))).toHaveLength(8)
    expect(inside.filter((name) => /node_modules|\.ts$|\.map$|^(test|daemon|\.)/.test(name))).toEqual([])
  })

  test.runIf(full)('for one platform holds the native binary of that one alone', () => {
    const names = namesInZip(pack('linux.vsix', '--target', 'linux-x64'))
    expect(names.filter((name) => name.endsWith('.node'))).toEqual([
      'extension/dist/prebuilds/linux-x64.node',
    ])
  })
})

describe.runIf(withPeers('vscode'))('the package installed in VS Code', () => {
  let server: VscodeServer
  let installed: string

  beforeAll(async () => {
    server = await startVscodeServer({ vsix: [path.join(folder, 'every.vsix')] })
    const [name = ''] = globSync('quantum-admin.quantum-admin-*', { cwd: server.extensions })
    installed = path.join(server.extensions, name)
  })
  afterAll(() => server.stop())

  test('runs its language server with nothing but what is inside', async () => {
    const language = await LanguageServerProcess.start({ file: path.join(installed, 'dist/language.cjs') })
    const uri = 'file:///nowhere/quantum.config.yaml'
    await language.show(uri, 'admin: { run: { prot: 80 } }')
    expect(await language.diagnostics(uri)).toMatchObject([{ code: 'unknown-key' }])
    await language.stop()
  })

  test('runs its daemon and command line with nothing but what is inside', () => {
    const cli = (...args: readonly string[]) =>
      execFileSync(process.execPath, [path.join(installed, 'bin/quantum-admin.cjs'), ...args], {
        cwd: '/',
        env: { ...process.env, QUANTUM_ADMIN_HOME: server.stateFolder, NODE_PATH: '' },
        encoding: 'utf8',
      })
    cli('daemon', 'start')
    try {
      expect(JSON.parse(cli('daemon', 'status', '--json'))).toMatchObject({ state: 'running' })
      expect(JSON.parse(cli('ports', 'list', '--json'))).toBeInstanceOf(Array)
    } finally {
      cli('daemon', 'stop', '--yes')
    }
  })
})
