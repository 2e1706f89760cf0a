import type { LogHistogram } from '#contract/logs.ts'
import { h, wordButton } from '../ui/dom.ts'
import { barsOf, bucketAt, bucketCount, spanOf } from './histogram-shape.ts'
import type { Say } from './strings.ts'
import type { Times } from './times.ts'
import { levelWords } from './view.ts'

export interface HistogramDeps {
  readonly say: Say
  readonly times: Times
  /** Looks at this time only. */
  readonly zoom: (since: string, until: string) => void
  /** Looks at what was looked at before. */
  readonly zoomOut: () => void
}

const svg = (tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  return element
}

/** How many lines of which level there were when; a part of it can be chosen with the mouse or the keyboard. */
export class Histogram {
  readonly element: HTMLElement
  readonly #deps: HistogramDeps
  readonly #picture = svg('svg', {
    viewBox: '0 0 1000 100',
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  })
  readonly #from = h('span')
  readonly #said = h('span', { class: 'said', role: 'status' })
  readonly #to = h('span')
  readonly #chart: HTMLElement
  readonly #out: HTMLElement
  #histogram: LogHistogram | null = null
  /** Where choosing began and where it is, as buckets. */
  #chosen: { readonly begin: number; readonly end: number } | null = null
  #dragging = false

  constructor(deps: HistogramDeps) {
    this.#deps = deps
    const { say } = deps
    this.#chart = h(
      'div',
      {
        class: 'chart',
        role: 'group',
        tabindex: 0,
        'aria-label': say('histogram'),
        title: say('histogramHint'),
      },
      this.#picture,
    )
    this.#out = wordButton(say('zoomOut'), () => this.#deps.zoomOut())
    this.#out.hidden = true
    const scale = h(
      'div',
      { class: 'scale' },
      this.#from,
      h('span', { class: 'middle' }, this.#said, this.#out),
      this.#to,
    )
    this.element = h('div', { class: 'histogram' }, this.#chart, scale)
    this.element.hidden = true
    this.#chart.addEventListener('pointerdown', (event) => this.#begin(event))
    this.#chart.addEventListener('pointermove', (event) => this.#move(event))
    this.#chart.addEventListener('pointerup', () => this.#end())
    this.#chart.addEventListener('pointercancel', () => this.#leave())
    this.#chart.addEventListener('pointerleave', () => this.#dragging || this.#leave())
    this.#chart.addEventListener('keydown', (event) => this.#key(event))
    this.#chart.addEventListener('blur', () => this.#leave())
  }

  /** @param zoomed - whether there is a wider time to go back to. */
  show(histogram: LogHistogram | null, zoomed: boolean): void {
    if (this.#dragging) return
    this.#histogram = histogram
    this.#out.hidden = !zoomed
    this.element.hidden = histogram === null || (histogram.total === 0 && !zoomed)
    if (histogram === null) return
    const { times } = this.#deps
    const seconds = histogram.bucketMs < 60_000
    this.#from.textContent = times.scale(histogram.from, seconds)
    this.#to.textContent = times.scale(histogram.to, seconds)
    this.#draw()
  }

  #draw(): void {
    const histogram = this.#histogram
    if (histogram === null) return
    const bars = barsOf(histogram).map(({ level, x, width, y, height }) =>
      svg('rect', {
        class: `bar-${level}`,
        x: x * 1000,
        // A line is seen however many others there are.
        y: Math.min(y * 100, 100 - 2),
        width: Math.max(width * 1000 - 1.5, 1),
        height: Math.max(height * 100, 2),
      }),
    )
    this.#picture.replaceChildren(...this.#choice(histogram), ...bars)
  }

  #choice(histogram: LogHistogram): readonly SVGElement[] {
    if (this.#chosen === null) return []
    const { begin, end } = this.#chosen
    const share = 1000 / bucketCount(histogram)
    const first = Math.min(begin, end)
    const width = (Math.abs(end - begin) + 1) * share
    return [svg('rect', { class: 'chosen', x: first * share, y: 0, width, height: 100 })]
  }

  #choose(begin: number, end: number): void {
    const histogram = this.#histogram
    if (histogram === null) return
    this.#chosen = { begin, end }
    const { since, until } = spanOf(histogram, begin, end)
    const inside = histogram.buckets.filter(({ from }) => from >= since && from < until)
    const counts = levelWords.toReversed().flatMap((level) => {
      const count = inside.reduce((sum, bucket) => sum + (bucket.counts[level] ?? 0), 0)
      return count === 0
        ? []
        : [`${count.toLocaleString()} ${level === 'none' ? this.#deps.say('levelNone') : level}`]
    })
    const { times, say } = this.#deps
    const seconds = histogram.bucketMs < 60_000
    const time = [times.scale(since, seconds), times.scale(until, seconds)] as const
    this.#said.textContent = say('bucket', ...time, counts.join(' · ') || '0')
    this.#draw()
  }

  #leave(): void {
    this.#dragging = false
    this.#chosen = null
    this.#said.textContent = ''
    this.#draw()
  }

  #bucketOf(event: PointerEvent): number {
    const { left, width } = this.#chart.getBoundingClientRect()
    return this.#histogram === null
      ? 0
      : bucketAt(this.#histogram, (event.clientX - left) / Math.max(width, 1))
  }

  #begin(event: PointerEvent): void {
    if (event.button !== 0) return
    this.#dragging = true
    this.#chart.setPointerCapture(event.pointerId)
    const bucket = this.#bucketOf(event)
    this.#choose(bucket, bucket)
  }

  #move(event: PointerEvent): void {
    const bucket = this.#bucketOf(event)
    this.#choose(this.#dragging && this.#chosen !== null ? this.#chosen.begin : bucket, bucket)
  }

  #end(): void {
    if (!this.#dragging) return
    this.#dragging = false
    this.#zoom()
  }

  #zoom(): void {
    if (this.#histogram === null || this.#chosen === null) return
    const { since, until } = spanOf(this.#histogram, this.#chosen.begin, this.#chosen.end)
    this.#chosen = null
    this.#said.textContent = ''
    this.#deps.zoom(since, until)
  }

  /** Arrows go from bucket to bucket, with Shift they choose several, Enter looks closer and Backspace goes back. */
  #key(event: KeyboardEvent): void {
    if (this.#histogram === null) return
    const last = bucketCount(this.#histogram) - 1
    const { begin, end } = this.#chosen ?? { begin: last, end: last }
    const goal: Readonly<Record<string, number>> = {
      ArrowLeft: this.#chosen === null ? last : end - 1,
      ArrowRight: this.#chosen === null ? 0 : end + 1,
      Home: 0,
      End: last,
    }
    const next = goal[event.key]
    if (next !== undefined) {
      const bucket = Math.min(Math.max(next, 0), last)
      this.#choose(event.shiftKey ? begin : bucket, bucket)
    } else if (event.key === 'Enter') this.#zoom()
    else if (event.key === 'Backspace') this.#deps.zoomOut()
    else if (event.key === 'Escape' && this.#chosen !== null) this.#leave()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
