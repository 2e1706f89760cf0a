import type { Found, TimesLike } from './found.ts'
import { matchAt } from './found.ts'
import { levelOf, levelOfSeverity } from './words.ts'

const priority = /<(\d{1,3})>/y
const version = /(\d{1,2}) /y
/** Host, app, process and message ids of RFC 5424. */
const header = / (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) /y
const program = /([\w./@+-]{1,128})(?:\[(\d{1,10})\])?: ?/y
const hostThenProgram = / ([\w.:-]{1,255}) ([\w./@+-]{1,128})(?:\[(\d{1,10})\])?: ?/y
/** Heroku's own: the app or the platform, and which of its parts. */
const heroku = / (?:app|heroku)\[[\w.-]{1,60}\]: /y
/** Programs that syslog knows without a process id. */
const systemPrograms = /^(?:kernel|systemd|sudo|su|CRON|cron|rsyslogd|sshd|audit|dbus-daemon)$/

/** A line with a priority: RFC 5424 and RFC 3164. */
export function readPriority(text: string, times: TimesLike): Found | null {
  const pri = matchAt(priority, text, 0)
  if (pri === null || Number(pri[1]) > 191) return null
  const level = levelOfSeverity(Number(pri[1]) % 8)
  const at = pri[0].length
  const numbered = matchAt(version, text, at)
  if (numbered !== null) return readModern(text, at + numbered[0].length, level, times)
  const found = readBsd(text, at, times)
  return found === null ? null : { ...found, level, wraps: found.kind === null }
}

function readModern(text: string, at: number, level: Found['level'], times: TimesLike): Found | null {
  const nil = text.startsWith('- ', at)
  const time = nil ? Number.NaN : times.iso(text, at)
  if (!nil && Number.isNaN(time)) return null
  const behind = nil ? at + 1 : times.end
  const head = matchAt(header, text, behind)
  if (head === null) return null
  const data = afterStructured(text, behind + head[0].length)
  if (data < 0) return null
  let messageAt = text.charAt(data) === ' ' ? data + 1 : data
  if (text.charCodeAt(messageAt) === 0xfeff) messageAt++
  const sane = Number.isNaN(time) ? null : times.sane(time)
  return { format: 'syslog-5424', time: sane, level, kind: null, messageAt }
}

/** Where the structured data ends: `-`, or groups in brackets with quoted values; -1 when it is neither. */
export function afterStructured(text: string, at: number): number {
  if (text.charAt(at) === '-') return at + 1
  let place = at
  while (text.charAt(place) === '[') {
    let quoted = false
    for (place++; place < text.length; place++) {
      const letter = text.charAt(place)
      if (letter === '\\') place++
      else if (letter === '"') quoted = !quoted
      else if (letter === ']' && !quoted) break
    }
    place++
  }
  return place === at ? -1 : place
}

/** `Nov 22 19:30:33 host program[7]: message`, from its time on. */
export function readBsd(text: string, at: number, times: TimesLike): Found | null {
  const month = times.monthFirst(text, at)
  const time = Number.isNaN(month) ? times.iso(text, at) : month
  if (Number.isNaN(time) || text.charAt(times.end) !== ' ') return null
  const sane = times.sane(time)
  const head = matchAt(hostThenProgram, text, times.end)
  const bare = head === null ? matchAt(program, text, times.end + 1) : null
  const alone = levelOf(bare?.[1] ?? '') === null ? bare : null
  const length = head?.[0].length ?? (alone === null ? 1 : alone[0].length + 1)
  // Without a host and a program it is somebody's own line that only begins with such a time.
  const format = head === null && alone === null ? 'timestamped' : 'syslog-3164'
  return { format, time: sane, level: null, kind: null, messageAt: times.end + length, wraps: true }
}

/** journalctl -o short-iso and rsyslog: host and program from behind an ISO time. */
export function behindHost(text: string, from: number, time: number | null): Found | null {
  const dyno = matchAt(heroku, text, from)
  if (dyno !== null) {
    const messageAt = from + dyno[0].length
    return { format: 'heroku', time, level: null, kind: null, messageAt, wraps: true }
  }
  const head = matchAt(hostThenProgram, text, from)
  if (head === null || levelOf(head[1] ?? '') !== null || head[1]?.endsWith(':') === true) return null
  if (head[3] === undefined && !systemPrograms.test(head[2] ?? '')) return null
  return { format: 'journald', time, level: null, kind: null, messageAt: from + head[0].length, wraps: true }
}
