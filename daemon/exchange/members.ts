import { Failure } from '#base/failure.ts'
import { pathText, type KeyPath } from '../config/findings.ts'

/** Refuses a file. @throws Failure `invalid-params`, which names the place. */
export function refuse(path: KeyPath, expected: string, value?: unknown): never {
  const got = value === undefined ? '' : `, got ${shown(value)}`
  const place = pathText(path)
  throw new Failure('invalid-params', `${place === '' ? 'the file' : place}: ${expected}${got}`)
}

/** Never a text that stands there: it may be a secret. */
function shown(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a text'
}

/** A mapping of a file that somebody else wrote, whose members are read by what they must be. All throw as {@link refuse}. */
export class Members {
  readonly path: KeyPath
  readonly #value: Readonly<Record<string, unknown>>

  constructor(value: unknown, path: KeyPath) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      refuse(path, 'expected a mapping', value)
    // It is an object that is no list.
    this.#value = value as Readonly<Record<string, unknown>>
    this.path = path
  }

  get keys(): readonly string[] {
    return Object.keys(this.#value)
  }

  /** Undefined where nothing stands, or null does. */
  at(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? (this.#value[key] ?? undefined) : undefined
  }

  /** Empty where there is none; a number is a text too, as YAML has it. */
  text(key: string): string {
    const value = this.at(key)
    if (value === undefined) return ''
    if (typeof value === 'string') return value
    return typeof value === 'number' ? String(value) : refuse([...this.path, key], 'expected text', value)
  }

  /** Also from text, which is how some versions keep it. */
  number(key: string): number | null {
    const value = this.at(key)
    if (value === undefined || value === '') return null
    const number = typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number))
      return refuse([...this.path, key], 'expected a number', value)
    return number
  }

  /** `1` and `0` are what a database makes of it. */
  flag(key: string, otherwise: boolean): boolean {
    const value = this.at(key)
    if (value === undefined) return otherwise
    if (typeof value === 'boolean') return value
    if (value === 1 || value === 0) return value === 1
    return refuse([...this.path, key], 'expected true or false', value)
  }

  list(key: string): readonly unknown[] {
    const value = this.at(key)
    if (value === undefined) return []
    return Array.isArray(value)
      ? (value as readonly unknown[])
      : refuse([...this.path, key], 'expected a list', value)
  }

  texts(key: string): readonly string[] {
    return this.list(key).map((one, index) =>
      typeof one === 'string' || typeof one === 'number'
        ? String(one)
        : refuse([...this.path, key, index], 'expected text', one),
    )
  }

  /** Empty where there is none. */
  members(key: string): Members {
    return new Members(this.at(key) ?? {}, [...this.path, key])
  }

  /** All of them as mappings. */
  each(key: string): readonly Members[] {
    return this.list(key).map((one, index) => new Members(one, [...this.path, key, index]))
  }
}
