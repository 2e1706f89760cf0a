/**
 * Minutes east of Greenwich of the zones that programs name by letters. Those that mean two zones are left out, but for
 * those that only one of their countries' programs write.
 */
const byName = new Map<string, number>(
  Object.entries({
    UTC: 0,
    GMT: 0,
    UCT: 0,
    WET: 0,
    WEST: 60,
    BST: 60,
    CET: 60,
    MET: 60,
    CEST: 120,
    MEST: 120,
    EET: 120,
    SAST: 120,
    EEST: 180,
    MSK: 180,
    IST: 330,
    HKT: 480,
    SGT: 480,
    AWST: 480,
    JST: 540,
    KST: 540,
    AEST: 600,
    AEDT: 660,
    NZST: 720,
    NZDT: 780,
    BRT: -180,
    BRST: -120,
    ART: -180,
    EST: -300,
    EDT: -240,
    CST: -360,
    CDT: -300,
    MST: -420,
    MDT: -360,
    PST: -480,
    PDT: -420,
    AKST: -540,
    HST: -600,
  }),
)

const isDigit = (code: number) => code >= 48 && code <= 57
const isLetter = (code: number) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const two = (text: string, at: number) => {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  return isDigit(tens) && isDigit(ones) ? (tens - 48) * 10 + ones - 48 : -1
}

/** A zone that stands behind a time. */
export interface Zone {
  readonly minutes: number
  readonly end: number
}

/** The zone at a place, also behind one space: `Z`, `+00:00`, `-0300`, `-03`, `UTC`; null when none stands there. */
export function zoneAt(text: string, at: number): Zone | null {
  const first = text.charCodeAt(at)
  if (first === 90 && !isLetter(text.charCodeAt(at + 1))) return { minutes: 0, end: at + 1 }
  const place = first === 32 ? at + 1 : at
  const code = text.charCodeAt(place)
  if (code === 43 || code === 45) return offsetAt(text, place)
  return code >= 65 && code <= 90 ? namedAt(text, place) : null
}

function offsetAt(text: string, at: number): Zone | null {
  const hours = two(text, at + 1)
  if (hours < 0 || hours > 15) return null
  const colon = text.charCodeAt(at + 3) === 58 ? 1 : 0
  const behind = two(text, at + 3 + colon)
  const end = behind < 0 ? at + 3 : at + 5 + colon
  const minutes = Math.max(0, behind)
  const next = text.charCodeAt(end)
  if (minutes > 59 || isDigit(next) || isLetter(next)) return null
  const east = text.charCodeAt(at) === 43 ? 1 : -1
  return { minutes: east * (hours * 60 + minutes), end: afterName(text, end) }
}

/** Go writes the zone's name behind its offset too. */
function afterName(text: string, at: number): number {
  const code = text.charCodeAt(at + 1)
  if (text.charCodeAt(at) !== 32 || code < 65 || code > 90) return at
  return namedAt(text, at + 1)?.end ?? at
}

function namedAt(text: string, at: number): Zone | null {
  let end = at
  while (end < at + 5 && isLetter(text.charCodeAt(end))) end++
  if (end - at < 3 || isLetter(text.charCodeAt(end))) return null
  const minutes = byName.get(text.slice(at, end))
  return minutes === undefined ? null : { minutes, end }
}
