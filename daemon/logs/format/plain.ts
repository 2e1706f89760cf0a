import type { LogLevel } from '#contract/log-words.ts'
import { matchAt, type Found } from './found.ts'
import { afterLevel } from './level-at.ts'
import { levelOf } from './words.ts'

// What nobody's format tells: the level words that people and small programs put first, and what a crash begins with.

const worded = /([A-Za-z]{3,11})(:| {1,4}- (?! )|(?: {1,8}|\t)(?=\S)|\[[A-Z]?\d{1,6}\]:)/y
/** Alone and in capitals these are a level and not the first word of a sentence. */
const capitals = /^(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|ERR)$/
/** With a colon behind, these are a level in any spelling. */
const colonWords =
  /^(?:trace|debug|info|information|notice|warn|warning|error|err|fatal|critical|crit|severe|alert|emerg|erro|aviso)$/i
/** vite, Next.js and others: `error - text`, `warn - text`. */
const dashWords = /^(?:trace|debug|info|warn|error|fatal|wait|ready|event)$/
const marked = /[^\w\s[\]{}()<>"'#/\\.,:;=*+-]{1,3}\uFE0F? {1,2}/y
const inBrackets = /\[([A-Za-z]{3,11})\]:? */y
const compiler =
  /[\w@./\\-]{1,300}(?:\(\d{1,7},\d{1,7}\)|:\d{1,7}(?::\d{1,7})?)(?: -|:) (fatal error|error|warning|note)(?: [A-Z]{1,4}\d{1,6})?: /y
const webpack = /(ERROR|WARNING) in /y
const bundled = /(?:webpack (?:[\d.]{1,20} )?)?compiled (successfully|with \d{1,9} (?:error|warning))/y
const devServer = /<([iwe])> /y

type Crash = readonly [RegExp, LogLevel]
/** What a crash begins with, by its first letter. */
const crashes = new Map<string, readonly Crash[]>([
  ['p', [[/panic: /y, 'fatal']]],
  ['f', [[/fatal error: /y, 'fatal']]],
  ['t', [[/thread '[^']{0,80}'(?: \(\d{1,10}\))? panicked at /y, 'fatal']]],
  ['E', [[/Exception in thread "[^"]{0,200}" /y, 'error']]],
  [
    'U',
    [
      [/Unhandled exception[.:] /iy, 'fatal'],
      [/(?:Uncaught |Unhandled )/y, 'error'],
    ],
  ],
  ['*', [[/\*\* \([A-Z][\w.]{0,100}\) /y, 'error']]],
  ['S', [[/SIG(?:SEGV|ABRT|BUS|ILL|FPE)\b/y, 'fatal']]],
])
/** The names of exceptions, which may begin with any letter. */
const thrown: readonly Crash[] = [
  [/(?:\w{1,40} )?Traceback \(most recent call last\):/y, 'error'],
  [/(?:[A-Za-z_][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,80}(?:Exception|Error|Throwable)(?:$|:)/y, 'error'],
  [/[A-Z]\w{0,60}(?:Error|Exception)(?: \[[A-Z_]{1,60}\])?: /y, 'error'],
]

const plain = (level: LogLevel | null, messageAt: number): Found => ({
  format: 'plain',
  time: null,
  level,
  kind: null,
  messageAt,
})

/** A line of no format, with the level that it begins with, if any. */
export function readPlain(text: string): Found {
  const sign = isWordCode(text.charCodeAt(0)) ? null : matchAt(marked, text, 0)
  const at = sign?.[0].length ?? 0
  return (
    levelWord(text, at) ?? levelInBrackets(text, at) ?? ofTools(text) ?? ofCrash(text, at) ?? plain(null, 0)
  )
}

const isWordCode = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)

function levelWord(text: string, at: number): Found | null {
  const match = matchAt(worded, text, at)
  if (match === null) return null
  const [whole, word = '', sign = ''] = match
  const level = levelOf(word) ?? levelOf(word.toLowerCase())
  const colon = sign.startsWith(':') || sign.startsWith('[')
  if (colon)
    return level !== null && colonWords.test(word) ? plain(level, afterLevel(text, at + whole.length)) : null
  if (sign.endsWith('- '))
    return dashWords.test(word) || capitals.test(word) ? plain(level ?? 'info', at + whole.length) : null
  if (!capitals.test(word) || text.startsWith(' in ', at + word.length)) return null
  return plain(level, afterLevel(text, at + word.length))
}

function levelInBrackets(text: string, at: number): Found | null {
  const match = text.charCodeAt(at) === 91 ? matchAt(inBrackets, text, at) : null
  const level = levelOf(match?.[1] ?? '')
  return match === null || level === null ? null : plain(level, at + match[0].length)
}

/** Compilers and bundlers. */
function ofTools(text: string): Found | null {
  const letter = text.charAt(0)
  const server = letter === '<' ? matchAt(devServer, text, 0) : null
  if (server !== null) {
    const level = server[1] === 'e' ? 'error' : server[1] === 'w' ? 'warn' : 'info'
    return { ...plain(level, 4), format: 'webpack' }
  }
  const build = letter === 'E' || letter === 'W' ? matchAt(webpack, text, 0) : null
  if (build !== null) return { ...plain(build[1] === 'ERROR' ? 'error' : 'warn', 0), format: 'webpack' }
  const result = letter === 'w' || letter === 'c' ? matchAt(bundled, text, 0) : null
  if (result !== null) {
    const word = result[1] ?? ''
    const level = word.endsWith('error') ? 'error' : word.endsWith('warning') ? 'warn' : 'info'
    return { ...plain(level, 0), format: 'webpack' }
  }
  const source = text.includes(': ') ? matchAt(compiler, text, 0) : null
  if (source === null) return null
  return plain(source[1] === 'warning' ? 'warn' : source[1] === 'note' ? 'info' : 'error', 0)
}

const namesException = (text: string): boolean =>
  text.includes('Error') ||
  text.includes('Exception') ||
  text.includes('Throwable') ||
  text.includes('Traceback')

function ofCrash(text: string, at: number): Found | null {
  for (const [pattern, level] of crashes.get(text.charAt(at)) ?? [])
    if (matchAt(pattern, text, at) !== null) return plain(level, 0)
  if (!namesException(text)) return null
  for (const [pattern, level] of thrown) if (matchAt(pattern, text, at) !== null) return plain(level, 0)
  return null
}
