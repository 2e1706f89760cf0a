import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  visit,
  type Alias,
  type Node,
  type Pair,
  type Range,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { deepest } from './config-document.ts'
import { error, pathText, quoted, type Finding, type KeyPath } from './findings.ts'

/** Where a value stands in the text. */
export interface Place {
  readonly offset: number
  readonly end: number
  /** Of its key; its own where it has none. */
  readonly keyOffset: number
  readonly keyEnd: number
  /** A scalar as it is written, before variables are put in; null for a collection. */
  readonly written: string | null
  readonly children: ReadonlyMap<string | number, Place>
}

export interface Placed {
  readonly value: unknown
  readonly place: Place
}

/** What a scalar becomes, which depends on where it is used. */
export type ReadScalar = (node: Scalar, path: KeyPath) => unknown

/** Nodes that aliases may add: a file can name one list in another a hundred times, and that one in a third. */
const mostCopies = 10_000
/** They reach prototypes where somebody copies an object without thinking of it. */
const refused: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const nowhere: ReadonlyMap<string | number, Place> = new Map()

/** The plain value of a parsed file, with the place of each part of it. */
export class ValueReader {
  readonly findings: Finding[] = []
  readonly #readScalar: ReadScalar
  readonly #targets: ReadonlyMap<Alias, Node>
  /** What is being read, from the top downwards: an alias to one of these would never end. */
  readonly #open = new Set<Node>()
  #aliases = 0
  #copies = 0

  constructor(root: Node, readScalar: ReadScalar) {
    this.#readScalar = readScalar
    this.#targets = targetsOf(root)
  }

  /** @param path - where it is used, which differs from where it stands for what an alias names. */
  read(node: Node | null, path: KeyPath, key: Range | null = null): Placed {
    const own = node?.range ?? key
    const [offset, end] = own ?? [0, 0]
    const [keyOffset, keyEnd] = key ?? [offset, end]
    const nothing = {
      value: undefined,
      place: { offset, end, keyOffset, keyEnd, written: null, children: nowhere },
    }
    if (node === null || this.#isTooMuch(node, path)) return nothing
    if (isAlias(node)) return this.#alias(node, path, key) ?? nothing
    if (isScalar(node)) {
      const place = { ...nothing.place, written: node.source ?? '' }
      return { value: this.#readScalar(node, path), place }
    }
    this.#open.add(node)
    const content = isMap(node) ? this.#map(node, path) : isSeq(node) ? this.#list(node, path) : null
    this.#open.delete(node)
    if (content === null) return nothing
    return { value: content.value, place: { ...nothing.place, children: content.children } }
  }

  #isTooMuch(node: Node, path: KeyPath): boolean {
    if (this.#aliases > 0) this.#copies += 1
    if (this.#copies > mostCopies) {
      // Said once: all that follows is too much as well.
      if (this.#copies === mostCopies + 1)
        this.#fault(node, path, `expected aliases to repeat at most ${mostCopies} values`)
      return true
    }
    if (this.#open.size < deepest || isScalar(node) || isAlias(node)) return false
    this.#fault(node, path, `expected at most ${deepest} levels of nesting`)
    return true
  }

  #alias(alias: Alias, path: KeyPath, key: Range | null): Placed | null {
    const target = this.#targets.get(alias)
    const name = quoted(`*${alias.source}`)
    if (target === undefined) this.#fault(alias, path, `${name} needs an anchor &name before it`)
    else if (this.#open.has(target)) this.#fault(alias, path, `${name} stands inside of what it names`)
    if (target === undefined || this.#open.has(target)) return null
    this.#aliases += 1
    const found = this.read(target, path, key)
    this.#aliases -= 1
    return found
  }

  #list(list: YAMLSeq, path: KeyPath) {
    const value: unknown[] = []
    const children = new Map<string | number, Place>()
    for (const [index, item] of list.items.entries()) {
      // A parsed list holds nodes only; the type also covers lists that a program makes.
      const read = this.read(item as Node, [...path, index])
      value.push(read.value)
      children.set(index, read.place)
    }
    return { value, children }
  }

  #map(map: YAMLMap, path: KeyPath) {
    const own = new Map<string, Placed>()
    const merged = new Map<string, Placed>()
    // A parsed mapping holds nodes only; the type also covers mappings that a program makes.
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = keyText(pair.key)
      if (refused.has(key)) this.#fault(pair.key, [...path, key], 'this key is not allowed')
      else if (own.has(key)) this.#fault(pair.key, [...path, key], 'this key is there twice')
      else if (isMerge(pair.key)) this.#merge(pair.value, path, merged)
      else own.set(key, this.read(pair.value, [...path, key], pair.key.range ?? null))
    }
    // Own keys last: they overrule what is merged, wherever `<<` stands.
    const all = new Map([...merged, ...own])
    const value = Object.fromEntries([...all].map(([key, placed]) => [key, placed.value]))
    return { value, children: new Map([...all].map(([key, placed]) => [key, placed.place])) }
  }

  /** `<<: *base` and `<<: [*first, *second]`, where the first that has a key gives it (YAML 1.1's merge key). */
  #merge(node: Node | null, path: KeyPath, into: Map<string, Placed>): void {
    const sources = isSeq(node) ? node.items : [node]
    // As above: nodes only.
    for (const source of sources as (Node | null)[]) {
      const target = isAlias(source) ? this.#targets.get(source) : source
      if (source === null || !isMap(target)) {
        if (source !== null) this.#fault(source, [...path, '<<'], 'expected a mapping, or an alias of one')
        continue
      }
      const { value, place } = this.read(source, path)
      if (typeof value !== 'object' || value === null) continue
      for (const [key, part] of Object.entries(value)) {
        const at = place.children.get(key)
        if (at !== undefined && !into.has(key)) into.set(key, { value: part, place: at })
      }
    }
  }

  #fault(node: Node, path: KeyPath, message: string): void {
    const where = pathText(path)
    const [start, end] = node.range ?? [0, 0]
    this.findings.push(error(start, where === '' ? message : `${where}: ${message}`, { end, code: 'value' }))
  }
}

/** Keys of other kinds were refused when it was parsed. */
const keyText = (key: Node): string => (isScalar(key) && typeof key.value === 'string' ? key.value : '')

const isMerge = (key: Node): boolean => isScalar(key) && key.value === '<<' && key.type === 'PLAIN'

/** What each alias names: the last anchor of that name before it. */
function targetsOf(root: Node): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(root, {
    Alias: (_key, alias) => {
      const target = anchors.get(alias.source)
      if (target !== undefined) targets.set(alias, target)
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}

/** A part of a value; undefined where it is missing. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return valueAt(Reflect.get(value, key), rest)
}

/** The place of a part, or of the innermost mapping that it is missing in. */
export function nearestPlace(place: Place, path: KeyPath): Place {
  const [key, ...rest] = path
  const child = key === undefined ? undefined : place.children.get(key)
  return child === undefined ? place : nearestPlace(child, rest)
}
