import { clfFields, envoyFields, ginFields, haproxyFields, requestFields } from './fields-access.ts'
import { headFields } from './fields-head.ts'
import { membersOf, messageOfMembers, mostFields } from './fields-json.ts'
import { withoutColour } from './colour.ts'
import { innerOfDocker } from './json-lines.ts'
import { Pairs } from './logfmt.ts'
import { afterStructured } from './syslog.ts'
import { Understanding } from './understand.ts'

/** What a line holds, taken apart. */
export interface Parts {
  readonly message: string
  /** By path or by the name of a part, as text. */
  readonly fields: Readonly<Record<string, string>>
}

/** Formats whose messages end in `key=value` pairs. */
const paired = new Set(['zerolog', 'tracing', 'hclog', 'logrus', 'klog', 'go', 'serilog-text', 'timestamped'])
/** Formats whose lines wrap another's. */
const wrapping = new Set(['cri', 'heroku', 'syslog-3164', 'journald', 'timestamped', 'time-only', 'epoch'])
/** No head is longer. */
const headLength = 2048
/** Longer messages are not searched for pairs. */
const pairedLength = 65_536

/** Takes a record's text apart, as its format has it. Lines behind the first belong to the message. */
export function fieldsOf(line: string, format: string): Parts {
  return parts(line, format, 0)
}

function parts(line: string, format: string, depth: number): Parts {
  if (line.startsWith('{')) return ofJson(line, format, depth)
  const text = withoutColour(line)
  if (format === 'logfmt') return ofLogfmt(text)
  const end = text.indexOf('\n')
  const first = end < 0 ? text : text.slice(0, end)
  const { messageAt, kind } = new Understanding().understand(first)
  const message = text.slice(messageAt)
  if (kind === 'access') return { message, fields: Object.fromEntries(ofAccess(first, format, messageAt)) }
  const fields = headFields(first.slice(0, headLength), format)
  if (format === 'syslog-5424') addStructured(fields, first)
  if (paired.has(format) && message.length <= pairedLength) addPairs(fields, message)
  if (wrapping.has(format) && depth < 2) return withInner(message, fields, depth)
  return { message, fields: Object.fromEntries(fields) }
}

/** The parts of the line that another's line wraps, with its own. */
function withInner(message: string, outer: Map<string, string>, depth: number): Parts {
  if (!message.startsWith('{')) return { message, fields: Object.fromEntries(outer) }
  const inner = parts(message, 'json', depth + 1)
  return { message: inner.message, fields: Object.fromEntries([...outer, ...Object.entries(inner.fields)]) }
}

function ofJson(line: string, format: string, depth: number): Parts {
  const fields = membersOf(line)
  const docker = format === 'docker-json' && depth < 2 ? innerOfDocker(line) : null
  if (docker !== null) {
    const inner = parts(docker, new Understanding().understand(docker).format, depth + 1)
    fields.delete('log')
    const entries = [...fields, ...Object.entries(inner.fields)]
    return { message: inner.message, fields: Object.fromEntries(entries) }
  }
  return { message: messageOfMembers(fields) ?? line, fields: Object.fromEntries(fields) }
}

function ofLogfmt(text: string): Parts {
  const fields = new Map<string, string>()
  addPairs(fields, text)
  return { message: fields.get('msg') ?? fields.get('message') ?? text, fields: Object.fromEntries(fields) }
}

function addPairs(fields: Map<string, string>, text: string): void {
  const pairs = new Pairs(text, 0)
  while (fields.size < mostFields && pairs.next()) fields.set(pairs.key, pairs.plain)
}

/** RFC 5424's groups: each value under the group's id and its own name. */
function addStructured(fields: Map<string, string>, line: string): void {
  const at = line.indexOf(' [')
  if (at < 0 || at > 800) return
  const end = afterStructured(line, at + 1)
  for (const group of line
    .slice(at + 1, Math.max(at, end))
    .matchAll(/\[([\w@.-]{1,64})((?: [\w.-]{1,64}="(?:[^"\\]|\\.){0,4096}"){0,64})\]/g))
    for (const pair of (group[2] ?? '').matchAll(/ ([\w.-]{1,64})="((?:[^"\\]|\\.){0,4096})"/g))
      if (fields.size < mostFields)
        fields.set(`${group[1]}.${pair[1]}`, (pair[2] ?? '').replaceAll(/\\(["\\\]])/g, '$1'))
}

function ofAccess(line: string, format: string, messageAt: number): Map<string, string> {
  if (format === 'gin') return ginFields(line)
  if (format === 'envoy-access') return envoyFields(line, messageAt)
  if (format === 'haproxy' || line.includes('haproxy[')) return haproxyFields(line)
  if (line.charAt(messageAt) === '"') return clfFields(line, messageAt)
  return requestFields(line.slice(messageAt))
}
