import type { Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import type { PackageJson } from './package-json.ts'

/** How a Node.js app is run, or null when its package is there for others and nothing in it runs by itself. */
export function nodeApp(project: ProjectFolder, manifest: PackageJson | null): Sourced<string> | null {
  if (manifest === null) return null
  if (manifest.dev !== null) return script(project, 'dev')
  if (manifest.start !== null) return script(project, 'start')
  const main = manifest.library ? null : mainOf(project, manifest)
  if (main !== null) return { value: `node ${main}`, source: 'found', where: 'package.json, main' }
  const file = (manifest.library ? ['server.js'] : ['server.js', 'index.js']).find((name) =>
    project.names.includes(name),
  )
  return file === undefined ? null : { value: `node ${file}`, source: 'found', where: file }
}

/** Lock files by whose they are; without one, npm's way of running a script works as well. */
const locks: readonly (readonly [file: string, runner: string])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
]

/** A script of its package.json, run by the program whose lock file is there. */
export function script({ names }: ProjectFolder, name: 'dev' | 'start' | 'test'): Sourced<string> {
  const runner = locks.find(([file]) => names.includes(file))?.[1] ?? 'npm'
  // All of them know these two as commands of their own but Bun, to which they are something else.
  const value = name !== 'dev' && runner !== 'bun' ? `${runner} ${name}` : `${runner} run ${name}`
  return { value, source: 'found', where: `package.json, scripts.${name}` }
}

/**
 * `main`, where it is there to be run: `npm init` names an index.js whether there is one or not. Of one in a folder
 * only the folder is known. One with anything in its path that a command line might take for more than a path is left.
 */
function mainOf({ names }: ProjectFolder, { main }: PackageJson): string | null {
  const path = main?.replace(/^(?:\.\/)+/, '') ?? ''
  if (!/^[\w@][\w@.+/-]{0,250}$/.test(path) || path.split('/').includes('..')) return null
  const [first = '', ...rest] = path.split('/')
  const present = rest.length > 0 ? [`${first}/`] : [first, `${first}.js`, `${first}/`]
  return present.some((name) => names.includes(name)) ? path : null
}
