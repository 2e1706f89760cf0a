/** Plain ASCII, which stands in UTF-8 as its own bytes. */
const asciiRuns = /[\x20-\x7e]+/g

/**
 * ASCII that stands, in whatever case, wherever a text can be found whose case is not looked at; null when that cannot be
 * told.
 */
export function neededText(text: string): string | null {
  const longest = (text.match(asciiRuns) ?? []).reduce(
    (best, run) => (run.length > best.length ? run : best),
    '',
  )
  return longest === '' ? null : longest
}

/** ASCII that stands wherever a pattern of RE2 can be found; null when that cannot be told. */
export function neededInPattern(text: string): string | null {
  const pattern = text.replace(/^\(\?i\)/, '')
  // An alternative needs nothing, and flags may change what letters mean.
  if (pattern.includes('|') || pattern.includes('(?')) return null
  let [run, longest, depth] = ['', '', 0]
  const end = (): void => {
    if (run.length > longest.length) longest = run
    run = ''
  }
  for (let at = 0; at < pattern.length; at++) {
    const unit = pattern[at] ?? ''
    const next = pattern[at + 1] ?? ''
    if (unit === '\\') {
      end()
      at = afterEscape(pattern, at)
    } else if (unit === '[') {
      end()
      at = afterClass(pattern, at)
    } else if (unit === '(') {
      end()
      depth += 1
    } else if (unit === ')') {
      end()
      depth -= 1
    } else if (unit === '{') {
      end()
      at = Math.max(at, pattern.indexOf('}', at))
    } else if (depth > 0 || !/[\x20-\x7e]/.test(unit) || /[.*+?^$]/.test(unit) || /[*?{]/.test(next)) end()
    else run += unit
  }
  end()
  return longest === '' ? null : longest
}

/** `\d`, `\x{10FFFF}`, `\pL`, `\p{Greek}`, `\Q...\E`: where its last unit stands. */
function afterEscape(pattern: string, at: number): number {
  const kind = pattern[at + 1] ?? ''
  if (kind === 'Q') {
    const close = pattern.indexOf('\\E', at + 2)
    return close === -1 ? pattern.length : close + 1
  }
  if (/[xpP]/.test(kind) && pattern[at + 2] === '{') return Math.max(at + 2, pattern.indexOf('}', at))
  if (kind === 'x') return at + 3
  if (/[pP]/.test(kind)) return at + 2
  if (/[0-7]/.test(kind)) return at + (/^[0-7]{1,3}/.exec(pattern.slice(at + 1))?.[0].length ?? 1)
  return at + 1
}

function afterClass(pattern: string, at: number): number {
  let place = at + 1
  if (pattern[place] === '^') place += 1
  // A bracket that stands first is one of the class.
  if (pattern[place] === ']') place += 1
  while (place < pattern.length && pattern[place] !== ']') {
    if (pattern.startsWith('[:', place)) place = Math.max(place, pattern.indexOf(':]', place) + 1)
    else if (pattern[place] === '\\') place += 1
    place += 1
  }
  return place
}
