import type { LogLevel } from '#contract/log-words.ts'
import { levelOfStatus, type Found, type TimesLike } from './found.ts'
import { stringEnd } from './json-scan.ts'
import { looseLevelOf } from './words.ts'

const isKeyCode = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 95 ||
  code === 45 ||
  code === 46 ||
  code === 64 ||
  code === 47

const longestKey = 64

/** Pairs of `key=value` and `key="a value"`, one after the other; words without `=` are passed over. */
export class Pairs {
  key = ''
  from = 0
  to = 0
  readonly #text: string
  #place: number
  /** Whether a word was passed over that is no pair. */
  strange = false

  constructor(text: string, at: number) {
    this.#text = text
    this.#place = at
  }

  next(): boolean {
    const text = this.#text
    let place = this.#place
    for (;;) {
      while (text.charCodeAt(place) === 32 || text.charCodeAt(place) === 9) place++
      if (place >= text.length) return false
      const start = place
      while (place - start <= longestKey && isKeyCode(text.charCodeAt(place))) place++
      if (place > start && text.charCodeAt(place) === 61) {
        this.key = text.slice(start, place)
        this.#value(place + 1)
        return true
      }
      this.strange = true
      const space = text.indexOf(' ', place)
      if (space < 0) return false
      place = space
    }
  }

  get value(): string {
    return this.#text.slice(this.from, this.to)
  }

  /** The value with its escapes undone. */
  get plain(): string {
    const { value } = this
    return value.includes('\\') ? value.replaceAll(/\\(["\\])/g, '$1').replaceAll('\\n', '\n') : value
  }

  #value(at: number): void {
    const text = this.#text
    if (text.charCodeAt(at) === 34) {
      const end = stringEnd(text, at)
      this.from = at + 1
      this.to = end < 0 ? text.length : end
      this.#place = this.to + 1
      return
    }
    const space = text.indexOf(' ', at)
    this.from = at
    this.to = space < 0 ? text.length : space
    this.#place = this.to
  }
}

const timeKeys = new Set(['time', 'ts', 'timestamp', 't', '@timestamp', 'date', 'datetime'])
const levelKeys = new Set(['level', 'lvl', 'severity', 'loglevel', 'log.level'])
const messageKeys = new Set(['msg', 'message', 'event', 'err', 'error'])
const mostPairs = 200

interface Seen {
  pairs: number
  time: number | null
  level: LogLevel | null
  hasLevel: boolean
  message: boolean
  request: number
  status: number
}

/** A line of `key=value` pairs that says a level, or a time and a message; null when it does not. */
export function readLogfmt(text: string, times: TimesLike): Found | null {
  const sign = text.indexOf('=')
  if (sign < 1 || sign > longestKey || text.indexOf('=', sign + 1) < 0) return null
  const pairs = new Pairs(text, 0)
  const seen: Seen = {
    pairs: 0,
    time: null,
    level: null,
    hasLevel: false,
    message: false,
    request: 0,
    status: 0,
  }
  while (seen.pairs < mostPairs && pairs.next()) {
    // Prose that has a pair in it is no logfmt.
    if (pairs.strange && seen.pairs === 0) return null
    seen.pairs++
    take(seen, pairs, text, times)
  }
  const access = seen.request === 2 && seen.status > 0
  if (seen.pairs < 2 || !(seen.level !== null || access || (seen.time !== null && seen.message))) return null
  const level = seen.level ?? (access ? levelOfStatus(seen.status) : null)
  return { format: 'logfmt', time: seen.time, level, kind: access ? 'access' : null, messageAt: 0 }
}

function take(seen: Seen, pairs: Pairs, text: string, times: TimesLike): void {
  const { key } = pairs
  if (timeKeys.has(key)) seen.time ??= timeAt(pairs, text, times)
  else if (levelKeys.has(key)) {
    seen.level ??= looseLevelOf(pairs.value)
  } else if (key === 'at') seen.level ??= looseLevelOf(pairs.value)
  else if (messageKeys.has(key)) seen.message = true
  else if (key === 'method' || key === 'path') seen.request++
  else if (key === 'status') seen.status = /^[1-5]\d\d$/.test(pairs.value) ? Number(pairs.value) : 0
}

function timeAt(pairs: Pairs, text: string, times: TimesLike): number | null {
  const time = times.iso(text, pairs.from)
  if (!Number.isNaN(time)) return times.sane(time)
  return /^\d{9,19}(?:\.\d{1,9})?$/.test(pairs.value) ? times.epoch(Number(pairs.value)) : null
}
