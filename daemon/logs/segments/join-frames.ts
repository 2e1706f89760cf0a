import { frameHead, layFrame, Places, sealed, type FrameView } from './frame.ts'

/** Rows of a frame, from one on and up to another. */
export interface Rows {
  readonly frame: FrameView
  readonly from: number
  readonly to: number
}

/** One frame of all these rows; how far their sources were read is not in it. */
export function joinFrames(parts: readonly Rows[], app: string): Buffer {
  let [count, text, least, most] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { frame, from, to } of parts) {
    count += to - from
    text += frame.end(to - 1) + 1 - frame.begin(from)
    for (let row = from; row < to; row++) {
      const time = frame.time(row)
      if (time < least) least = time
      if (time > most) most = time
    }
  }
  const [sources, formats] = [new Places(), new Places()]
  const places = parts.map(({ frame: { names } }) => ({
    sources: names.sources.map((name) => sources.of(name)),
    formats: names.formats.map((name) => formats.of(name)),
  }))
  const first = parts[0] === undefined ? 0 : parts[0].frame.sequence(parts[0].from)
  const names = { sources: sources.names, formats: formats.names, marks: {}, app }
  const { frame: joined, columns, base } = layFrame({ count, text, least, most, first, names })
  let [at, textAt] = [0, 0]
  for (const [index, { frame, from, to }] of parts.entries()) {
    const { columns: old } = frame
    const place = places[index]
    const begin = frame.begin(from)
    textAt += frame.copyText(from, to, joined, frameHead + textAt)
    const moved = textAt - (frame.end(to - 1) + 1 - begin) - (begin - frame.textFrom)
    columns.messageAt.set(old.messageAt.subarray(from, to), at)
    columns.flags.set(old.flags.subarray(from, to), at)
    for (let row = from; row < to; row++, at++) {
      columns.end[at] = moved + (old.end[row] ?? 0)
      columns.time[at] = frame.time(row) - base
      columns.sequence[at] = frame.sequence(row) - first
      columns.source[at] = place?.sources[old.source[row] ?? 0] ?? 0
      columns.format[at] = place?.formats[old.format[row] ?? 0] ?? 0
    }
  }
  return sealed(joined)
}

/** All rows of these frames in as many parts as are about so long each, in bytes of text. */
export function* inParts(frames: readonly FrameView[], bytes: number): Generator<readonly Rows[]> {
  const all = frames.reduce((sum, { textFrom, textTo }) => sum + textTo - textFrom, 0)
  const wanted = all / Math.max(1, Math.round(all / bytes))
  let [part, length]: [Rows[], number] = [[], 0]
  for (const frame of frames) {
    let from = 0
    for (let row = 0; row < frame.count; row++) {
      length += frame.end(row) + 1 - frame.begin(row)
      if (length < wanted) continue
      yield [...part, { frame, from, to: row + 1 }]
      ;[part, length, from] = [[], 0, row + 1]
    }
    if (from < frame.count) part.push({ frame, from, to: frame.count })
  }
  if (part.length > 0) yield part
}
