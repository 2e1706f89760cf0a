import type { LogLine } from '#contract/logs.ts'
import { plainOf, spansOf } from './ansi.ts'
import { h } from '../ui/dom.ts'
import { frameIn, type Frame } from './frames.ts'
import { marked, type MarkedSpan, type Matcher } from './highlight.ts'
import type { Say } from './strings.ts'
import type { Times } from './times.ts'

/** What all rows are drawn with. */
export interface RowStyle {
  readonly say: Say
  readonly times: Times
  /** Whether lines of several apps stand here. */
  readonly everyApp: boolean
  readonly severalSources: boolean
  readonly matches: Matcher
  /** Opens a place in a source. */
  readonly open: (line: LogLine, frame: Frame) => void
}

/** The message of a record, without a time and level that stand before it. */
export const messageOf = (line: LogLine): string => line.text.slice(line.messageAt)

/** The lines of a text, whatever ended them. */
export const linesOf = (text: string): readonly string[] =>
  text
    .replace(/\r?\n$/, '')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))

/** What a row says to whom cannot see it. */
export function spoken(line: LogLine, { times, everyApp, severalSources }: RowStyle): string {
  const [first = ''] = linesOf(messageOf(line))
  const parts = [
    times.short(line.time),
    line.level,
    everyApp ? line.app : null,
    severalSources ? line.source : null,
    plainOf(first).slice(0, 1000),
  ]
  return parts.filter((part) => part !== null).join(' ')
}

/** The cells of a record. */
export function cellsOf(line: LogLine, style: RowStyle): readonly HTMLElement[] {
  const { times, say, everyApp, severalSources } = style
  const lines = linesOf(messageOf(line))
  const folded = lines.length - 1
  const arrival = line.timeFrom === 'arrival'
  const time = h(
    'span',
    {
      role: 'gridcell',
      class: arrival ? 'time arrival' : 'time',
      title: arrival ? `${line.time}\n${say('arrival')}` : line.time,
    },
    times.short(line.time),
  )
  const level = h('span', { role: 'gridcell', class: 'level' }, line.level ?? '')
  const where = [...(everyApp ? [line.app] : []), ...(severalSources ? [line.source] : [])].map(plainOf)
  const origin = where.length === 0 ? null : where.join(' · ')
  return [
    time,
    level,
    ...(origin === null ? [] : [h('span', { role: 'gridcell', class: 'source', title: origin }, origin)]),
    h(
      'span',
      { role: 'gridcell', class: 'message' },
      ...textNodes(line, lines[0] ?? '', style),
      folded === 0 ? null : h('span', { class: 'folded' }, say('more', folded)),
    ),
  ]
}

/** A line of a record: colours as classes, what matches marked, and a place in a source as a link. */
export function textNodes(line: LogLine, text: string, style: RowStyle): readonly Node[] {
  const spans = spansOf(text)
  const plain = spans.map((span) => span.text).join('')
  const frame = frameIn(plain)
  const pieces = marked(spans, style.matches(plain))
  if (frame === null) return pieces.map(nodeOf)
  // The link takes whole pieces, so they are cut where it begins and ends.
  const [before, inside, after] = cutAt(pieces, frame.from, frame.to)
  // No button: that would begin a line of its own where its text is broken.
  const link = h(
    'span',
    {
      role: 'button',
      class: 'word frame',
      tabindex: -1,
      title: style.say('openFrame', frame.file, frame.line),
    },
    ...inside.map(nodeOf),
  )
  link.addEventListener('click', (event) => {
    event.stopPropagation()
    style.open(line, frame)
  })
  return [...before.map(nodeOf), link, ...after.map(nodeOf)]
}

function nodeOf({ text, classes, found }: MarkedSpan): Node {
  if (found) return h('mark', { class: classes.join(' ') || null }, text)
  return classes.length === 0 ? document.createTextNode(text) : h('span', { class: classes.join(' ') }, text)
}

function cutAt(
  pieces: readonly MarkedSpan[],
  from: number,
  to: number,
): readonly [readonly MarkedSpan[], readonly MarkedSpan[], readonly MarkedSpan[]] {
  const parts: [MarkedSpan[], MarkedSpan[], MarkedSpan[]] = [[], [], []]
  let at = 0
  for (const piece of pieces) {
    const end = at + piece.text.length
    const edges = [at, ...[from, to].filter((cut) => cut > at && cut < end), end]
    for (let i = 0; i + 1 < edges.length; i++) {
      const [first = 0, after = 0] = [edges[i], edges[i + 1]]
      const part = { ...piece, text: piece.text.slice(first - at, after - at) }
      parts[after <= from ? 0 : first >= to ? 2 : 1].push(part)
    }
    at = end
  }
  return parts
}
