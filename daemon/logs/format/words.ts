import type { LogLevel } from '#contract/log-words.ts'

/** The words that programs write for each level, in small letters. */
const spellings: Readonly<Record<LogLevel, readonly string[]>> = {
  trace: ['trace', 'trc', 'trce', 'finest', 'finer', 'silly', 'vrb'],
  debug: ['debug', 'dbg', 'dbug', 'debu', 'fine', 'config', 'verbose', 'verb', 'debug1', 'debug2', 'debug3'],
  info: ['info', 'inf', 'information', 'informational', 'notice', 'note', 'http', 'success', 'default'],
  warn: ['warn', 'warning', 'wrn', 'aviso'],
  error: ['error', 'err', 'erro', 'eror', 'fail', 'severe'],
  fatal: [
    'fatal',
    'ftl',
    'fata',
    'crit',
    'critical',
    'crt',
    'panic',
    'pnc',
    'pani',
    'dpanic',
    'emerg',
    'emergency',
    'alert',
  ],
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

const byWord = new Map<string, LogLevel>(
  Object.entries(spellings).flatMap(([level, words]) =>
    words.flatMap((word) =>
      [word, word.toUpperCase(), capital(word)].map((form) => [form, level as LogLevel] as const),
    ),
  ),
)

/** What stands alone as a level, in capitals: the others are also words of a sentence or names. */
const bare = new Map<string, LogLevel>(
  [
    'TRACE',
    'DEBUG',
    'INFO',
    'NOTICE',
    'WARN',
    'WARNING',
    'ERROR',
    'FATAL',
    'CRITICAL',
    'CRIT',
    'SEVERE',
    'TRC',
    'DBG',
    'INF',
    'WRN',
    'ERR',
    'FTL',
    'PNC',
    'FINE',
    'FINER',
    'FINEST',
    'CONFIG',
    'VERBOSE',
    'EMERG',
    'ALERT',
    'PANIC',
    'SUCCESS',
    'ERRO',
    'FATA',
    'DEBU',
    'EMERGENCY',
  ].flatMap((word) => {
    const level = byWord.get(word)
    return level === undefined ? [] : [[word, level] as const]
  }),
)

/** No level is spelt longer. */
export const longestWord = 13

/** The level that a word means where a level is expected; null for any other word. */
export function levelOf(word: string): LogLevel | null {
  return word.length > longestWord ? null : (byWord.get(word) ?? null)
}

/** The level that a word in capitals means also where one is not certain to stand. */
export const bareLevelOf = (word: string): LogLevel | null => bare.get(word) ?? null

/** As levelOf, for words with a number behind, such as slog's `ERROR+2`, in whatever letters. */
export function looseLevelOf(word: string): LogLevel | null {
  const level = levelOf(word)
  if (level !== null || word.length > 24) return level
  const plain = /^[A-Za-z]{1,13}/.exec(word.trim())?.[0] ?? ''
  const rest = word.trim().slice(plain.length)
  return rest === '' || /^[+-]\d{1,3}$/.test(rest) ? levelOf(plain.toLowerCase()) : null
}

const bySeverity: readonly LogLevel[] = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug']

/** The level of a syslog severity, 0 to 7. */
export const levelOfSeverity = (severity: number): LogLevel | null => bySeverity[severity] ?? null

/** The level of pino's, bunyan's and the like's numbers: 10 is trace, 60 fatal, own levels between. */
export function levelOfTens(value: number): LogLevel | null {
  if (!(value >= 10 && value < 70)) return null
  return (['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[Math.floor(value / 10) - 1] ?? null
}
