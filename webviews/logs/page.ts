import { plainOf } from './ansi.ts'
import { h, oncePerFrame } from '../ui/dom.ts'
import { Feed } from './feed.ts'
import { matcherOf } from './highlight.ts'
import { Histogram } from './histogram.ts'
import type { Host, Kept } from './host.ts'
import { followKeys } from './keys.ts'
import { LogList } from './list.ts'
import type { Status, ToPage } from './messages.ts'
import { Notices } from './notices.ts'
import { Overview } from './overview.ts'
import { linesOf, messageOf, type RowStyle } from './row.ts'
import { sayWith } from '../ui/say.ts'
import type { Say } from './strings.ts'
import { localTimes } from './times.ts'
import { Toolbar } from './toolbar.ts'
import {
  filterOf,
  isNarrowed,
  isPlace,
  plainView,
  withCondition,
  type LogView,
  type PageFilter,
  type Range,
  type SavedView,
} from './view.ts'

/** The extension is told where somebody is once scrolling has rested so long, in milliseconds. */
const restsMs = 250

type Init = Extract<ToPage, { readonly type: 'init' }>
type Told = Exclude<ToPage, { readonly type: 'init' | 'answer' | 'failed' }>

/** The page: puts the parts together and tells them what the others did. */
export class Page {
  readonly element: HTMLElement
  readonly #host: Host
  readonly #init: Init
  readonly #say: Say
  readonly #toolbar: Toolbar
  readonly #feed: Feed
  readonly #list: LogList
  readonly #notices: Notices
  readonly #overview: Overview
  readonly #keep: () => void
  #style: RowStyle
  #status: Status
  #saved: readonly SavedView[]
  #filter: PageFilter = {}
  #telling: number | undefined
  /** The times that were looked at before a part of them was. */
  readonly #wider: Range[] = []

