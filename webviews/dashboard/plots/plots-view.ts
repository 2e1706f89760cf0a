import { h, setAttribute, wordButton } from '../../ui/dom.ts'
import { ranges, type PanelId, type Plots, type Row, type Status, type Want } from '../messages.ts'
import type { PlotsDeps, PlotsPart } from '../plots-door.ts'
import { isSilent, Memory, panelsIn, type Panel } from './curves.ts'
import { at } from './formats.ts'
import { MarkList } from './mark-list.ts'
import { onTheme, readPalette } from './palette.ts'
import { Plot, type PlotDeps } from './plot.ts'
import { Table } from './table.ts'
import { Toolbar } from './toolbar.ts'
import { dragged, moved, scaled, type Span } from './zoom.ts'

/** By how much a press of a key zooms, and by what part of what is seen it moves. */
const zoomFactor = 0.5
const moveBy = 0.25
/** About so many pixels for each number. */
const pixelsPerPoint = 4

let groups = 0

/** Numbers over time: of all apps, of one, or of the machine. */
export class PlotsView implements PlotsPart {
  readonly element: HTMLElement
  readonly #deps: PlotsDeps
  readonly #plotDeps: PlotDeps
  readonly #toolbar: Toolbar
  readonly #grid = h('div', { class: 'panels' })
  readonly #silent: HTMLElement
  readonly #marks: MarkList
  readonly #table: Table
  readonly #spoken = h('div', { class: 'spoken', role: 'status' })
  readonly #plots = new Map<PanelId, Plot>()
  readonly #resize = new ResizeObserver(() => this.#fit())
  readonly #forget: () => void
  #palette = readPalette()
  #memory = new Memory()
  /** The plots that are still to be drawn. */
  #due: (() => void)[] = []
  #frame = 0
  #want: Want
  #told: Plots | null = null
  #apps: readonly Row[] = []
  #status: Status | null = null

