import path from 'node:path/posix'
import { importsOf, type Import } from './import-scan.ts'
import { queryFiles, rules, shellFunctions, startsPrograms, type Rule } from './rules.ts'

/** Source texts by their path from the root, with `/`. */
export type Sources = ReadonlyMap<string, string>

/** Our aliases of package.json. */
const aliases: Readonly<Record<string, string>> = {
  '#contract/': 'daemon/contract/',
  '#client/': 'daemon/client/',
  '#base/': 'daemon/base/',
}

/** Everything that breaks a rule, as sentences; none for a house in order. */
export function violationsIn(sources: Sources): readonly string[] {
  return [...sources].flatMap(([file, text]) => {
    const rule = ruleFor(file)
    if (rule === null) return [`${file}: its folder has no rule`]
    return importsOf(file, text).flatMap((found) => {
      const problem = problemWith(file, rule, found)
      return problem === null ? [] : [`${file}: ${problem}`]
    })
  })
}

/** The rule of exactly the folder that a file lies in, or of a folder above that may have folders below. */
function ruleFor(file: string): Rule | null {
  const matching = rules.filter((rule) => matches(`${rule.folder}/**`, file))
  // A file straight in daemon/ is the composition root's; one in an unknown folder below has no rule.
  const own = matching.filter((rule) => rule.folder !== 'daemon' || path.dirname(file) === 'daemon')
  return own.toSorted((a, b) => b.folder.length - a.folder.length)[0] ?? null
}

function problemWith(file: string, rule: Rule, found: Import): string | null {
  const { specifier, typeOnly, names } = found
  if (specifier.startsWith('node:')) return problemWithNode(file, rule, found)
  const target = ownFile(file, specifier)
  if (target !== null) return mayReach(file, rule, target) ? null : `may not import ${target}`
  const name = packageOf(specifier)
  if (rule.packages.includes(name)) return null
  const values = queryFiles.test(file) ? rule.inQueries?.[name] : undefined
  if (values === undefined) return `may not import the package ${name}`
  const fine = typeOnly || (names.length > 0 && names.every((value) => values.includes(value)))
  return fine ? null : `may import only types and ${values.join(', ')} from ${name}`
}

function problemWithNode(file: string, rule: Rule, { specifier, names, typeOnly }: Import): string | null {
  if (!rule.node) return `may not import ${specifier}`
  if (specifier !== 'node:child_process' || typeOnly) return null
  if (names.length === 0) return `must name what it imports from ${specifier}`
  const shell = names.find((name) => shellFunctions.includes(name))
  if (shell !== undefined) return `may not use ${shell}, which runs a shell`
  return Object.hasOwn(startsPrograms, file)
    ? null
    : `may not start programs: ${file} is not in startsPrograms`
}

/** A path of ours that a specifier means; null for a package. */
function ownFile(file: string, specifier: string): string | null {
  if (specifier.startsWith('.')) return path.join(path.dirname(file), specifier)
  const alias = Object.keys(aliases).find((prefix) => specifier.startsWith(prefix))
  return alias === undefined ? null : (aliases[alias] ?? '') + specifier.slice(alias.length)
}

function mayReach(file: string, rule: Rule, target: string): boolean {
  const house = houseOf(rule, file)
  const inside = rule.folder === 'daemon' ? path.dirname(target) === 'daemon' : target.startsWith(`${house}/`)
  return inside || rule.ours.some((pattern) => matches(pattern, target))
}

/** The folder that a rule's `*` means for this file. */
const houseOf = (rule: Rule, file: string): string =>
  file.split('/').slice(0, rule.folder.split('/').length).join('/')

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const matches = (pattern: string, file: string): boolean => path.matchesGlob(file, pattern)
