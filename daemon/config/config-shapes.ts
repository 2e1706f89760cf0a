import * as z from 'zod/mini'
import { durationExpected, durationMs, sizeBytes, sizeExpected } from './units.ts'

// What keys of the configuration are made of, each with the words that say what is expected.

export const mapping = 'expected a mapping of keys to values'
export const longestText = 32 * 1024

/** A mapping of ours: a misspelt key is an error, not ignored. Each key may stand there without a value. */
export const section = <T extends z.core.$ZodLooseShape>(shape: T) => z.strictObject(shape, mapping)

/** Text, of a form where one is given. A NUL, which YAML can write as `"\0"`, ends it for the system. */
export const text = (expected: string, form = /^[^\0]+$/) =>
  z.string(expected).check(z.maxLength(longestText, expected), z.regex(form, expected))

/** An integer. As text too, because that is what a variable gives. */
export const integer = (low: number, high: number, expected: string) => {
  const within = z.int(expected).check(z.gte(low, expected), z.lte(high, expected))
  const digits = z.string(expected).check(z.regex(/^\d{1,15}$/, expected))
  return z.union([within, z.pipe(z.pipe(digits, z.transform(Number)), within)], expected)
}

const trueOrFalse = 'expected true or false'
export const boolean = z.union(
  [
    z.boolean(trueOrFalse),
    z.pipe(
      z.enum(['true', 'false'], trueOrFalse),
      z.transform((word) => word === 'true'),
    ),
  ],
  trueOrFalse,
)

/** Text with a unit as a number. */
const measured = (expected: string, parse: (text: string) => number | null) =>
  z.pipe(
    z
      .string(expected)
      .check(z.refine((written) => parse(written) !== null, { error: expected, abort: true })),
    z.transform((written) => parse(written) ?? 0),
  )

export const duration = measured(durationExpected, durationMs)
export const timeout = measured(
  `${durationExpected}, and more than nothing`,
  (written) => durationMs(written) || null,
)
export const size = measured(sizeExpected, sizeBytes)
export const oneOf = <const T extends readonly string[]>(words: T) =>
  z.enum(words, `expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)

export const named = (what: string) =>
  text(`expected ${what}: letters, digits and . _ - only`, /^[A-Za-z0-9][\w.-]{0,99}$/)
export const port = integer(1, 65_535, 'expected a number from 1 to 65535')
export const command = text('expected a command, as text')

/** Five fields of cron; job-findings.ts says what is wrong with one that has them. */
export const schedule = text(
  'expected five fields of cron, such as "0 3 * * *"',
  /^[\dA-Za-z*,/#-]{1,100}(?: {1,10}[\dA-Za-z*,/#-]{1,100}){4}$/,
)
export const timezone = text(
  'expected a time zone such as Europe/Berlin or UTC',
  /^[A-Za-z][A-Za-z0-9_+/-]{0,99}$/,
)

/** What may be a secret that stands there as it is: whatever is wrong with it is said without it, in findings. */
export const unsaid = (expected: string) =>
  z.pipe(
    z
      .union([z.string(), z.number(), z.boolean()], expected)
      .check(z.refine((value) => String(value) !== '', expected)),
    z.transform(String),
  )
export const count = (low: number, high: number) =>
  integer(low, high, `expected a number from ${low} to ${high}`)

export const headerName = text(
  "expected the name of an HTTP header: letters, digits and !#$%&'*+-.^_`|~ only",
  /^[\w!#$%&'*+.^`|~-]{1,100}$/,
)

export const list = <T extends z.core.SomeType>(of: T, what: string) =>
  z.array(of, `expected a list of ${what}`).check(z.maxLength(1000, `expected at most 1000 ${what}`))

/** An HTTP status, a range of them, or several of both, each as the first and the last that are good. */
const statusExpected = 'expected an HTTP status or ranges of them, such as 200, 200-399 or "200-299, 404"'
export const status = z.union(
  [
    z.pipe(
      integer(100, 599, statusExpected),
      z.transform((one): readonly StatusRange[] => [[one, one]]),
    ),
    z
      .pipe(
        text(statusExpected, /^[1-5]\d\d(?:-[1-5]\d\d)?(?:, ?[1-5]\d\d(?:-[1-5]\d\d)?){0,99}$/),
        z.transform((written): readonly StatusRange[] =>
          written.split(',').map((range): StatusRange => {
            const [first = 0, last = first] = range.split('-').map(Number)
            return [first, last]
          }),
        ),
      )
      .check(z.refine((ranges) => ranges.every(([first, last]) => first <= last), statusExpected)),
  ],
  statusExpected,
)

/** The first and the last HTTP status that are good. */
export type StatusRange = readonly [first: number, last: number]
