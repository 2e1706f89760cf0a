import { createVSIX } from '@vscode/vsce'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { cache, inRoot, root } from '../support/paths.ts'

// npm run package [-- --target linux-x64] [--out FILE]: builds and packs the extension, daemon and command line.
// Without a target it holds the native SQLite binaries of all platforms. Equal trees give equal files, byte for byte.

/** The name that the SQLite binary's file has for a target of VS Code. */
const prebuildOf = (name: string): string => `${name.replace('alpine', 'linuxmusl')}.node`

const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } })
const { target } = values
const file = path.resolve(
  values.out ?? inRoot(target === undefined ? 'quantum-admin.vsix' : `quantum-admin-${target}.vsix`),
)

if (
  target !== undefined &&
  !existsSync(inRoot('node_modules/better-sqlite3/prebuilds', prebuildOf(target)))
) {
  console.error(`quantum-admin: there is no native SQLite binary for ${target}`)
  process.exit(2)
}
const build = spawnSync(process.execPath, [inRoot('esbuild.mjs')], { stdio: 'inherit' })
if (build.status !== 0) process.exit(1)
// Times inside the archive are local ones, from 1980 on.
process.env['TZ'] = 'UTC'
process.env['SOURCE_DATE_EPOCH'] ??= String(commitTime())
await createVSIX({
  cwd: root,
  packagePath: file,
  dependencies: false,
  ignoreFile: writeIgnoreFile(),
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

/** What a program consists of, as esbuild noted it: dist/ may still hold chunks of earlier builds. */
function builtFiles(): readonly string[] {
  return globSync('meta-*.json', { cwd: cache() }).flatMap((meta) => {
    const { outputs } = JSON.parse(readFileSync(cache(meta), 'utf8')) as { readonly outputs: object }
    return Object.keys(outputs).filter((output) => output.endsWith('.cjs'))
  })
}

/** The usual list, with the files of this build, and for a target one native binary instead of all. */
function writeIgnoreFile(): string {
  const every = '!dist/prebuilds/*.node'
  const programs = '!dist/*.cjs'
  const list = readFileSync(inRoot('.vscodeignore'), 'utf8')
  for (const line of [every, programs])
    if (!list.includes(line)) throw new Error(`.vscodeignore does not list ${line}`)
  const ignoreFile = cache('package', `${target ?? 'every'}.vscodeignore`)
  mkdirSync(path.dirname(ignoreFile), { recursive: true })
  const prebuild = target === undefined ? every : `!dist/prebuilds/${prebuildOf(target)}`
  const files = builtFiles().map((file) => `!${file}`)
  writeFileSync(ignoreFile, list.replace(every, prebuild).replace(programs, files.join('\n')))
  return ignoreFile
}
