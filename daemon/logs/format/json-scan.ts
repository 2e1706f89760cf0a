// Reads the members of a JSON object one by one without making values of them: most of a log line is never looked at.

/** Of each member of an object where its name and its value begin and end, four numbers, in the order they stand. */
export type MemberPlaces = Uint32Array

const quote = 34
const backslash = 92

/** The first place from `at` on that is no white space of JSON. */
export function afterBlanks(text: string, at: number): number {
  let place = at
  for (;;) {
    const code = text.charCodeAt(place)
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13) return place
    place++
  }
}

/** The place of the quote that ends the string which begins at `at`; -1 when none does. */
export function stringEnd(text: string, at: number): number {
  // Most are short: looking at each unit is faster than asking for the next quote.
  const near = Math.min(text.length, at + 24)
  let first = at + 1
  for (; first < near; first++) {
    const code = text.charCodeAt(first)
    if (code === quote) return first
    if (code === backslash) break
  }
  for (let place = text.indexOf('"', first); place >= 0; place = text.indexOf('"', place + 1)) {
    let slashes = 0
    while (text.charCodeAt(place - 1 - slashes) === backslash) slashes++
    if (slashes % 2 === 0) return place
  }
  return -1
}

/** Where the value that begins at `at` ends; -1 when the text ends before it. */
export function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at)
  if (first === quote) return stringEnd(text, at) + 1 || -1
  if (first === 123 || first === 91) return nestedEnd(text, at)
  let place = at
  for (; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (code === 44 || code === 125 || code === 93 || code <= 32) return place === at ? -1 : place
  }
  return -1
}

function nestedEnd(text: string, at: number): number {
  let depth = 0
  for (let place = at; place < text.length; place++) {
    const code = text.charCodeAt(place)
    if (code === quote) {
      place = stringEnd(text, place)
      if (place < 0) return -1
    } else if (code === 123 || code === 91) depth++
    else if ((code === 125 || code === 93) && --depth === 0) return place + 1
  }
  return -1
}

/** The members of an object, one after the other; strings within them do not count, nor do objects. */
export class Members {
  /** Where the name begins and ends, without its quotes. */
  nameFrom = 0
  nameTo = 0
  /** Where the value begins, and where it ends; the end is -1 when the text ends before. */
  from = 0
  to = 0
  readonly #text: string
  #place: number

  readonly #places: MemberPlaces | null
  #next = 0

  /** @param at - where the object's brace is. @param places - of its members, when they are known. */
  constructor(text: string, at: number, places: MemberPlaces | null = null) {
    this.#text = text
    this.#places = places
    this.#place = places === null ? afterBlanks(text, at + 1) : 0
  }

  /** Goes to the next member; false when there is none, also where the text is no JSON any more. */
  next(): boolean {
    if (this.#places !== null) return this.#take(this.#places)
    const text = this.#text
    if (text.charCodeAt(this.#place) !== quote) return false
    const nameEnd = stringEnd(text, this.#place)
    if (nameEnd < 0) return false
    const colon = afterBlanks(text, nameEnd + 1)
    if (text.charCodeAt(colon) !== 58) return false
    this.nameFrom = this.#place + 1
    this.nameTo = nameEnd
    this.from = afterBlanks(text, colon + 1)
    this.to = valueEnd(text, this.from)
    if (this.to < 0) {
      this.#place = text.length
      return this.from < text.length
    }
    const comma = afterBlanks(text, this.to)
    this.#place = text.charCodeAt(comma) === 44 ? afterBlanks(text, comma + 1) : text.length
    return true
  }

  #take(places: MemberPlaces): boolean {
    const at = this.#next
    if (at >= places.length) return false
    this.nameFrom = places[at] ?? 0
    this.nameTo = places[at + 1] ?? 0
    this.from = places[at + 2] ?? 0
    this.to = places[at + 3] ?? 0
    this.#next = at + 4
    return true
  }

  /** The name as it is written. */
  get name(): string {
    return this.#text.slice(this.nameFrom, this.nameTo)
  }

  /** A string as it is written, any other value too; empty when it has no end. */
  get raw(): string {
    if (this.to < 0) return ''
    const inner = this.#text.charCodeAt(this.from) === quote ? 1 : 0
    return this.#text.slice(this.from + inner, this.to - inner)
  }

  /** A whole number, without making a string of it; NaN for anything else. */
  get integer(): number {
    if (this.to < 0 || this.to - this.from > 15) return Number.NaN
    let value = 0
    for (let place = this.from; place < this.to; place++) {
      const digit = this.#text.charCodeAt(place) - 48
      if (!(digit >= 0 && digit <= 9)) return Number.NaN
      value = value * 10 + digit
    }
    return value
  }

  get isString(): boolean {
    return this.#text.charCodeAt(this.from) === quote
  }

  get isObject(): boolean {
    return this.#text.charCodeAt(this.from) === 123
  }
}
