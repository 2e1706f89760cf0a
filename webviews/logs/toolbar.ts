import type { LogSourceRow } from '#contract/logs.ts'
import { parseLogQuery } from '#contract/log-query.ts'
import { plainOf } from './ansi.ts'
import { button, fill, h, setAttribute, wordButton } from '../ui/dom.ts'
import { checkbox, Menu } from './menu.ts'
import { exportFormats, type ExportFormat } from './messages.ts'
import type { Say, Strings } from './strings.ts'
import { TimeFilter } from './time-filter.ts'
import { isNarrowed, levelWords, plainView, tabs, type LogView, type SavedView, type Tab } from './view.ts'

export interface ToolbarDeps {
  readonly say: Say
  /** Somebody has set something else. */
  readonly viewed: (view: LogView) => void
  readonly follow: () => void
  readonly pause: () => void
  readonly clear: () => void
  readonly export: (format: ExportFormat) => void
  readonly open: (where: 'openText' | 'openOutput') => void
  readonly save: (name: string) => void
  readonly forget: (name: string) => void
}

const tabKeys: Readonly<Record<Tab, keyof Strings>> = {
  all: 'tabAll',
  application: 'tabApplication',
  database: 'tabDatabase',
  access: 'tabAccess',
  errors: 'tabErrors',
}
const formatKeys: Readonly<Record<ExportFormat, keyof Strings>> = {
  txt: 'exportTxt',
  jsonl: 'exportJsonl',
  csv: 'exportCsv',
}
/** What is typed is looked for when typing rests this long, in milliseconds. */
const typingMs = 300

/** The controls above the list. */
export class Toolbar {
  readonly element: HTMLElement
  readonly #deps: ToolbarDeps
  readonly #panels: HTMLElement & { activeid: string }
  readonly #search: HTMLElement & { value: string }
  readonly #problem = h('div', { class: 'query-problem', role: 'status', id: 'query-problem' })
  readonly #levels: Menu
  readonly #sources: Menu
  readonly #time: TimeFilter
  readonly #saved: Menu
  readonly #follow: HTMLElement
  readonly #pause: HTMLElement
  #view: LogView = plainView
  #known: readonly LogSourceRow[] = []
  #names: readonly SavedView[] = []
  #typing: number | undefined

