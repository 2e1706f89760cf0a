import { stripVTControlCharacters } from 'node:util'
import type { TestCase } from '#contract/jobs.ts'

interface Point {
  readonly depth: number
  readonly ok: boolean
  readonly name: string
  readonly directive: string | null
  /** Lines of the YAML block below it. */
  readonly block: string[]
}

/**
 * The tests of a Test Anything Protocol stream (TAP 13 and 14). What stands indented before a point are its own tests, and
 * then the point itself is no test but what they stand in. Null when it is none.
 */
export function tapCases(output: string): readonly TestCase[] | null {
  const lines = stripVTControlCharacters(output).split(/\r?\n/)
  if (!lines.some((line) => /^TAP version 1[34]$/.test(line) || /^1\.\.\d{1,9}(?: |$)/.test(line)))
    return null
  const cases: TestCase[] = []
  // Those of each depth that are not yet known to stand in something.
  const open: TestCase[][] = []
  for (const point of pointsOf(lines)) {
    const within = open.splice(point.depth + 1).flat()
    const list = (open[point.depth] ??= [])
    if (within.length === 0) list.push(caseOf(point))
    else for (const one of within) list.push({ ...one, suite: [point.name, ...one.suite] })
    if (open.length === 1) cases.push(...list.splice(0))
  }
  return [...cases, ...open.flat()]
}

function pointsOf(lines: readonly string[]): readonly Point[] {
  const points: Point[] = []
  let inBlock = false
  for (const line of lines) {
    const last = points.at(-1)
    const text = line.trimStart()
    if (inBlock) {
      if (text === '...') inBlock = false
      else if (last !== undefined && last.block.length < 50) last.block.push(line)
    } else if (text === '---') inBlock = true
    else {
      const [, no, name = '', directive] =
        /^(not )?ok\b(?: \d{1,9})?(?: -)? ?(.*?)(?:\s+#\s*((?:SKIP|TODO)\b.*))?$/i.exec(text) ?? []
      if (!/^(?:not )?ok\b/.test(text)) continue
      const depth = Math.floor((line.length - text.length) / 4)
      points.push({ depth, ok: no === undefined, name, directive: directive ?? null, block: [] })
    }
  }
  return points
}

function caseOf({ ok, name, directive, block }: Point): TestCase {
  const state = directive !== null ? 'skipped' : ok ? 'passed' : 'failed'
  const duration = fieldOf(block, 'duration_ms')
  const [, file = null, line] =
    /^'?(.+?):(\d{1,7})(?::\d{1,7})?'?$/.exec(fieldOf(block, 'location') ?? '') ?? []
  return {
    suite: [],
    name: name === '' ? '(without a name)' : name,
    state,
    durationMs: duration === null ? null : Number(duration),
    message: state === 'failed' ? (messageOf(block) ?? null) : null,
    file,
    line: line === undefined ? null : Number(line),
  }
}

const fieldOf = (block: readonly string[], key: string): string | null =>
  block
    .map((line) => new RegExp(`^\\s*${key}: (.*)$`).exec(line)?.[1])
    .find((value) => value !== undefined) ?? null

/** `error: |-` and what is indented below it, else the whole block. */
function messageOf(block: readonly string[]): string | null {
  const at = block.findIndex((line) => /^\s*(?:error|message):/.test(line))
  const [, indent = '', text = ''] = /^(\s*)(?:error|message): ?(.*)$/.exec(block[at] ?? '') ?? []
  if (at === -1) return block.length === 0 ? null : block.map((line) => line.trim()).join('\n')
  if (!/^[|>]-?$/.test(text)) return text.replace(/^(['"])(.*)\1$/, '$2')
  const below = block.slice(at + 1)
  const end = below.findIndex((line) => line.trim() !== '' && !line.startsWith(`${indent} `))
  return below
    .slice(0, end === -1 ? below.length : end)
    .map((line) => line.trim())
    .join('\n')
}
