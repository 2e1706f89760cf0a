import type { TimesLike } from './found.ts'
import { zoneAt } from './zones.ts'

const hour = 3_600_000
const day = 24 * hour
/** Before any log that anybody keeps: what is older is no time or a clock that was never set. */
const earliest = Date.UTC(1995, 0, 1)

/** `2026-11-22T19:30:` */
const minuteLength = 17

const monthNames = 'JanFebMarAprMayJunJulAugSepOctNovDec'

const digitAt = (text: string, at: number): number => {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57 ? code - 48 : -1
}

/** A number of exactly `count` digits; -1 when they are not there. */
function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let place = at; place < at + count; place++) {
    const digit = digitAt(text, place)
    if (digit < 0) return -1
    value = value * 10 + digit
  }
  return value
}

/** Reads the times that log lines hold. One for each source: it remembers the day and the offset of the last. */
export class Times implements TimesLike {
  end = 0
  zoned = false
  readonly #now: () => number
  #day = { year: 0, month: 0, date: 0, start: 0 }
  #local = { hour: Number.NaN, offset: 0 }
  /** The last ISO time as it was written up to its second, and what that meant. */
  #minute = { text: '', start: 0, hours: 0, minutes: 0 }
  /** So far ahead a time may be, as was last known: the clock need not be asked about what is not. */
  #ahead = Number.NEGATIVE_INFINITY

  constructor(now: () => number) {
    this.#now = now
  }

