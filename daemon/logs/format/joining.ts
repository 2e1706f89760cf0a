import type { LogLevel } from '#contract/log-words.ts'
import type { Found } from './found.ts'

// Which lines belong to the record before them.

/** Whatever was written before, these go on with it; by their first letter, so that most lines are held against none. */
const always = new Map<string, readonly RegExp[]>([
  ['C', [/^Caused by: /]],
  ['S', [/^(?:Suppressed: |Stack trace:$)/]],
  ['W', [/^Wrapped by: /]],
  ['.', [/^\.\.\.(?:$| \d{1,6} (?:more|common frames omitted)| \[?\d{1,6} lines)/]],
  ['a', [/^at [\w.$<>/@ ]{1,300}\(.{0,300}\)$/]],
  [']', [/^[\]})]{1,8}[,;]?$/]],
  ['}', [/^[\]})]{1,8}[,;]?$/]],
  [')', [/^[\]})]{1,8}[,;]?$/]],
  ['P', [/^PHP Stack trace:$/, /^PHP {1,4}\d{1,4}\. /]],
  ['s', [/^stack backtrace:$/]],
  ['r', [/^runtime stack:$/]],
  ['B', [/^Backtrace:$/]],
  ['[', [/^\[stacktrace\]$/, /^\[previous exception\] /, /^\[signal SIG/]],
  ['"', [/^"\}(?: \[\])? ?$/]],
  ['#', [/^#\d{1,4} (?:\{main\}|\/|\[internal|[\w\\{}]{1,200}(?:::|->|\()|\S{1,300}\(\d{1,7}\))/]],
  ['n', [/^note: (?:run with|Some details are omitted)/]],
  ['-', [/^--- End of /]],
  ['g', [/^goroutine \d{1,10} (?:gp=\S{1,40} )?(?:m=\S{1,20} )?(?:mp=\S{1,40} )?\[/]],
  ['c', [/^created by [\w./]/]],
  ['D', [/^During handling of the above exception/]],
  ['T', [/^The above exception was the direct cause/]],
  ['^', [/^[~^ ]{0,200}\^[~^ ]{0,200}$/]],
  ['~', [/^[~^ ]{0,200}\^[~^ ]{0,200}$/]],
])
const rubyFrame = /^\S{1,300}\.rb:\d{1,7}:in [^(]{0,200}$/

const goesOn = (text: string): boolean =>
  always.get(text.charAt(0))?.some((pattern) => pattern.test(text)) === true ||
  (text.includes('.rb:') && rubyFrame.test(text))

const chained = /^(?:During handling of the above exception|The above exception was the direct cause)/
const traceback = /^(?:\w{1,40} )?Traceback \(most recent call last\):/
const qualified =
  /^(?:[A-Za-z_][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,80}(?:Exception|Error|Throwable|Fault)(?:$|:)/
const thrown = /^[A-Z]?\w{0,60}(?:Error|Exception)(?: \[[A-Z_\d]{1,60}\])?(?:: |$)/
const goFrame =
  /^(?:[\w./*()[\]{}$·,-]{1,300}\(.{0,300}\)|exit status \d{1,3}|r[a-z0-9]{1,3} {1,6}0x[\da-f]{1,16}|runtime: .{1,200})$/
const elixirBelow =
  /^(?:Last message|State|Function|Args|Initial Call|Ancestors|Message Queue|Messages|Links|Dictionary|Trapping Exits|Status|Heap Size|Stack Size|Reductions|Neighbours|Client )/
const rustHead = /^thread '[^']{0,80}'(?: \(\d{1,10}\))? panicked at \S{1,300}:\d{1,7}:\d{1,7}:$/
const julLevel = /^(SEVERE|WARNING|INFO|CONFIG|FINE|FINER|FINEST): /

type Within = '' | 'python' | 'closed' | 'chained' | 'report' | 'go' | 'rust' | 'elixir' | 'webpack' | 'node'

/** Remembers what the lines so far were, so that it can be told what goes on with them. */
export class Joining {
  /** The head of the record before; null at the beginning. */
  last: Found | null = null
  /** The level of the record before: of its head, or of a line that told it later. */
  #level: LogLevel | null = null
  #within: Within = ''
  /** The level that the line told which was joined last. */
  told: LogLevel | null = null
  #awaitsLevel = false
  /** Nothing has come since the record's head. */
  #fresh = false

  /** The line before was of no format and said nothing, and nothing is known to go on. */
  get isPlain(): boolean {
    return this.last?.format === 'plain' && this.#level === null && this.#within === '' && !this.#awaitsLevel
  }

  /** A record begins with this line. */
  begin(found: Found, text: string): void {
    this.last = found
    this.#level = found.level
    this.#awaitsLevel = found.format === 'jul'
    this.#within = withinOf(found, text)
    this.#fresh = true
  }

  /** The level that java.util.logging writes on its second line; null where it is none. */
  secondOfJul(text: string): string | null {
    if (!this.#awaitsLevel) return null
    this.#awaitsLevel = false
    return julLevel.exec(text)?.[1] ?? null
  }

  /** A line that goes on told the level of its record. */
  tell(level: LogLevel | null): void {
    this.#level ??= level
  }

  /** An empty line. */
  blank(): boolean {
    if (this.#within === 'webpack' || this.#within === 'report') this.#within = ''
    this.#fresh = false
    return this.last !== null
  }

  /** Whether a line that is not indented and has no head of its own goes on with the record before. */
  joins(text: string): boolean {
    this.told = null
    if (this.last === null) return false
    if (text.includes('Traceback') && traceback.test(text)) return this.#joinsTraceback()
    if (goesOn(text)) {
      if (text.startsWith('goroutine ')) this.#within = 'go'
      else if (chained.test(text)) this.#within = 'chained'
      return true
    }
    const joins = this.#joinsWithin(text) || this.#joinsHead(text)
    this.#fresh = false
    return joins
  }

  #joinsTraceback(): boolean {
    // What an access line tells is how the server answered, not what its program said.
    const said = this.last?.kind === 'access' ? null : this.#level
    const grave = said === 'warn' || said === 'error' || said === 'fatal'
    const joins =
      this.#within === 'chained' || (grave && this.#within === '' && this.last?.format !== 'plain')
    if (joins) this.#within = 'python'
    return joins
  }

  #joinsWithin(text: string): boolean {
    switch (this.#within) {
      case 'python':
        this.#within = 'closed'
        return true
      case 'rust':
        this.#within = ''
        return true
      case 'go':
        return goFrame.test(text)
      case 'report':
        return true
      case 'elixir':
        return elixirBelow.test(text)
      case 'node':
        if (this.#level === null && thrown.test(text)) this.told = 'error'
        return nodeBelow(text)
      case 'webpack':
        return !/^(?:ERROR|WARNING) in |^webpack |^compiled /.test(text)
      case '':
      case 'closed':
      case 'chained':
        return false
    }
  }

  /** What only certain formats let follow. */
  #joinsHead(text: string): boolean {
    const format = this.last?.format
    if (format === 'mysql-slow') return true
    if (text.startsWith('** ')) {
      const joins = format === 'erlang' || format === 'rabbitmq' || this.#level === 'error'
      if (joins) this.#within = 'elixir'
      return joins
    }
    if (format === 'plain' || this.#level === null) return false
    // JavaScript's loggers put the error itself, with its stack, on the lines behind an error's head.
    const grave = this.#level === 'error' || this.#level === 'fatal'
    if (this.#fresh && grave && this.last?.kind !== 'access' && thrown.test(text)) return true
    return text.includes('.') && qualified.test(text)
  }
}

/** Node.js shows the line that threw, then the error, then its own version. */
const nodeBelow = (text: string): boolean =>
  /^(?:Node\.js v\d|\[?(?:Uncaught )?[A-Z]\w{0,60}(?:Error|Exception)?(?: \[\w{1,60}\])?: )/.test(text)

const nodeSource = /^(?:file:\/\/)?\/[^:]{1,300}\.[cm]?[jt]s:\d{1,7}$|^node:[\w/]{1,80}:\d{1,7}$/

function withinOf(found: Found, text: string): Within {
  if (found.format === 'webpack' && /^(?:ERROR|WARNING) in /.test(text)) return 'webpack'
  if (found.format === 'erlang') return 'report'
  if (text.startsWith('Traceback (most recent', found.messageAt)) return 'python'
  if (found.format !== 'plain') return ''
  if (found.level === null) return nodeSource.test(text) ? 'node' : ''
  if (traceback.test(text)) return 'python'
  if (rustHead.test(text)) return 'rust'
  if (text.startsWith('panic: ') || text.startsWith('fatal error: ')) return 'go'
  return /^[A-Z]\w{0,60}Error/.test(text) ? 'node' : ''
}
