/** What a value turned out to be, or that it is not: a message from outside is believed only member by member. */
export type Check<T> = (value: unknown) => value is T

export const text =
  (longest: number): Check<string> =>
  (value): value is string =>
    typeof value === 'string' && value.length <= longest

export const whole =
  (least: number, most: number): Check<number> =>
  (value): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most

export const flag: Check<boolean> = (value): value is boolean => typeof value === 'boolean'

export const oneOf =
  <const T extends string>(words: readonly T[]): Check<T> =>
  (value): value is T =>
    (words as readonly unknown[]).includes(value)

export const exactly =
  <const T extends string | boolean | null>(wanted: T): Check<T> =>
  (value): value is T =>
    value === wanted

export const listOf =
  <T>(of: Check<T>, longest: number): Check<T[]> =>
  (value): value is T[] =>
    Array.isArray(value) && value.length <= longest && value.every((one) => of(one))

export const either =
  <A, B>(one: Check<A>, other: Check<B>): Check<A | B> =>
  (value): value is A | B =>
    one(value) || other(value)

/** Texts by name. */
export const texts =
  (most: number, longest: number): Check<Readonly<Record<string, string>>> =>
  (value): value is Readonly<Record<string, string>> => {
    if (!isPlain(value)) return false
    const all = Object.values(value)
    return all.length <= most && all.every(text(longest))
  }

type Members = Readonly<Record<string, Check<unknown>>>
type Of<C> = C extends Check<infer T> ? T : never
type Whole<M extends Members> = { readonly [K in keyof M]: Of<M[K]> }
type Part<M extends Members> = { readonly [K in keyof M]?: Of<M[K]> | undefined }

/** An object of exactly these members. */
export const shape = <M extends Members>(members: M): Check<Whole<M>> => shapeWith(members, {})

/** An object of exactly these members; those of `optional` may be missing. */
export const shapeWith =
  <M extends Members, O extends Members>(members: M, optional: O): Check<Whole<M> & Part<O>> =>
  (value): value is Whole<M> & Part<O> =>
    isPlain(value) &&
    Object.keys(value).every((name) => Object.hasOwn(members, name) || Object.hasOwn(optional, name)) &&
    Object.entries(members).every(([name, check]) => Object.hasOwn(value, name) && check(value[name])) &&
    Object.entries(optional).every(([name, check]) => value[name] === undefined || check(value[name]))

/** An object that has these members, and may have others: what a newer daemon adds does no harm. */
export const having =
  <M extends Members>(members: M): Check<Whole<M>> =>
  (value): value is Whole<M> =>
    isPlain(value) && Object.entries(members).every(([name, check]) => check(value[name]))

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
