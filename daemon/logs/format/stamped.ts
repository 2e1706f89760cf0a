import { statusIn } from './access.ts'
import { readMysql, readOldMongo, readPostgres } from './databases.ts'
import { afterSpaces, matchAt, type Found, type TimesLike } from './found.ts'
import { levelAt, type LevelAt } from './level-at.ts'
import { behindHost } from './syslog.ts'
import { levelOf } from './words.ts'

// Lines that begin with a date and a time.

const cri = / (stdout|stderr) ([FP])(?: |$)/y
const spring =
  / {1,4}(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,4}(?:\d{1,10}|\$\{[^}]{0,40}\}) --- (?:\[[^\]]{0,160}\] ?){1,4}\S{1,120} *: ?/y
const nginx = / \[(debug|info|notice|warn|error|crit|alert|emerg)\] \d{1,10}#\d{1,10}: (?:\*\d{1,20} )?/y
const goSource = / [\w./-]{1,120}\.go:\d{1,7}: /y
const swift = / (trace|debug|info|notice|warning|error|critical) \S{1,80} : /y
const tabbed = /\t(debug|info|warn|error|dpanic|panic|fatal|[A-Z]{4,8})\t/y
const lambda = /\t[\da-f-]{36}\t(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t/y

/** Lines that begin with a date and a time; `known` is the format of the source's lines before. */
export function readStamped(text: string, times: TimesLike, known: string): Found | null {
  let time = times.iso(text, 0)
  if (Number.isNaN(time)) time = times.dayFirst(text, 0)
  if (Number.isNaN(time)) time = times.slashed(text, 0)
  if (Number.isNaN(time)) time = oldMysqlTime(text, times)
  if (Number.isNaN(time)) return null
  return behindTime(text, times, times.sane(time), known)
}

/** `261122 19:30:33 [Note] ...`: no other line may begin so. */
function oldMysqlTime(text: string, times: TimesLike): number {
  const time = times.compact(text, 0)
  return /^\d{6} /.test(text) ? time : Number.NaN
}

function behindTime(text: string, times: TimesLike, time: number | null, known: string): Found {
  const from = times.end
  const next = text.charCodeAt(from)
  if (next === 32 || next === 58 || next === 9) {
    const special =
      (next === 9 ? readTabbed(text, from, time) : readSpecial(text, from, time)) ??
      readPostgres(text, from, time, known === 'postgresql') ??
      readNumbered(text, from, time)
    if (special !== null) return special
  }
  return readColumns(text, from, time)
}

const isDigit = (code: number) => code >= 48 && code <= 57

/** Formats that have a number, or a bracket where others have it, behind the time. */
function readNumbered(text: string, from: number, time: number | null): Found | null {
  const code = text.charCodeAt(afterSpaces(text, from))
  if (isDigit(code) || text.charCodeAt(6) === 32 || (code >= 97 && code <= 102)) {
    const found = readMysql(text, from, time)
    if (found !== null) return found
  }
  return text.charCodeAt(10) === 84 && code !== 91 ? behindHost(text, from, time) : null
}

function readTabbed(text: string, from: number, time: number | null): Found | null {
  const aws = matchAt(lambda, text, from)
  if (aws !== null) return plainHead('lambda', time, levelOf(aws[1] ?? ''), from + aws[0].length)
  const zap = matchAt(tabbed, text, from)
  const level = levelOf(zap?.[1] ?? '')
  return zap === null || level === null ? null : plainHead('zap-console', time, level, from + zap[0].length)
}

const plainHead = (format: string, time: number | null, level: Found['level'], messageAt: number): Found => ({
  format,
  time,
  level,
  kind: null,
  messageAt,
})

/** Formats that are told by the first letter behind the time. */
function readSpecial(text: string, from: number, time: number | null): Found | null {
  const first = text.charCodeAt(from + 1)
  const slashed = text.charCodeAt(4) === 47
  if (slashed) return readSlashed(text, from, time, first)
  if (first === 115) return readCri(text, from, time)
  if (first === 32 || (first >= 65 && first <= 90)) {
    const boot = text.indexOf(' --- ', from) < 0 ? null : matchAt(spring, text, from)
    if (boot !== null) return plainHead('spring-boot', time, levelOf(boot[1] ?? ''), from + boot[0].length)
    return readOldMongo(text, from, time)
  }
  const apple = first >= 97 && first <= 122 ? matchAt(swift, text, from) : null
  const word = apple?.[1] ?? ''
  return apple === null ? null : plainHead('swift', time, levelOf(word), from + word.length + 2)
}

function readCri(text: string, from: number, time: number | null): Found | null {
  const container = matchAt(cri, text, from)
  if (container === null) return null
  const head = plainHead('cri', time, null, from + container[0].length)
  return { ...head, wraps: true, unfinished: container[2] === 'P' }
}

function readSlashed(text: string, from: number, time: number | null, first: number): Found | null {
  const server = first === 91 ? matchAt(nginx, text, from) : null
  if (server !== null) return plainHead('nginx', time, levelOf(server[1] ?? ''), from + server[0].length)
  const source = matchAt(goSource, text, from)
  return source === null ? null : { ...plainHead('go', time, null, from + source[0].length), wraps: true }
}

/** Any line that has a time and then, in some order, a level, names and a message. */
function readColumns(text: string, from: number, time: number | null): Found {
  const found = levelAt(text, from)
  if (found === null) {
    const go = text.charCodeAt(4) === 47 && text.charCodeAt(from) === 32
    // pm2 puts a colon behind its time.
    const at = text.charCodeAt(from) === 58 ? from + 1 : from
    return { ...plainHead(go ? 'go' : 'timestamped', time, null, at), wraps: true }
  }
  const messageAt = trueMessage(text, found)
  const kind = statusIn(text, messageAt) > 0 ? 'access' : null
  return { format: nameOf(text, from, found), time, level: found.level, kind, messageAt }
}

/** RabbitMQ puts a process behind its level, which is no message. */
function trueMessage(text: string, { messageAt }: LevelAt): number {
  const pid = text.charCodeAt(messageAt) === 60 ? matchAt(process, text, messageAt) : null
  return messageAt + (pid?.[0].length ?? 0)
}

const three = new Set(['TRC', 'DBG', 'INF', 'WRN', 'ERR', 'FTL', 'PNC', 'VRB'])

/** The name of the format by where its level stands. */
function nameOf(text: string, from: number, { word, sign, passed, messageAt }: LevelAt): string {
  const behind = text.charCodeAt(messageAt)
  if (behind === 60 && matchAt(process, text, messageAt) !== null) return 'rabbitmq'
  if (word.length === 3 && three.has(word)) return sign === '[' ? 'serilog-text' : 'zerolog'
  if (text.charCodeAt(from) === 124) return 'nlog'
  if (text.charCodeAt(from + 1) === 124) return 'loguru'
  if (text.charCodeAt(4) === 47) return 'go'
  const first = passed[0]
  if (first !== undefined) return nameOfPassed(first, sign)
  if (sign === ' ' && behind === 91) return 'log4j'
  if (text.charCodeAt(10) === 84) return sign === '[' ? 'hclog' : 'tracing'
  if (text.charCodeAt(19) === 44) return 'python'
  if (sign === ' ' && isDashed(text, messageAt)) return 'quantum'
  return sign === ':' ? 'winston-text' : 'timestamped'
}

const process = /<\d{1,10}\.\d{1,10}\.\d{1,10}> /y
/** Whether a logger's name and a dash stand there. */
export function isDashed(text: string, at: number): boolean {
  const space = text.indexOf(' ', at)
  return space > at && text.startsWith(' - ', space)
}

function nameOfPassed(first: string, sign: string): string {
  if (first.startsWith('pid=')) return 'sidekiq'
  if (first.startsWith('[')) return sign === '[' ? 'bracketed' : 'logback'
  return first.startsWith('{') ? 'timestamped' : 'python'
}
