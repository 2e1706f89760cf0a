import type { LogLevel } from '#contract/log-words.ts'
import { matchAt, type Found } from './found.ts'
import { afterLevel } from './level-at.ts'
import { levelOf } from './words.ts'

// What nobody's format tells: the level words that people and small programs put first, and what a crash begins with.

const worded = /([A-Za-z]{3,11})(:| - (?! )|!|(?: {1,8}|\t)(?=\S)|\[[A-Z]?\d{1,6}\]:)/y
/** Alone and in capitals these are a level and not the first word of a sentence. */
const capitals = /^(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|ERR)$/
/** With a colon behind, these are a level in any spelling. */
const colonWords =
  /^(?:trace|debug|info|information|notice|warn|warning|error|err|fatal|critical|crit|severe|panic|alert|emerg|erro|aviso)$/i
/** vite, Next.js and others: `error - text`, `warn - text`. */
const dashWords = /^(?:trace|debug|info|warn|error|fatal|wait|ready|event)$/
const marked = /[^\w\s[\]{}()<>"'#/\\.,:;=*+-]{1,3}\uFE0F? {1,2}/y
const inBrackets = /\[([A-Za-z]{3,11})\]:? */y
const compiler =
  /[\w@./\\-]{1,300}(?:\(\d{1,7},\d{1,7}\)|:\d{1,7}(?::\d{1,7})?)(?: -|:) (fatal error|error|warning|note)(?: [A-Z]{1,4}\d{1,6})?: /y
const webpack = /(ERROR|WARNING) in /y
const bundled = /(?:webpack [\d.]{1,20} )?compiled (successfully|with \d{1,9} (?:error|warning))/y
const devServer = /<([iwe])> /y

/** What a crash begins with. */
const crashes: readonly (readonly [RegExp, LogLevel])[] = [
  [/(?:\w{1,40} )?Traceback \(most recent call last\):/y, 'error'],
  [/panic: /y, 'fatal'],
  [/fatal error: /y, 'fatal'],
  [/thread '[^']{0,80}'(?: \(\d{1,10}\))? panicked at /y, 'fatal'],
  [/Exception in thread "[^"]{0,200}" /y, 'error'],
  [/Unhandled exception[.:] /iy, 'fatal'],
  [/(?:Uncaught |Unhandled )/y, 'error'],
  [/\*\* \([A-Z][\w.]{0,100}\) /y, 'error'],
  [/(?:[A-Za-z_][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,80}(?:Exception|Error|Throwable)(?:$|:)/y, 'error'],
  [/[A-Z]\w{0,60}(?:Error|Exception)(?: \[[A-Z_]{1,60}\])?: /y, 'error'],
  [/SIG(?:SEGV|ABRT|BUS|ILL|FPE)\b/y, 'fatal'],
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
  const sign = matchAt(marked, text, 0)
  const at = sign?.[0].length ?? 0
  return (
    levelWord(text, at) ?? levelInBrackets(text, at) ?? ofTools(text) ?? ofCrash(text, at) ?? plain(null, 0)
  )
}

/** Whether a line begins a crash, or names an exception with all its packages. */
export const crashLevel = (text: string): LogLevel | null => ofCrash(text, 0)?.level ?? null

function levelWord(text: string, at: number): Found | null {
  const match = matchAt(worded, text, at)
  if (match === null) return null
  const [whole, word = '', sign = ''] = match
  const level = levelOf(word) ?? levelOf(word.toLowerCase())
  const colon = sign.startsWith(':') || sign.startsWith('[')
  if (colon)
    return level !== null && colonWords.test(word) ? plain(level, afterLevel(text, at + whole.length)) : null
  if (sign === ' - ') return dashWords.test(word) ? plain(level ?? 'info', at + whole.length) : null
  if (sign === '!' || !capitals.test(word) || text.startsWith(' in ', at + word.length)) return null
  return plain(level, afterLevel(text, at + word.length))
}

function levelInBrackets(text: string, at: number): Found | null {
  const match = matchAt(inBrackets, text, at)
  const level = levelOf(match?.[1] ?? '')
  return match === null || level === null ? null : plain(level, at + match[0].length)
}

/** Compilers and bundlers. */
function ofTools(text: string): Found | null {
  const server = matchAt(devServer, text, 0)
  if (server !== null) {
    const level = server[1] === 'e' ? 'error' : server[1] === 'w' ? 'warn' : 'info'
    return { ...plain(level, 4), format: 'webpack' }
  }
  const build = matchAt(webpack, text, 0)
  if (build !== null) return { ...plain(build[1] === 'ERROR' ? 'error' : 'warn', 0), format: 'webpack' }
  const result = matchAt(bundled, text, 0)
  if (result !== null) {
    const word = result[1] ?? ''
    const level = word.endsWith('error') ? 'error' : word.endsWith('warning') ? 'warn' : 'info'
    return { ...plain(level, 0), format: 'webpack' }
  }
  const source = matchAt(compiler, text, 0)
  if (source === null) return null
  return plain(source[1] === 'warning' ? 'warn' : source[1] === 'note' ? 'info' : 'error', 0)
}

function ofCrash(text: string, at: number): Found | null {
  for (const [pattern, level] of crashes) if (matchAt(pattern, text, at) !== null) return plain(level, 0)
  return null
}