  /** `2026-11-22T19:30:33.123Z`, with a space, slashes, dots, a comma, and with or without a zone; else NaN. */
  iso(text: string, at: number): number {
    const known = this.#minute
    if (known.text !== '' && text.startsWith(known.text, at))
      return this.#withSeconds(text, at + minuteLength, known.start, known.hours, known.minutes)
    const year = digits(text, at, 4)
    if (year < 0) return Number.NaN
    const mark = text.charCodeAt(at + 4)
    if ((mark !== 45 && mark !== 47 && mark !== 46) || text.charCodeAt(at + 7) !== mark) return Number.NaN
    const between = text.charCodeAt(at + 10)
    if (between !== 84 && between !== 32 && between !== 95 && between !== 116) return Number.NaN
    const start = this.#dayStart(year, digits(text, at + 5, 2), digits(text, at + 8, 2))
    const clock = afterOne(text, at + 11)
    const time = this.#withClock(text, clock, start)
    // A string of its own: a part of another would keep all of that.
    if (!Number.isNaN(time) && clock === at + 11 && text.charCodeAt(at + 13) === 58)
      this.#minute = {
        text: Buffer.from(text.slice(at, at + minuteLength)).toString(),
        start,
        hours: digits(text, clock, 2),
        minutes: digits(text, clock + 3, 2),
      }
    return time
  }

  /** `22/Nov/2026:19:30:33 +0000`, `22-Nov-2026 19:30:33.123`, `22 Nov 2026 19:30:33`; else NaN. */
  dayFirst(text: string, at: number): number {
    const wide = digitAt(text, at + 1) >= 0 ? 2 : 1
    const date = digits(text, at, wide)
    const month = monthAt(text, at + wide + 1)
    const year = digits(text, at + wide + 5, 4)
    if (date < 0 || month === 0 || year < 0) return Number.NaN
    let place = at + wide + 9
    while (place < at + wide + 12 && digitAt(text, place) < 0) place++
    return this.#withClock(text, place, this.#dayStart(year, month, date))
  }

  /**
   * `Nov 22 19:30:33`, `Nov  2 19:30:33.123 2026` behind or without the day of the week, `Nov 22, 2026 7:30:33 PM`.
   * Without a year it is the one that puts it at most a day ahead of now. Else NaN.
   */
  monthFirst(text: string, at: number): number {
    const month = monthAt(text, at)
    if (month === 0 || text.charCodeAt(at + 3) !== 32) return Number.NaN
    const from = text.charCodeAt(at + 4) === 32 ? at + 5 : at + 4
    const wide = digitAt(text, from + 1) >= 0 ? 2 : 1
    const date = digits(text, from, wide)
    if (date < 0) return Number.NaN
    const behind = from + wide
    if (text.charCodeAt(behind) === 44) {
      const start = this.#dayStart(digits(text, behind + 2, 4), month, date)
      return this.#withClock(text, afterOne(text, behind + 7), start)
    }
    if (text.charCodeAt(behind) !== 32) return Number.NaN
    const year = digits(text, behind + 1, 4)
    if (year >= 0 && text.charCodeAt(behind + 5) === 32)
      return this.#withClock(text, behind + 6, this.#dayStart(year, month, date))
    return this.#yearBehind(text, behind + 1, month, date)
  }

  /**
   * `11/22/2026, 7:30:33 PM`, and `22/11/2026 19:30:33` as most of the world writes it: the month is first where the
   * clock has twelve hours or the second number is no month. Spark's `26/11/22 19:30:33` has the year first. Else NaN.
   */
  slashed(text: string, at: number): number {
    const wide = digitAt(text, at + 1) >= 0 ? 2 : 1
    const second = at + wide + 1
    const wideSecond = digitAt(text, second + 1) >= 0 ? 2 : 1
    if (wide === 2 && wideSecond === 2 && text.charCodeAt(at + 8) === 32) return this.#shortYear(text, at)
    const behind = second + wideSecond + 5
    const year = digits(text, behind - 4, 4)
    if (text.charCodeAt(at + wide) !== 47 || text.charCodeAt(behind - 5) !== 47 || year < 0) return Number.NaN
    const [one, two] = [digits(text, at, wide), digits(text, second, wideSecond)]
    const clock = text.charCodeAt(behind) === 44 ? behind + 2 : behind + 1
    const dayFirst = two <= 12 ? this.#withClock(text, clock, this.#dayStart(year, two, one)) : Number.NaN
    if (!Number.isNaN(dayFirst) && text.charCodeAt(this.end - 1) !== 77) return dayFirst
    return this.#withClock(text, clock, this.#dayStart(year, one, two))
  }

  #shortYear(text: string, at: number): number {
    if (text.charCodeAt(at + 2) !== 47 || text.charCodeAt(at + 5) !== 47) return Number.NaN
    const start = this.#dayStart(2000 + digits(text, at, 2), digits(text, at + 3, 2), digits(text, at + 6, 2))
    return this.#withClock(text, at + 9, start)
  }

  /** `1122 19:30:33.123456` without a year, `20261122 19:30:33`, `261122 19:30:33`; else NaN. */
  compact(text: string, at: number): number {
    let wide = 0
    while (wide < 9 && digitAt(text, at + wide) >= 0) wide++
    if ((wide !== 4 && wide !== 6 && wide !== 8) || text.charCodeAt(at + wide) !== 32) return Number.NaN
    const month = digits(text, at + wide - 4, 2)
    const date = digits(text, at + wide - 2, 2)
    const clock = text.charCodeAt(at + wide + 1) === 32 ? at + wide + 2 : at + wide + 1
    if (wide === 4) return this.#withinYear(text, clock, month, date)
    const year = wide === 8 ? digits(text, at, 4) : 2000 + digits(text, at, 2)
    return this.#withClock(text, clock, this.#dayStart(year, month, date))
  }

  /** A time as it is; null for one that cannot be: long ago, or more than a day ahead of now. */
  sane(time: number): number | null {
    if (time > this.#ahead) this.#ahead = this.#now() + day
    return time >= earliest && time <= this.#ahead ? time : null
  }

  /** What a number of seconds, or of a thousandth, millionth or billionth of one, since the epoch means. */
  epoch(value: number): number | null {
    const size = Math.abs(value)
    if (size < 1e11) return this.sane(Math.floor(value * 1000 + 1e-4))
    if (size < 1e14) return this.sane(Math.floor(value))
    return this.sane(Math.floor(size < 1e17 ? value / 1000 : value / 1_000_000))
  }

  #yearBehind(text: string, clock: number, month: number, date: number): number {
    const time = this.#withinYear(text, clock, month, date)
    const year = text.charCodeAt(this.end) === 32 ? digits(text, this.end + 1, 4) : -1
    if (Number.isNaN(time) || year < 1995 || digitAt(text, this.end + 5) >= 0) return time
    const zoned = this.#withClock(text, clock, this.#dayStart(year, month, date))
    this.end += 5
    return zoned
  }

  #withinYear(text: string, clock: number, month: number, date: number): number {
    const now = this.#now()
    const year = new Date(now).getFullYear()
    // A year more is for lines of the other side of midnight, on the last day of the year.
    for (const candidate of month === 1 ? [year + 1, year] : [year]) {
      const time = this.#withClock(text, clock, this.#dayStart(candidate, month, date))
      if (Number.isNaN(time) || time <= now + day) return time
    }
    return this.#withClock(text, clock, this.#dayStart(year - 1, month, date))
  }

  #dayStart(year: number, month: number, date: number): number {
    const known = this.#day
    if (known.year === year && known.month === month && known.date === date) return known.start
    if (year < 0 || month < 1 || month > 12 || date < 1 || date > 31) return Number.NaN
    const start = Date.UTC(year, month - 1, date)
    this.#day = { year, month, date, start }
    return start
  }

  #withClock(text: string, at: number, start: number): number {
    const wide = digitAt(text, at + 1) >= 0 ? 2 : 1
    const hours = digits(text, at, wide)
    const minutes = digits(text, at + wide + 1, 2)
    if (text.charCodeAt(at + wide) !== 58 || text.charCodeAt(at + wide + 3) !== 58) return Number.NaN
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
    return this.#withSeconds(text, at + wide + 4, start, hours, minutes)
  }

  #withSeconds(text: string, at: number, start: number, wholeHours: number, minutes: number): number {
    const seconds = digits(text, at, 2)
    if (seconds < 0 || seconds > 60) return Number.NaN
    let hours = wholeHours
    let end = at + 2
    if (digitAt(text, end) >= 0) return Number.NaN
    let fraction = 0
    const mark = text.charCodeAt(end)
    if ((mark === 46 || mark === 44) && digitAt(text, end + 1) >= 0) {
      let unit = 100
      end++
      for (let digit = digitAt(text, end); digit >= 0; digit = digitAt(text, ++end)) {
        fraction += digit * unit
        unit = unit > 1 ? unit / 10 : 0
      }
    }
    // Some put a narrow no-break space before AM and PM.
    const half = text.charCodeAt(end) === 32 || text.charCodeAt(end) === 0x202f ? halfAt(text, end + 1) : ''
    if (half !== '' && hours <= 12) {
      hours = (hours % 12) + (half === 'P' ? 12 : 0)
      end += 3
    }
    return this.#inZone(text, end, start + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction)
  }

  #inZone(text: string, end: number, time: number): number {
    if (text.charCodeAt(end) === 90 && end + 1 < text.length && text.charCodeAt(end + 1) === 32) {
      this.zoned = true
      this.end = end + 1
      return time
    }
    const zone = zoneAt(text, end)
    this.zoned = zone !== null
    this.end = zone === null ? end : zone.end
    return zone === null ? time - this.#offset(time) : time - zone.minutes * 60_000
  }

  /** How far the system's own zone is ahead of UTC at a wall clock time. */
  #offset(time: number): number {
    const hours = Math.floor(time / hour)
    if (this.#local.hour !== hours) {
      const wall = new Date(hours * hour)
      const [year, month, date] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()]
      const offset = hours * hour - new Date(year, month, date, wall.getUTCHours()).getTime()
      this.#local = { hour: hours, offset }
    }
    return this.#local.offset
  }
}

const afterOne = (text: string, at: number): number => (text.charCodeAt(at) === 32 ? at + 1 : at)

function monthAt(text: string, at: number): number {
  const place = monthNames.indexOf(text.slice(at, at + 3))
  return place >= 0 && place % 3 === 0 && text.length >= at + 3 ? place / 3 + 1 : 0
}

function halfAt(text: string, at: number): '' | 'A' | 'P' {
  const code = text.charCodeAt(at)
  if (text.charCodeAt(at + 1) !== 77) return ''
  return code === 65 ? 'A' : code === 80 ? 'P' : ''
}