  constructor(deps: PlotsDeps) {
    const { say, kept } = deps
    this.#deps = deps
    this.#want = kept ?? { kind: 'apps', app: '', range: '1h', zoom: null, points: 120 }
    this.#plotDeps = {
      say,
      group: `plots-${++groups}`,
      palette: () => this.#palette,
      dragged: (a, b) => this.#zoomTo(dragged(a, b, this.#stepMs / 2, Date.now())),
    }
    this.#toolbar = new Toolbar(say, {
      choose: (of) => this.#change({ ...of, zoom: null }),
      range: (range) => this.#change({ range, zoom: null }),
      unzoom: () => this.#change({ zoom: null }),
    })
    this.#silent = h(
      'div',
      { class: 'silent' },
      h('p', {}, say('noAnswers')),
      h('p', { class: 'note' }, say('noAnswersHint')),
      wordButton(say('learnMetrics'), deps.learn, { class: 'button' }),
    )
    this.#silent.hidden = true
    this.#marks = new MarkList(say, deps.follow)
    this.#table = new Table(say)
    this.element = h(
      'div',
      { class: 'plots' },
      this.#toolbar.element,
      this.#silent,
      this.#grid,
      this.#marks.element,
      this.#table.element,
      h('p', { class: 'note keys', id: 'plot-keys' }, say('plotKeys')),
      this.#spoken,
    )
    this.#grid.addEventListener('keydown', (event) => this.#pressed(event))
    this.#resize.observe(this.#grid)
    this.#forget = onTheme(() => this.#restyle())
    this.#drawHead()
  }

  told(plots: Plots): void {
    // What was asked before is not what is looked at.
    if (JSON.stringify(plots.want) !== JSON.stringify(this.#want)) return
    const keep = plots.problem !== '' && this.#told !== null && isOfSame(plots.want, this.#told.want)
    this.#told = keep && this.#told !== null ? { ...this.#told, problem: plots.problem } : plots
    this.#draw()
  }

  draw(apps: readonly Row[], status: Status): void {
    this.#apps = apps
    this.#status = status
    this.#drawHead()
  }

  show(app: string): void {
    this.#change({ kind: 'app', app, zoom: null })
  }

  ask(): void {
    this.#change({})
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame)
    this.#resize.disconnect()
    this.#forget()
    for (const plot of this.#plots.values()) plot.dispose()
  }

  get #stepMs(): number {
    return this.#told?.lines[0]?.stepMs ?? 15_000
  }

  /** All that may be seen without having zoomed. */
  get #range(): Span {
    const to = Date.now()
    return { from: to - ranges[this.#want.range], to }
  }

  #change(to: Partial<Want>): void {
    const before = this.#want
    this.#want = { ...before, ...to, points: this.#points() }
    if (!isOfSame(this.#want, before)) {
      this.#told = null
      this.#memory = new Memory()
    }
    this.#deps.ask(this.#want)
    this.#draw()
  }

  #points(): number {
    const width = this.#plots.size === 0 ? 480 : (this.#grid.firstElementChild?.clientWidth ?? 480)
    return Math.min(240, Math.max(60, Math.round(width / pixelsPerPoint / 20) * 20))
  }

  #zoomTo(zoom: Span | null): void {
    if (zoom !== null) this.#change({ zoom: { from: zoom.from, to: zoom.to } })
  }

  #drawHead(): void {
    const { say } = this.#deps
    const live = this.#status === null || this.#status.state === 'ok'
    const told = this.#told
    const notes = [
      told?.problem ?? '',
      told !== null && told.leftOut > 0 ? say('leftOut', told.leftOut) : '',
      !live && told !== null ? say('asOfTime', at(told.to)) : '',
      told === null && live ? say('plotsLoading') : '',
    ]
    this.#toolbar.draw(this.#want, this.#apps, notes.filter((note) => note !== '').join(' '))
    // What is still there of another choice is not what was chosen.
    const stale = !live || told === null || told.problem !== ''
    setAttribute(this.element, 'class', stale ? 'plots stale' : 'plots')
  }

  #draw(): void {
    const { say } = this.#deps
    const told = this.#told
    this.#drawHead()
    const panels = told === null ? [] : panelsIn(told, say, this.#memory)
    this.#silent.hidden = told === null || told.problem !== '' || !isSilent(told.want, panels)
    if (told === null) return
    const span = { from: told.from, to: told.to }
    this.#put(panels)
    this.#due = panels.map((panel) => () => {
      this.#plots.get(panel.id)?.draw({ panel, span, marks: told.marks })
    })
    if (this.#frame === 0) this.#drawNext()
    this.#marks.draw(told.marks)
    this.#table.draw(panels)
  }

  /** One plot in each frame: all at once might take longer than a frame, and hold up who types or scrolls. */
  readonly #drawNext = (): void => {
    this.#frame = 0
    this.#due.shift()?.()
    if (this.#due.length > 0) this.#frame = requestAnimationFrame(this.#drawNext)
  }

  /** Makes a plot for each that is drawn, and forgets those that are not. */
  #put(panels: readonly Panel[]): void {
    const ids = panels.map(({ id }) => id)
    if (JSON.stringify(ids) === JSON.stringify([...this.#plots.keys()])) return
    const before = new Map(this.#plots)
    this.#plots.clear()
    for (const id of ids) this.#plots.set(id, before.get(id) ?? new Plot(id, this.#plotDeps))
    for (const [id, plot] of before)
      if (!this.#plots.has(id)) {
        plot.dispose()
        plot.element.remove()
      }
    let next = this.#grid.firstElementChild
    for (const { element } of this.#plots.values())
      // What stands where it should is not touched: moving it would take the focus from it.
      if (element === next) next = next.nextElementSibling
      else this.#grid.insertBefore(element, next)
    this.#fit()
  }

  #fit(): void {
    for (const plot of this.#plots.values()) plot.resize(plot.element.clientWidth)
  }

  #restyle(): void {
    this.#palette = readPalette()
    for (const plot of this.#plots.values()) plot.restyle()
  }

  #pressed(event: KeyboardEvent): void {
    const box = event.target instanceof Element ? event.target.closest('.plot') : null
    const plot = [...this.#plots.values()].find(({ id }) => id === box?.getAttribute('data-key'))
    if (plot === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    const done =
      event.shiftKey && event.key.startsWith('Arrow') ? this.#move(event.key) : this.#key(event.key, plot)
    if (!done) return
    event.preventDefault()
    event.stopPropagation()
  }

  #key(key: string, plot: Plot): boolean {
    switch (key) {
      case 'ArrowLeft':
      case 'ArrowRight':
      case 'Home':
      case 'End':
        this.#point(key, plot)
        return true
      case '+':
      case '=':
        this.#scale(zoomFactor, plot)
        return true
      case '-':
        this.#scale(1 / zoomFactor, plot)
        return true
      case 'Escape':
        if (this.#want.zoom === null && plot.moment === null) return false
        if (this.#want.zoom !== null) this.#change({ zoom: null })
        for (const one of this.#plots.values()) one.point(null)
        return true
      default:
        return false
    }
  }

  /** Goes from number to number; the first press begins at the newest. */
  #point(key: string, plot: Plot): void {
    const by: Readonly<Record<string, number>> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    }
    const moment = plot.beside(by[key] ?? 0)
    for (const one of this.#plots.values()) one.point(moment)
    this.#spoken.textContent = plot.words
  }

  #scale(factor: number, plot: Plot): void {
    const shown = this.#want.zoom ?? this.#range
    const around = plot.moment ?? (shown.from + shown.to) / 2
    const zoom = scaled(shown, around, factor, this.#range)
    if (zoom !== null || this.#want.zoom !== null) this.#change({ zoom })
  }

  #move(key: string): boolean {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return false
    const shown = this.#want.zoom ?? this.#range
    const span = moved(shown, key === 'ArrowLeft' ? -moveBy : moveBy, Date.now())
    if (this.#want.zoom !== null || key === 'ArrowLeft') this.#zoomTo(span)
    return true
  }
}

/** Whether two wants are of one and the same thing: what is drawn may stay until the other is there. */
const isOfSame = (a: Want, b: Want): boolean => a.kind === b.kind && a.app === b.app
