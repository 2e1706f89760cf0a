import { statusIn } from './access.ts'
import { readMysql, readOldMongo, readPostgres } from './databases.ts'
import { matchAt, type Found, type TimesLike } from './found.ts'
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
  if (Number.isNaN(time)) time = times.american(text, 0)
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
      readMysql(text, from, time) ??
      (text.charCodeAt(4) === 47 ? null : readOldMongo(text, from, time)) ??
      (text.charCodeAt(10) === 84 ? behindHost(text, from, time) : null)
    if (special !== null) return special
  }
  return readColumns(text, from, time)
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

function readSpecial(text: string, from: number, time: number | null): Found | null {
  const container = matchAt(cri, text, from)
  if (container !== null) {
    const head = plainHead('cri', time, null, from + container[0].length)
    return { ...head, wraps: true, unfinished: container[2] === 'P' }
  }
  const boot = matchAt(spring, text, from)
  if (boot !== null) return plainHead('spring-boot', time, levelOf(boot[1] ?? ''), from + boot[0].length)
  const server = matchAt(nginx, text, from)
  if (server !== null) return plainHead('nginx', time, levelOf(server[1] ?? ''), from + server[0].length)
  const source = text.charCodeAt(4) === 47 ? matchAt(goSource, text, from) : null
  if (source !== null) return { ...plainHead('go', time, null, from + source[0].length), wraps: true }
  const apple = matchAt(swift, text, from)
  const word = apple?.[1] ?? ''
  return apple === null ? null : plainHead('swift', time, levelOf(word), from + word.length + 2)
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

/** Monolog and others put `name.LEVEL: ` first; RabbitMQ a process behind its level, which is no message. */
function trueMessage(text: string, found: LevelAt): number {
  const pid = /^<\d{1,10}\.\d{1,10}\.\d{1,10}> /.exec(text.slice(found.messageAt, found.messageAt + 40))
  return found.messageAt + (pid?.[0].length ?? 0)
}

const three = new Set(['TRC', 'DBG', 'INF', 'WRN', 'ERR', 'FTL', 'PNC', 'VRB'])

/** The name of the format by where its level stands. */
function nameOf(text: string, from: number, { word, sign, passed, messageAt }: LevelAt): string {
  const behind = text.slice(messageAt, messageAt + 80)
  if (/^<\d{1,10}\.\d{1,10}\.\d{1,10}> /.test(behind)) return 'rabbitmq'
  if (three.has(word)) return sign === '[' ? 'serilog-text' : 'zerolog'
  if (text.charAt(from) === '|') return 'nlog'
  if (text.startsWith(' | ', from)) return 'loguru'
  if (text.charCodeAt(4) === 47) return 'go'
  if (passed[0]?.startsWith('pid=') === true) return 'sidekiq'
  const first = passed[0]?.charAt(0) ?? ''
  if (first === '[') return sign === '[' ? 'bracketed' : 'logback'
  if (first === '{') return 'timestamped'
  if (/^\[[^\]]{1,60}\] /.test(behind) && sign === ' ') return 'log4j'
  if (text.charCodeAt(10) === 84) return sign === '[' ? 'hclog' : 'tracing'
  if (passed.length > 0 || text.charCodeAt(19) === 44) return 'python'
  if (/^[\w.]{1,80} - /.test(behind)) return 'quantum'
  return sign === ':' ? 'winston-text' : 'timestamped'
}
