import { isAbsolute, resolve } from 'node:path'
import type { OutlineKey } from '../../config/outline.ts'

/** What an app's configurations name: what it may depend on. None of it is told to anybody. */
export interface NamedThings {
  readonly ports: ReadonlySet<number>
  /** Names of apps, hosts, containers and secrets may be among them. */
  readonly words: ReadonlySet<string>
  /** Files outside of its folder, absolute. */
  readonly paths: ReadonlySet<string>
}

export const nothingNamed: NamedThings = { ports: new Set(), words: new Set(), paths: new Set() }

const mostWords = 2000
const mostPaths = 50
const longest = 200

/** What the values of these keys name. */
export function namedThings(folder: string, keys: readonly OutlineKey[]): NamedThings {
  const ports = new Set<number>()
  const words = new Set<string>()
  const paths = new Set<string>()
  for (const { path, value } of keys) {
    for (const port of portsIn(path, value)) ports.add(port)
    for (const word of value.split(/[\s/@:,;=&?'"[\]{}()|]+/))
      if (word.length > 1 && word.length <= longest && words.size < mostWords) words.add(word)
    for (const file of pathsIn(value)) {
      const inside = `${resolve(file)}/`.startsWith(`${folder}/`)
      if (!inside && paths.size < mostPaths) paths.add(resolve(file))
    }
  }
  return { ports, words, paths }
}

function portsIn(path: string, value: string): readonly number[] {
  const found = [...value.matchAll(/:(\d{2,5})(?!\d)/g)].map(([, port]) => Number(port))
  if (/port$/i.test(path) && /^\d{2,5}$/.test(value)) found.push(Number(value))
  return found.filter((port) => port > 0 && port <= 65_535)
}

function pathsIn(value: string): readonly string[] {
  const found = value.matchAll(/(?:^|[\s=:,'"]|:\/\/)(\/[^/\s'",:;?#][^\s'",:;?#]*)/g)
  return [...found].flatMap(([, path]) =>
    path !== undefined && path.length <= 1000 && isAbsolute(path) ? [path] : [],
  )
}

/** Values of such keys may be secrets: not even part of them is told. */
const mayBeSecret = /pass|secret|token|credential|private|auth|api_?key|salt|cookie|session/i

/**
 * By what an error message would name a key that was changed: the key itself, and the port, host or path that it now
 * holds, never a secret.
 */
export function namesOfKey({ path, value }: OutlineKey): readonly string[] {
  const key = path.split('.').at(-1) ?? path
  if (mayBeSecret.test(path)) return [key]
  const [, host] = /^[a-z][\w+.-]*:\/\/(?:[^@/\s]*@)?([\w.-]+)/i.exec(value) ?? []
  return [key, ...portsIn(path, value).map(String), ...(host === undefined ? [] : [host]), ...pathsIn(value)]
}
