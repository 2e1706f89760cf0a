import { isDeepStrictEqual } from 'node:util'
import { isMap, isNode, isScalar, isSeq, stringify, type Node, type Pair, type YAMLMap } from 'yaml'
import { Failure } from '#base/failure.ts'
import { decodeConfig } from '../config/config-text.ts'
import { parseYaml } from '../config/config-document.ts'
import { ValueReader } from '../config/config-values.ts'
import { examine } from '../config/read-config.ts'
import { yamlOptions, type WrittenCheck } from './import-checks.ts'

const path = ['admin', 'health', 'checks'] as const

/** Names of the checks that a configuration has; none when it cannot be read. */
export function checkNames(text: string): readonly string[] {
  const value = valueOf(text)
  const checks = path.reduce<unknown>((at, key) => memberOf(at, key), value)
  return typeof checks === 'object' && checks !== null ? Object.keys(checks) : []
}

/**
 * The configuration with further checks in `admin.health.checks`. All that stands there stays as it is written: comments,
 * order, quotes, ends of lines. What comes of it is read again: it is what it was, with the checks, or this throws.
 * @param text - of the file; empty when there is none.
 * @throws Failure `conflict` when they cannot be put in, which is for a person to do then.
 */
export function withChecks(text: string, checks: ReadonlyMap<string, WrittenCheck>): string {
  const { root, findings } = parseYaml(text.replace(/^\ufeff/, ''))
  if (findings.some(({ severity }) => severity === 'error')) throw cannot('it is not YAML as we read it')
  const added = Object.fromEntries(checks)
  const before = root === null ? null : valueOf(text)
  const mark = text.startsWith('\ufeff') ? '\ufeff' : ''
  const edited = mark + edit(text.slice(mark.length), root, added)
  if (!isDeepStrictEqual(valueOf(edited), merged(before, added)))
    throw cannot('it is written in a way that would not stay as it is')
  const [first] = errorsIn(edited).slice(errorsIn(text).length)
  if (first !== undefined) throw cannot(first)
  return edited
}

/** What is wrong with it; a variable that is not set here may be set where the app runs, before and after. */
const errorsIn = (text: string): readonly string[] =>
  examine(text, {}).findings.flatMap(({ severity, message }) => (severity === 'error' ? [message] : []))

const cannot = (why: string): Failure =>
  new Failure('conflict', `The checks cannot be put into the configuration: ${why}`, {
    hint: 'Put them in by hand: without --write they are printed.',
  })

function edit(text: string, root: Node | null, added: Readonly<Record<string, unknown>>): string {
  let at: Node | null = root
  if (at === null) return appended(text, stringify(nested(path, added), yamlOptions))
  for (const [depth, key] of path.entries()) {
    if (!isMap(at)) throw cannot(`${path.slice(0, depth).join('.') || 'the file'} is no mapping`)
    const pair: Pair | undefined = at.items.find((one) => isScalar(one.key) && one.key.value === key)
    if (pair === undefined) return insertedInto(text, at, nested(path.slice(depth), added))
    if (!isNode(pair.value) || isEmpty(pair.value))
      return insertedUnder(text, at, pair, nested(path.slice(depth + 1), added))
    at = pair.value
  }
  if (!isMap(at)) throw cannot(`${path.join('.')} is no mapping`)
  return insertedInto(text, at, added)
}

/** A key without a value. */
const isEmpty = (node: Node): boolean => isScalar(node) && node.value === null && (node.source ?? '') === ''

const nested = (keys: readonly string[], value: unknown): unknown =>
  keys.toReversed().reduce((inner, key) => ({ [key]: inner }), value)

/** Further members, behind the last that a mapping has. */
function insertedInto(text: string, map: YAMLMap, members: unknown): string {
  if (map.flow === true) return insertedIntoFlow(text, map, members)
  const [first] = map.items
  const begin = first !== undefined && isNode(first.key) ? first.key.range?.[0] : undefined
  if (begin === undefined) throw cannot('it is written in a way that is not known here')
  return insertedLines(text, endOf(map), stringify(members, yamlOptions), begin - lineStart(text, begin))
}

function insertedIntoFlow(text: string, map: YAMLMap, members: unknown): string {
  const close = (map.range?.[1] ?? 0) - 1
  if (text[close] !== '}') throw cannot('it is written in a way that is not known here')
  const inner = JSON.stringify(members).slice(1, -1)
  const before = text.slice(0, close).trimEnd()
  const comma = before.endsWith('{') || before.endsWith(',') ? ' ' : ', '
  return `${before}${comma}${inner} ${text.slice(close)}`
}

/** Members below a key that has no value yet. */
function insertedUnder(text: string, map: YAMLMap, pair: Pair, members: unknown): string {
  const range = isNode(pair.key) ? pair.key.range : null
  if (map.flow === true || range === null || range === undefined)
    throw cannot('it is written in a way that is not known here')
  const indent = range[0] - lineStart(text, range[0])
  return insertedLines(text, range[1], stringify(members, yamlOptions), indent + 2)
}

/** Whole lines, behind the one that a place is in. */
function insertedLines(text: string, place: number, lines: string, indent: number): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n'
  const isBehindEnd = place > 0 && text[place - 1] === '\n'
  const end = isBehindEnd ? place : text.indexOf('\n', place) + 1
  const block = lines.replaceAll(/^(?=.)/gm, ' '.repeat(indent)).replaceAll('\n', ending)
  if (end > 0) return text.slice(0, end) + block + text.slice(end)
  return `${text}${ending}${block}`
}

function appended(text: string, block: string): string {
  const ending = text.includes('\r\n') ? '\r\n' : '\n'
  const gap = text === '' || text.endsWith('\n') ? '' : ending
  return text + gap + block.replaceAll('\n', ending)
}

const lineStart = (text: string, place: number): number => text.lastIndexOf('\n', place - 1) + 1

/** Right behind the last of what a node holds, without the comments that follow. */
function endOf(node: Node): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1)
    if (isNode(last?.value) && !isEmpty(last.value)) return endOf(last.value)
    return isNode(last?.key) ? (last.key.range?.[1] ?? 0) : 0
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1)
    return isNode(last) ? endOf(last) : (node.range?.[1] ?? 0)
  }
  return node.range?.[1] ?? 0
}

/** As it stands, with no variable put in; undefined when it cannot be read. */
function valueOf(text: string): unknown {
  const { text: decoded, problem } = decodeConfig(new TextEncoder().encode(text))
  const { root, findings } = parseYaml(decoded)
  if (problem !== null || findings.some(({ severity }) => severity === 'error')) return undefined
  if (root === null) return null
  const reader = new ValueReader(root, ({ value }) => value)
  const { value } = reader.read(root, [])
  return reader.findings.length > 0 ? undefined : value
}

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined

/** What is to come of it. */
function merged(before: unknown, added: Readonly<Record<string, unknown>>): unknown {
  const into = (value: unknown, keys: readonly string[]): unknown => {
    const [key, ...rest] = keys
    const members = typeof value === 'object' && value !== null ? value : {}
    return key === undefined
      ? { ...members, ...added }
      : { ...members, [key]: into(memberOf(value, key), rest) }
  }
  return into(before, path)
}
