import { fill, h, setAttribute } from '../ui/dom.ts'
import type { Host } from './host.ts'
import type { Plots, Row, Status } from './messages.ts'
import { plotsEvent, type MakePlots, type PlotsPart } from './plots-door.ts'
import type { Say } from './strings.ts'

/** This very script; a browser says which one runs only while it runs for the first time. */
const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null
/** So far below what is seen, plots are made ready, in pixels. */
const nearBy = '400px'

/**
 * The place of the plots. What draws them is twice as much as all else of this page, so it is a script of its own that is
 * loaded when there is something to see already, and only where somebody comes near it.
 */
export class PlotsSlot {
  readonly element: HTMLElement
  readonly #host: Host
  readonly #say: Say
  readonly #near: IntersectionObserver
  #begun = false
  #part: PlotsPart | null = null
  #looking = true
  #newest: { readonly apps: readonly Row[]; readonly status: Status } | null = null
  #app: string | null = null

  constructor(host: Host, say: Say) {
    this.#host = host
    this.#say = say
    this.element = h(
      'section',
      { class: 'plots-slot awaited', 'aria-label': say('plots') },
      h('p', { class: 'note' }, say('plotsLoading')),
    )
    this.#near = new IntersectionObserver(
      (entries) => void (entries.some(({ isIntersecting }) => isIntersecting) && this.#load()),
      { rootMargin: nearBy },
    )
  }

  /** There is time now. */
  begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#near.observe(this.element)
  }

  /** Whether it is to be seen. What nobody sees is not asked for. */
  look(looking: boolean): void {
    if (looking === this.#looking) return
    this.#looking = looking
    if (this.#part === null) return
    if (looking) this.#part.ask()
    else this.#host.send({ type: 'plots', want: null })
  }

  draw(apps: readonly Row[], status: Status): void {
    this.#newest = { apps, status }
    this.#part?.draw(apps, status)
  }

  told(plots: Plots): void {
    setAttribute(this.element, 'class', 'plots-slot')
    this.#part?.told(plots)
  }

  /** Shows the plots of one app. */
  show(app: string): void {
    this.#app = app
    this.element.scrollIntoView({ block: 'start' })
    this.#load()
    this.#part?.show(app)
  }

  dispose(): void {
    this.#near.disconnect()
    this.#part?.dispose()
  }

  #load(): void {
    this.#near.disconnect()
    if (this.#part !== null) return
    if (made === null) {
      waiting = () => this.#load()
      loadScript()
      return
    }
    const host = this.#host
    const part = made({
      say: this.#say,
      kept: host.keptPlots,
      ask: (want) => {
        host.keepPlots(want)
        if (this.#looking) host.send({ type: 'plots', want })
      },
      follow: (key) => {
        host.keepScroll(scrollY)
        host.send({ type: 'mark', key })
      },
      learn: () => host.send({ type: 'metrics' }),
    })
    this.#part = part
    fill(this.element, part.element)
    if (this.#newest !== null) part.draw(this.#newest.apps, this.#newest.status)
    if (this.#app === null) part.ask()
    else part.show(this.#app)
  }
}

let made: MakePlots | null = null
let waiting: (() => void) | null = null
let asked = false

/** Loads the script and its styles from beside this one, by the nonces that this page was given. */
function loadScript(): void {
  if (asked || own === null) return
  asked = true
  document.addEventListener(plotsEvent, (event) => {
    // The event is of our own script: the page's policy lets no other in.
    made = (event as CustomEvent<MakePlots>).detail
    waiting?.()
  })
  const style = document.createElement('link')
  style.rel = 'stylesheet'
  style.nonce = document.querySelector('meta[property="csp-nonce"]')?.getAttribute('content') ?? ''
  style.href = new URL('plots.css', own.src).href
  const script = document.createElement('script')
  script.nonce = own.nonce
  script.src = new URL('plots.js', own.src).href
  // Sizes are measured as soon as it runs, so styles come first.
  style.addEventListener('load', () => document.head.append(script))
  document.head.append(style)
}
