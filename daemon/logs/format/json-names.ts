// Which program's JSON a line is, by the names of its members.

/** One bit for each name, or for the names that mean the same. */
const names = [
  ['time', 'eventTime'],
  ['level'],
  ['msg'],
  ['v'],
  ['name'],
  ['@timestamp'],
  ['ecs.version', 'ecs', 'log.level'],
  ['@t'],
  ['log'],
  ['stream'],
  ['t'],
  ['s'],
  ['c'],
  ['ts'],
  ['caller', 'logger', 'stacktrace'],
  ['severity'],
  ['event'],
  ['timestamp'],
  ['levelname', 'asctime'],
  ['message'],
  ['level_name', 'channel'],
  ['DownstreamStatus', 'RouterName', 'ClientAddr'],
  ['status', 'response_code', 'statusCode', 'status_code'],
  ['remote_addr', 'remote_ip', 'downstream_remote_address', 'clientip'],
  ['method', 'request_method', 'request', 'uri'],
  ['short_message'],
  ['level_value', 'logger_name'],
  ['instant', 'timeMillis', 'loggerName'],
  ['err_code', 'SQL_state', 'err_symbol'],
  ['error_severity', 'backend_type'],
  ['EventId', 'LogLevel', 'Category'],
] as const

const bitOf = new Map<string, number>(
  names.flatMap((group, at) => group.map((name) => [name, 1 << at] as const)),
)

/** The bit of each member's name that tells something. */
export const marks: ReadonlyMap<string, number> = bitOf

const bit = (name: (typeof names)[number][number]): number => bitOf.get(name) ?? 0
const all = (...wanted: (typeof names)[number][number][]): number =>
  wanted.reduce((sum, name) => sum | bit(name), 0)

/** Tried in this order; `not` must be absent. */
const shapes: readonly { readonly format: string; readonly has: number; readonly not?: number }[] = [
  { format: 'docker-json', has: all('log', 'stream', 'time') },
  { format: 'mongodb', has: all('t', 's', 'c') },
  { format: 'postgresql-json', has: all('error_severity') },
  { format: 'mysql-json', has: all('err_code', 'msg') },
  { format: 'serilog', has: all('@t') },
  { format: 'traefik-access', has: all('DownstreamStatus', 'level') },
  { format: 'traefik-access', has: all('DownstreamStatus', 'time') },
  { format: 'gelf', has: all('short_message') },
  { format: 'monolog', has: all('level_name', 'message') },
  { format: 'logstash', has: all('@timestamp', 'level_value') },
  { format: 'ecs', has: all('@timestamp', 'ecs.version') },
  { format: 'log4j-json', has: all('instant', 'level') },
  { format: 'dotnet-json', has: all('LogLevel') },
  { format: 'access-json', has: all('status', 'remote_addr'), not: all('level') },
  { format: 'access-json', has: all('status', 'method'), not: all('level') },
  { format: 'zap', has: all('ts', 'level') },
  { format: 'gcp', has: all('severity') },
  { format: 'structlog', has: all('event', 'level') },
  { format: 'python-json', has: all('levelname') },
]

/**
 * The name of a JSON line's format.
 * @param bits - of all its members' names. @param level - as written. @param worded - whether its level is no number.
 */
export function formatOfJson(bits: number, level: string, worded: boolean): string {
  const capitals = level !== level.toLowerCase()
  const key = bits * 4 + (worded ? 2 : 0) + (capitals ? 1 : 0)
  const known = remembered.get(key)
  if (known !== undefined) return known
  const format = shapeOf(bits, capitals, worded)
  // Programs have few shapes of lines; who writes all there are shall not fill the memory with them.
  if (remembered.size > 1000) remembered.clear()
  remembered.set(key, format)
  return format
}

const remembered = new Map<number, string>()

function shapeOf(bits: number, capitals: boolean, worded: boolean): string {
  for (const { format, has, not = 0 } of shapes) if ((bits & has) === has && (bits & not) === 0) return format
  if (!worded && (bits & bit('level')) !== 0) {
    if ((bits & all('v', 'name')) === all('v', 'name')) return 'bunyan'
    return (bits & (bit('msg') | bit('time'))) !== 0 ? 'pino' : 'json'
  }
  if ((bits & all('level', 'time', 'msg')) === all('level', 'time', 'msg')) return capitals ? 'slog' : 'json'
  return (bits & all('level', 'message')) === all('level', 'message') ? 'winston' : 'json'
}
