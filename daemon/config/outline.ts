import { isMap, isScalar, isSeq, LineCounter, type Node } from 'yaml'
import { parseYaml } from './config-document.ts'
import { decodeConfig } from './config-text.ts'

/** One key of a configuration, whatever program it is for. */
export interface OutlineKey {
  /** Such as `admin.run.env.PORT`, `servers[0].host`. */
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  /** As it is written. It may be a secret. */
  readonly value: string
}

/** More keys than these nobody reads. */
const mostKeys = 5000

/**
 * All keys of a configuration that hold no further keys, in their order. YAML and JSON are understood, and lines of
 * `key = value` under `[sections]` (`.env`, `.ini`, `.properties`, most of TOML).
 * @returns null for what cannot be understood.
 */
export function outlineOf(name: string, bytes: Uint8Array): readonly OutlineKey[] | null {
  const { text, problem } = decodeConfig(bytes)
  if (problem !== null) return null
  return /\.(?:ya?ml|json)$/.test(name) ? ofYaml(text) : ofLines(text)
}

/** JSON is YAML. */
function ofYaml(text: string): readonly OutlineKey[] | null {
  const { root, findings } = parseYaml(text)
  if (root === null) return findings.some(({ severity }) => severity === 'error') ? null : []
  const lines = new LineCounter()
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
  const keys: OutlineKey[] = []
  const lineAt = (offset: number): number => lines.linePos(offset).line
  walk(root, { path: '', line: 1 }, lineAt, keys)
  return keys
}

function walk(
  node: Node | null,
  at: { readonly path: string; readonly line: number },
  lineAt: (offset: number) => number,
  keys: OutlineKey[],
): void {
  if (keys.length >= mostKeys) return
  const place = (part: Node | null, otherwise: number): number =>
    part?.range === undefined || part.range === null ? otherwise : lineAt(part.range[0])
  if (isMap(node) && node.items.length > 0)
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '?'
      const line = place(key as Node | null, at.line)
      walk(value as Node | null, { path: at.path === '' ? name : `${at.path}.${name}`, line }, lineAt, keys)
    }
  else if (isSeq(node) && node.items.length > 0)
    for (const [index, item] of node.items.entries())
      walk(item as Node, { path: `${at.path}[${index}]`, line: place(item as Node, at.line) }, lineAt, keys)
  else keys.push({ ...at, value: isScalar(node) ? String(node.value) : node === null ? '' : node.toString() })
}

const section = /^\s*\[+\s*([^\]]{1,200}?)\s*\]+\s*(?:[#;].*)?$/
const assignment = /^\s*(?:export\s+)?([\w.-]{1,200})\s*[=:]\s*(.*?)\s*$/

function ofLines(text: string): readonly OutlineKey[] {
  const keys: OutlineKey[] = []
  let within = ''
  for (const [index, written] of text.split('\n').entries()) {
    if (keys.length >= mostKeys) break
    if (/^\s*[#;!]/.test(written)) continue
    const [, name] = section.exec(written) ?? []
    const [, key, value = ''] = assignment.exec(written) ?? []
    if (name !== undefined) within = `${name}.`
    else if (key !== undefined)
      keys.push({
        path: `${within}${key}`,
        line: index + 1,
        value: /^(["'`])(.*)\1$/s.exec(value)?.[2] ?? value,
      })
  }
  return keys
}