  constructor(host: Host, init: Init) {
    this.#host = host
    this.#init = init
    this.#status = init.status
    this.#saved = init.saved
    const say = (this.#say = sayWith(init.strings))
    this.#style = this.#styleFor(plainView, false)
    this.#feed = new Feed(host, {
      rows: (added) => {
        this.#list.rowsChanged(added)
        if (added > 0) this.#overview.grew(added)
      },
      state: () => this.#tell(),
      found: (id) => this.#list.reveal(this.#feed.window.numberOf(id) ?? 0),
    })
    this.#list = new LogList({
      feed: this.#feed,
      host,
      style: () => this.#style,
      actions: {
        narrow: (name, value, not) => {
          const { view } = this.#toolbar
          this.#setView({ ...view, query: withCondition(view.query, name, value, not) })
        },
        copy: (text) => this.#copy(text),
      },
      changed: () => this.#tell(),
    })
    this.#toolbar = this.#makeToolbar()
    const histogram = new Histogram({
      say,
      times: this.#style.times,
      zoom: (since, until) => {
        this.#wider.push(this.#toolbar.view.range)
        this.#setView({ ...this.#toolbar.view, range: { kind: 'between', since, until } })
      },
      zoomOut: () => {
        const range = this.#wider.pop()
        if (range !== undefined) this.#setView({ ...this.#toolbar.view, range })
      },
    })
    this.#overview = new Overview(host, {
      histogram: (found) => {
        histogram.show(found, this.#wider.length > 0)
        this.#tell()
      },
      sources: (rows) => {
        this.#toolbar.know(rows, this.#saved)
        const several = new Set(rows.map(({ source }) => source)).size > 1
        const apps = init.everyApp ? Math.max(0, ...rows.map(({ app }) => app.length)) + 3 : 0
        this.#list.setSourceWidth(
          apps + (several ? Math.max(0, ...rows.map(({ source }) => source.length)) : 0),
        )
        if (several === this.#style.severalSources) return
        this.#style = { ...this.#style, severalSources: several }
        this.#list.redraw()
      },
    })
    this.#notices = this.#makeNotices()
    this.#keep = oncePerFrame(() => this.#keepPlace())
    this.#list.element.addEventListener('scroll', this.#keep, { passive: true })
    this.#list.element.setAttribute('aria-label', say('logOf', plainOf(init.title)))
    const results = h(
      'div',
      { class: 'results' },
      this.#list.element,
      this.#notices.empty,
      this.#notices.pill,
    )
    this.element = h(
      'main',
      { class: 'page' },
      this.#toolbar.element,
      histogram.element,
      this.#notices.banner,
      results,
      this.#notices.footer,
    )
    this.#followKeys()
  }

  /** Shows what was shown when the page was last there, else the last view of the app. */
  start(): void {
    const { view, place } = this.#host.kept
    const { restored } = this.#init
    // What VS Code keeps of a page over a restart may be older than what the extension does.
    this.#begin(this.#init.view ?? view ?? plainView, restored ? this.#init.place : place)
    this.#list.element.focus()
  }

  /** Takes what the extension tells. */
  told(message: Told): void {
    if (message.type === 'batch') this.#feed.take(message, this.#list.following)
    else if (message.type === 'saved') {
      this.#saved = message.saved
      this.#toolbar.know(this.#overview.sources, message.saved)
    } else if (message.type === 'view') this.#setView(message.view)
    else {
      const was = this.#status
      this.#status = message.status
      const back =
        message.status.state === 'ok' && (was.state !== 'ok' || was.hasApps !== message.status.hasApps)
      if (back) this.#begin(this.#toolbar.view, this.#host.kept.place)
      else this.#tell()
    }
  }

  #makeToolbar(): Toolbar {
    return new Toolbar({
      say: this.#say,
      viewed: (view) => this.#setView(view),
      follow: () => this.#follow(!this.#list.following),
      pause: () => this.#feed.setPaused(!this.#feed.paused),
      clear: () => {
        this.#feed.clear()
        this.#follow(true)
      },
      export: (format) => this.#host.send({ type: 'export', format, filter: this.#current() }),
      open: (type) => this.#host.send({ type, filter: this.#current() }),
      save: (name) => this.#host.send({ type: 'save', name, view: this.#toolbar.view }),
      forget: (name) => this.#host.send({ type: 'forget', name }),
    })
  }

  #makeNotices(): Notices {
    return new Notices(this.#say, this.#style.times, {
      follow: () => this.#follow(true),
      undoClear: () => this.#begin(this.#toolbar.view, null),
      stop: () => this.#feed.stopLooking(),
      goOn: () => void this.#feed.older(),
      resume: () => this.#feed.setPaused(false),
      clearFilter: () => this.#toolbar.clearFilter(),
      retry: () => {
        this.#host.send({ type: 'retry' })
        this.#begin(this.#toolbar.view, null)
      },
      showApps: () => this.#host.send({ type: 'showApps' }),
    })
  }

  #followKeys(): void {
    const list = this.#list
    const { window } = this.#feed
    followKeys(document.body, list.element, {
      search: () => this.#toolbar.focusSearch(),
      follow: () => this.#follow(!list.following),
      copy: () => {
        const item = list.selected === null ? undefined : window.at(list.selected)
        if (item?.kind === 'line') this.#copy(linesOf(messageOf(item.line)).map(plainOf).join('\n'))
      },
      find: (step) => void this.#find(step),
      back: () => {
        const { selected } = list
        if (document.activeElement === list.element && selected !== null && list.isOpen(selected))
          list.toggle(selected)
        list.element.focus()
      },
      move: (rows) => list.move(rows),
      page: (pages) => list.move(pages * list.pageRows),
      first: () => list.select(window.first),
      last: () => this.#follow(true),
      toggle: () => list.toggle(),
    })
  }

  /** Goes to the next line that matches, and loads it where it is not there yet. */
  async #find(step: 1 | -1): Promise<void> {
    const { view } = this.#toolbar
    do {
      if (this.#list.findNext(step)) return
    } while ((await this.#feed.further(step)) && view === this.#toolbar.view)
    if (view !== this.#toolbar.view) return
    const isWhole = !this.#feed.stopped && this.#feed.failure === null
    this.#notices.say(this.#say(isWhole ? 'noFurther' : 'noFurtherLoaded'))
  }

  #follow(following: boolean): void {
    if (following && this.#feed.detached) this.#begin(this.#toolbar.view, null)
    else this.#list.setFollowing(following)
  }

  #setView(view: LogView): void {
    if (view.range.kind !== 'between') this.#wider.length = 0
    this.#host.send({ type: 'remember', view })
    // What was found by another filter would be taken for what is found by this one.
    if (this.#status.state !== 'ok') {
      this.#feed.forget()
      this.#overview.forget()
    }
    this.#begin(view, null)
  }

  /** The filter as it was when the lines were asked for: what is exported is what is shown. */
  #current(): PageFilter {
    return this.#filter
  }

  #begin(view: LogView, place: Kept['place']): void {
    this.#filter = filterOf(view, Date.now())
    this.#style = this.#styleFor(view, this.#style.severalSources)
    // What is being typed stays, when the same is looked at again.
    if (view !== this.#toolbar.view) this.#toolbar.show(view)
    this.#host.keep({ app: this.#init.everyApp ? null : this.#init.title, view, place })
    this.#list.restart()
    if (this.#status.state !== 'ok' || !this.#status.hasApps) return this.#tell()
    this.#overview.begin(this.#filter)
    void this.#feed.start(this.#filter, place)
    this.#tell()
  }

  #styleFor({ query }: LogView, severalSources: boolean): RowStyle {
    return {
      say: this.#say,
      times: localTimes(document.documentElement.lang || undefined),
      everyApp: this.#init.everyApp,
      severalSources,
      matches: matcherOf(query),
      open: ({ app }, { file, line, column }) =>
        this.#host.send({ type: 'openFrame', app, file, line, column }),
    }
  }

  #copy(text: string): void {
    this.#host.send({ type: 'copy', text })
    this.#notices.say(this.#say('copied'))
  }

  /** Remembers where the person is, for when the page is shown again. */
  #keepPlace(): void {
    const { window } = this.#feed
    const number = this.#list.topRow
    const item = this.#list.following ? undefined : window.at(number)
    const wanted = item?.kind === 'line' ? { id: item.line.id, time: item.line.time } : null
    const place = isPlace(wanted) ? wanted : null
    this.#host.keep({ ...this.#host.kept, place })
    clearTimeout(this.#telling)
    this.#telling = setTimeout(() => this.#host.send({ type: 'place', place }), restsMs)
  }

  #tell(): void {
    const feed = this.#feed
    const { view } = this.#toolbar
    this.#toolbar.tell({ following: this.#list.following, paused: feed.paused })
    this.#notices.show({
      status: this.#status,
      narrowed: isNarrowed(view) || view.tab !== 'all',
      following: this.#list.following,
      ends: this.#filter.until !== undefined && Date.parse(this.#filter.until) < Date.now(),
      unseen: this.#list.unseen,
      total: this.#overview.total,
      loaded: feed.window.lines,
      missing: feed.window.missing,
      loading: feed.loading !== null,
      lookedBack: feed.lookedBack,
      stopped: feed.stopped,
      paused: feed.paused,
      cleared: feed.cleared,
      failure: feed.failure,
    })
  }
}
