/** What stands between a line's time and its message, by the line's format. Each is held against the line's head alone. */
const heads: Readonly<Record<string, RegExp>> = {
  'spring-boot':
    / (?<pid>\d{1,10}) --- (?:\[(?<application>[^\]]{0,160})\] (?=\[))?\[ *(?<thread>[^\]]{0,160})\] (?<logger>\S{1,120}) *:/,
  log4j: /\[(?<thread>[^\]]{1,160})\] (?<logger>[\w.$]{1,200})?/,
  logback: /\[(?<thread>[^\]]{1,160})\] [A-Z]{4,8} {1,4}(?<logger>[\w.$]{1,200})?/,
  elasticsearch: /\]\[(?<logger>[\w.]{1,120}) *\] \[(?<node>[^\]]{1,80})\]/,
  gunicorn: /\] \[(?<pid>\d{1,10})\] \[/,
  celery: /: [A-Z]{4,8}\/(?<process>[\w-]{1,40})\]/,
  python: /(?:^[A-Z]{4,8}:| - )(?<logger>[\w.]{1,120})(?::| - )/,
  quantum: / (?<logger>[\w.]{1,80}) - /,
  loguru: /\| (?<logger>[^ |]{1,200}) - /,
  nlog: /\|[A-Z]{4,5}\|(?<logger>[^|]{1,200})\|/,
  dotnet: /: (?<logger>[^[\]]{1,200})\[(?<eventId>\d{1,9})\]$/,
  ruby: /#(?<pid>\d{1,10})\] {1,4}[A-Z]{3,5} -- (?<program>[^:]{0,80}):/,
  sidekiq:
    /pid=(?<pid>\d{1,10}) tid=(?<tid>\w{1,40})(?: class=(?<class>\S{1,120}))?(?: jid=(?<jid>\w{1,60}))?/,
  monolog: /\] (?<channel>[\w.-]{1,60})\.[A-Z]{4,9}:/,
  nginx: /\] (?<pid>\d{1,10})#(?<tid>\d{1,10}): (?:\*(?<connection>\d{1,20}) )?/,
  apache:
    /\] \[(?:(?<module>[\w-]{1,40}):)?[a-z\d]{1,8}\](?: \[pid (?<pid>\d{1,10})(?::tid (?<tid>\d{1,20}))?\])?(?: \[client (?<remote>[^\]]{1,80})\])?/,
  postgresql:
    /\[(?<pid>\d{1,10})(?:-\d{1,10})?\](?::? \[\d{1,10}-\d\])?(?: ?(?:user=)?(?<user>[\w-]{1,64})(?:@|,db=)(?<database>[\w-]{1,64}))?/,
  mysql:
    /[Z\d][ \t]{1,8}(?<thread>\d{1,20}) \[\w{4,8}\](?: \[(?<code>MY-\d{1,9})\])?(?: \[(?<subsystem>[A-Za-z_ -]{1,30})\])?/,
  redis: /^(?<pid>\d{1,10}):(?<role>[XCSM]) /,
  klog: /^[IWEFD]\d{4,8} [\d:.]{8,18} {1,12}(?:(?<thread>\d{1,20}) )?(?<file>[\w./-]{1,200}):(?<line>\d{1,7}) ?\]/,
  cockroachdb: /^[IWEF]\d{6} [\d:.]{8,18} (?<goroutine>\d{1,20}) (?<file>[\w./@-]{1,200}):(?<line>\d{1,7})/,
  tracing: / (?:TRACE|DEBUG|INFO|WARN|ERROR) (?:[^ ]{1,200}: )?(?<target>\w{1,80}(?:::\w{1,80}){0,12}): /,
  'env-logger': / (?:TRACE|DEBUG|INFO|WARN|ERROR) {1,2}(?<target>[\w:.-]{1,120})\]/,
  rabbitmq: /(?<process><\d{1,10}\.\d{1,10}\.\d{1,10}>)/,
  elixir: /(?: |^)request_id=(?<requestId>[\w-]{1,60})/,
  'syslog-5424':
    /^<(?<priority>\d{1,3})>\d{1,2} \S{1,40} (?<host>\S{1,255}) (?<program>\S{1,48}) (?<pid>\S{1,128}) (?<messageId>\S{1,32}) /,
  'syslog-3164':
    /^(?:<(?<priority>\d{1,3})>)?[A-Z][a-z]{2} [ \d]\d [\d:.]{8,18}(?: \d{4})? (?:(?<host>[\w.:-]{1,255}) )?(?<program>[\w./@+-]{1,128})(?:\[(?<pid>\d{1,10})\])?:/,
  journald: /^\S{19,40} (?<host>[\w.:-]{1,255}) (?<program>[\w./@+-]{1,128})(?:\[(?<pid>\d{1,10})\])?:/,
  cri: / (?<stream>stdout|stderr) [FP](?: |$)/,
  envoy: /\]\[(?<thread>\d{1,9})\]\[\w{3,8}\]\[(?<logger>[\w.]{1,40})\]/,
  nest: /^\[Nest\] (?<pid>\d{1,10}) .{1,80}?\[(?<context>[^\]]{1,120})\]/,
  'pino-pretty': /\((?:(?<name>[\w-]{1,80})\/)?(?<pid>\d{1,10})(?: on (?<host>[\w.-]{1,255}))?\)/,
  log4js: /\] \[[A-Z]{4,5}\] (?<logger>[\w.-]{1,80}) - /,
  jul: /[AP]M (?<logger>[\w.$]{1,200}) (?<function>[\w<>$]{1,120})$/,
  go: / (?<file>[\w./-]{1,120}\.go):(?<line>\d{1,7}): /,
  'php-fpm': /\[pool (?<pool>[\w.-]{1,80})\]/,
  php: / in (?<file>\/[^ ]{1,500}) on line (?<line>\d{1,7})$/,
  bracketed: /^\[(?<thread>[^\]]{1,80})\] [A-Z]{4,5} (?<logger>[\w.$]{1,200}) - /,
}

/** The parts of a line's head that its format names; none where they are not there. */
export function headFields(head: string, format: string): Map<string, string> {
  const pattern = Object.hasOwn(heads, format) ? heads[format] : undefined
  const groups = pattern?.exec(head)?.groups ?? {}
  return new Map(
    Object.entries(groups).flatMap(([name, value]: [string, string | undefined]) =>
      value === undefined || value === '' || value === '-' ? [] : [[name, value] as const],
    ),
  )
}