  constructor(deps: ToolbarDeps) {
    this.#deps = deps
    const { say } = deps
    this.#panels = this.#makeTabs()
    this.#search = h('vscode-text-field', {
      class: 'search',
      placeholder: say('searchHint'),
      'aria-label': say('search'),
      spellcheck: 'false',
    }) as HTMLElement & { value: string }
    this.#search.addEventListener('input', () => this.#typed())
    this.#search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.#apply()
    })
    this.#levels = new Menu(say('level'), () => this.#levelBoxes())
    this.#sources = new Menu(say('source'), () => this.#sourceBoxes())
    this.#time = new TimeFilter(say, (range) => this.#set({ range }))
    this.#saved = new Menu(say('filters'), () => this.#savedViews())
    this.#follow = button(say('follow'), deps.follow, { class: 'toggle' })
    this.#pause = button(say('pause'), deps.pause, { class: 'toggle' })
    this.element = h(
      'div',
      { class: 'toolbar' },
      h('div', { class: 'line' }, this.#panels, this.#actions()),
      h(
        'div',
        { class: 'line' },
        this.#search,
        this.#levels.element,
        this.#sources.element,
        this.#time.element,
        this.#saved.element,
      ),
      this.#problem,
      this.#time.custom,
    )
  }

  get view(): LogView {
    return this.#view
  }

  /** Shows a view, without telling that it changed. */
  show(view: LogView): void {
    this.#view = view
    clearTimeout(this.#typing)
    if (this.#search.value !== view.query) this.#search.value = view.query
    this.#panels.activeid = `tab-${view.tab}`
    this.#time.show(view.range)
    this.#explain()
    this.#labels()
  }

  /** Where lines come from, and which views have names. */
  know(sources: readonly LogSourceRow[], names: readonly SavedView[]): void {
    this.#known = sources
    this.#names = names
    this.#labels()
    this.#sources.refresh()
    this.#saved.refresh()
  }

  /** What the buttons say of the list. */
  tell(state: { readonly following: boolean; readonly paused: boolean }): void {
    const { say } = this.#deps
    setAttribute(this.#follow, 'aria-pressed', state.following)
    this.#follow.classList.toggle('active', state.following)
    setAttribute(this.#pause, 'aria-pressed', state.paused)
    this.#pause.classList.toggle('active', state.paused)
    this.#pause.textContent = say(state.paused ? 'resume' : 'pause')
  }

  focusSearch(): void {
    this.#search.focus()
    this.#search.shadowRoot?.querySelector('input')?.select()
  }

  get hasSearchFocus(): boolean {
    return document.activeElement === this.#search
  }

  #makeTabs(): HTMLElement & { activeid: string } {
    const { say } = this.#deps
    // Each tab has a panel, as the toolkit asks for; what they show is the one list below.
    const panels = h(
      'vscode-panels',
      { class: 'tabs', 'aria-label': say('tabs') },
      ...tabs.map((tab) => h('vscode-panel-tab', { id: `tab-${tab}` }, say(tabKeys[tab]))),
      ...tabs.map((tab) => h('vscode-panel-view', { id: `panel-${tab}` })),
    ) as HTMLElement & { activeid: string }
    panels.addEventListener('change', (event) => {
      const chosen = tabs.find((tab) => `tab-${tab}` === panels.activeid)
      if (event.target === panels && chosen !== undefined && chosen !== this.#view.tab)
        this.#set({ tab: chosen })
    })
    return panels
  }

  #actions(): HTMLElement {
    const { say } = this.#deps
    const choice = (menu: () => Menu, key: keyof Strings, chosen: () => void) =>
      wordButton(say(key), () => {
        menu().close()
        chosen()
      })
    const open: Menu = new Menu(say('open'), () => [
      choice(
        () => open,
        'openText',
        () => this.#deps.open('openText'),
      ),
      choice(
        () => open,
        'openOutput',
        () => this.#deps.open('openOutput'),
      ),
    ])
    const exporting: Menu = new Menu(say('export'), () =>
      exportFormats.map((format) =>
        choice(
          () => exporting,
          formatKeys[format],
          () => this.#deps.export(format),
        ),
      ),
    )
    return h(
      'div',
      { class: 'actions', role: 'toolbar', 'aria-label': say('actions') },
      this.#follow,
      this.#pause,
      button(say('clear'), this.#deps.clear),
      exporting.element,
      open.element,
    )
  }

  #set(change: Partial<LogView>): void {
    this.#view = { ...this.#view, ...change }
    this.#labels()
    this.#deps.viewed(this.#view)
  }

  #typed(): void {
    clearTimeout(this.#typing)
    if (this.#explain()) this.#typing = setTimeout(() => this.#apply(), typingMs)
  }

  #apply(): void {
    clearTimeout(this.#typing)
    const query = this.#search.value
    if (this.#explain() && query !== this.#view.query) this.#set({ query })
  }

  /** Says what is wrong with what is typed, and where. @returns whether nothing is. */
  #explain(): boolean {
    const query = this.#search.value
    const parsed = parseLogQuery(query)
    const problem = 'problem' in parsed ? parsed.problem : null
    setAttribute(this.#search, 'aria-invalid', problem === null ? null : 'true')
    this.#search.classList.toggle('invalid', problem !== null)
    if (problem === null) fill(this.#problem)
    else
      fill(
        this.#problem,
        h(
          'code',
          {},
          plainOf(query.slice(0, problem.from)),
          h('span', { class: 'wrong' }, plainOf(query.slice(problem.from, problem.to)) || ' '),
          plainOf(query.slice(problem.to)),
        ),
        h('span', {}, plainOf(problem.message)),
      )
    return problem === null
  }

  #labels(): void {
    const { say } = this.#deps
    const { levels, sources, tab } = this.#view
    const chosen = levels.map((level) => (level === 'none' ? say('levelNone') : level))
    this.#levels.label(
      levels.length === 0 ? say('level') : say('levels', chosen.join(', ')),
      levels.length > 0,
    )
    // The tab of errors says the level already.
    this.#levels.element.hidden = tab === 'errors'
    const [only] = sources
    const name = sources.length === 1 && only !== undefined ? plainOf(only) : String(sources.length)
    this.#sources.label(sources.length === 0 ? say('source') : say('sources', name), sources.length > 0)
    this.#saved.label(say('filters'), false)
  }

  #levelBoxes(): readonly HTMLElement[] {
    const { say } = this.#deps
    return levelWords.toReversed().map((level) =>
      checkbox(level === 'none' ? say('levelNone') : level, this.#view.levels.includes(level), (checked) =>
        this.#set({
          levels: levelWords.filter((one) => (one === level ? checked : this.#view.levels.includes(one))),
        }),
      ),
    )
  }

  #sourceBoxes(): readonly HTMLElement[] {
    const known = new Set([...this.#known.map(({ source }) => source), ...this.#view.sources])
    return [...known].toSorted().map((source) => {
      const rows = this.#known.filter((row) => row.source === source)
      const problem = rows.find((row) => row.problem !== null)?.problem ?? null
      const lines = rows.reduce((sum, row) => sum + row.lines, 0)
      const box = checkbox(
        `${plainOf(source)} (${lines.toLocaleString()})`,
        this.#view.sources.includes(source),
        (checked) =>
          this.#set({
            sources: [...known].filter((one) =>
              one === source ? checked : this.#view.sources.includes(one),
            ),
          }),
      )
      return problem === null ? box : h('div', {}, box, h('p', { class: 'problem' }, plainOf(problem)))
    })
  }

  #savedViews(): readonly HTMLElement[] {
    const { say } = this.#deps
    const name = h('vscode-text-field', {
      placeholder: say('filterName'),
      'aria-label': say('filterName'),
    }) as HTMLElement & {
      value: string
    }
    const save = () => {
      const given = name.value.trim().slice(0, 80)
      if (given === '') return name.focus()
      this.#deps.save(given)
      name.value = ''
    }
    name.addEventListener('keydown', (event) => event.key === 'Enter' && save())
    const rows = this.#names.map((saved) =>
      h(
        'div',
        { class: 'saved' },
        wordButton(plainOf(saved.name), () => {
          this.#saved.close()
          this.show(saved.view)
          this.#deps.viewed(saved.view)
        }),
        wordButton(say('filterForget'), () => this.#deps.forget(saved.name), {
          'aria-label': `${say('filterForget')}: ${plainOf(saved.name)}`,
        }),
      ),
    )
    return [
      ...(rows.length === 0 ? [h('p', {}, say('filtersNone'))] : rows),
      h('div', { class: 'saved' }, name, button(say('filterSave'), save)),
      ...(isNarrowed(this.#view) ? [button(say('filterClear'), () => this.clearFilter())] : []),
    ]
  }

  /** Sets everything but the tab back. */
  clearFilter(): void {
    this.#saved.close()
    this.show({ ...plainView, tab: this.#view.tab })
    this.#deps.viewed(this.#view)
  }
}
