/** A place in a source that a line of a stack names. */
export interface Frame {
  /** Where it stands in the line. */
  readonly from: number
  readonly to: number
  readonly file: string
  readonly line: number
  readonly column: number
}

/** No line of a stack is longer, and patterns need not look further. */
const longest = 2000

const position = (text: string | undefined): number => Math.min(Math.max(Number(text ?? 1), 1), 10_000_000)

/** `at f (/x/y.js:3:5)`, `at file:///x/y.js:3:5`, `at C:\x\y.ts:3`: Node.js; the path ends where the numbers begin. */
const node =
  /(?:^|[\s(@])((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]|\.{1,2}[\\/])[^\s:()"'<>|*?][^:()"'<>|*?]{0,1000}):(\d{1,8})(?::(\d{1,8}))?/d
/** `File "/x/y.py", line 3`: Python. */
const python = /File "([^"]{1,1000})", line (\d{1,8})/d
/** `at shop.Cart.pay(Cart.java:3)`: Java and Kotlin name the file and, in front, its packages. */
const java = /\bat (?:[\w.$@-]*\/)*((?:[\w$]+\.)+)[\w$<>]+\(([\w$-]+\.(?:java|kt|scala|groovy)):(\d{1,8})\)/d
/** `in /x/y.cs:line 3`: .NET. */
const dotnet = /\bin ((?:\/|[A-Za-z]:[\\/])[^\n:"<>|*?]{1,1000}):line (\d{1,8})/d
/** `main.go:3`, `internal/cart.go:3`: what other programs write of their own sources, seen from their folder. */
const relative =
  /(?:^|[\s(])((?:[\w.@-]+[\\/]){0,30}[\w.@-]+\.(?:go|[cm]?[jt]sx?|py|rb|rs|java|kt|cs|php|c|cc|cpp|h)):(\d{1,8})(?::(\d{1,8}))?(?!\d)/d

/** The place that a line of a stack names; null when it names none. */
export function frameIn(text: string): Frame | null {
  const line = text.slice(0, longest)
  return (
    simple(dotnet, line) ??
    simple(python, line) ??
    inJava(line) ??
    simple(node, line) ??
    simple(relative, line)
  )
}

function simple(pattern: RegExp, line: string): Frame | null {
  const match = pattern.exec(line)
  const [from, after] = [match?.indices?.[1]?.[0], (match?.indices?.[3] ?? match?.indices?.[2])?.[1]]
  if (match === null || from === undefined || after === undefined) return null
  return {
    from,
    to: after,
    file: pathOf(match[1] ?? ''),
    line: position(match[2]),
    column: position(match[3]),
  }
}

function inJava(line: string): Frame | null {
  const match = java.exec(line)
  const [from, to] = [match?.indices?.[2]?.[0], match?.indices?.[3]?.[1]]
  if (match === null || from === undefined || to === undefined) return null
  // The last of the names before the method is the class, which the file stands for.
  const packages = (match[1] ?? '').split('.').slice(0, -2)
  return { from, to, file: [...packages, match[2] ?? ''].join('/'), line: position(match[3]), column: 1 }
}

function pathOf(text: string): string {
  if (!text.startsWith('file://')) return text
  try {
    return decodeURIComponent(new URL(text).pathname).replace(/^\/(?=[A-Za-z]:)/, '')
  } catch {
    return text
  }
}
