import { createVSIX } from '@vscode/vsce'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cache, inRoot, root } from '../support/paths.ts'

// npm run package [-- --target linux-x64] [--out FILE]: builds and packs the extension, daemon and command line.
// Without a target it holds the native SQLite binaries of all platforms. Equal trees give equal files, byte for byte.

/** The name that the SQLite binary's file has for a target of VS Code. */
const prebuildOf = (target: string): string => `${target.replace('alpine', 'linuxmusl')}.node`

const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } })
const { target } = values
const file = path.resolve(
  values.out ?? inRoot(target === undefined ? 'quantum-admin.vsix' : `quantum-admin-${target}.vsix`),
)

const build = spawnSync(process.execPath, [inRoot('esbuild.mjs')], { stdio: 'inherit' })
if (build.status !== 0) process.exit(1)
// Times inside the archive are local ones, from 1980 on.
process.env['TZ'] = 'UTC'
process.env['SOURCE_DATE_EPOCH'] ??= String(commitTime())
await createVSIX({
  cwd: root,
  packagePath: file,
  dependencies: false,
  ignoreFile: target === undefined ? inRoot('.vscodeignore') : ignoreFileFor(target),
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
  ...(target === undefined ? {} : { target }),
})
console.log(`packed ${path.relative(process.cwd(), file)} (${(statSync(file).size / 1e6).toFixed(1)} MB)`)

/** Seconds since the epoch, never before zip files can say it. */
function commitTime(): number {
  const { status, stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  return Math.max(status === 0 ? Number(stdout) : 0, Date.UTC(1980, 0, 2) / 1000)
}

/** The usual list, with one native binary instead of all. */
function ignoreFileFor(name: string): string {
  const prebuild = prebuildOf(name)
  const every = '!dist/prebuilds/*.node'
  const list = readFileSync(inRoot('.vscodeignore'), 'utf8')
  if (!list.includes(every)) throw new Error(`.vscodeignore does not list ${every}`)
  if (statSync(inRoot('dist/prebuilds', prebuild), { throwIfNoEntry: false }) === undefined) {
    console.error(`quantum-admin: there is no native SQLite binary for ${name}`)
    process.exit(2)
  }
  const ignoreFile = cache('package', `${name}.vscodeignore`)
  mkdirSync(path.dirname(ignoreFile), { recursive: true })
  writeFileSync(ignoreFile, list.replace(every, `!dist/prebuilds/${prebuild}`))
  return ignoreFile
}
