import { h, oncePerFrame } from '../ui/dom.ts'
import { CardView } from './card.ts'
import { Drill } from './drill.ts'
import { Gauges, Glance } from './glance.ts'
import { Head } from './head.ts'
import type { Host } from './host.ts'
import type { Card, CardId, Lead, List, Picture, Row, Status, ToPage } from './messages.ts'
import { PlotsSlot } from './plots-slot.ts'
import type { Say } from './strings.ts'

/** What is counted, in the order of its cards: who and what there is, what it does, whether it is well, what it takes. */
const counted: readonly CardId[] = [
  'apps',
  'connectors',
  'environments',
  'users',
  'jobs',
  'tests',
  'containers',
  'requests',
  'health',
  'incidents',
  'ports',
  'leases',
]
/** The open incidents on the overview. */
const mostIncidents = 5
/** The entries of the audit trail on the overview. */
const mostEntries = 12
/** How long ago something was is written anew this often, in milliseconds. */
const agoMs = 30_000

/** How far one has scrolled is written down when one has not for so long, in milliseconds. */
const keepScrollMs = 100

/** The dashboard: an overview, and in its place the rows behind a number. It draws the newest picture and nothing else. */
export class Page {
  readonly element: HTMLElement
  readonly #host: Host
  readonly #say: Say
  readonly #head: Head
  readonly #cards: ReadonlyMap<CardId, CardView>
  readonly #glances: ReadonlyMap<CardId, Glance>
  readonly #gauges: Gauges
  readonly #plots: PlotsSlot
  readonly #overview: HTMLElement
  readonly #redraw = oncePerFrame(() => this.#draw(false))
  readonly #timer = setInterval(() => this.#draw(true), agoMs)
  #drill: Drill | null = null
  #picture: Picture | null = null
  #status: Status = { state: 'starting', since: new Date().toISOString(), message: '', version: '' }
  #begun = false
  #keeping: ReturnType<typeof setTimeout> | undefined

  constructor(host: Host, say: Say, list: List) {
    this.#host = host
    this.#say = say
    const open = (card: CardId, group: string | null): void => this.#open(card, group)
    const follow = this.#follow
    this.#head = new Head(say, {
      act: (action) => host.send({ type: 'action', action }),
      retry: () => host.send({ type: 'retry' }),
      learn: () => host.send({ type: 'learn' }),
    })
    this.#cards = new Map(counted.map((id) => [id, new CardView(id, say, open)]))
    const alarm = { title: say('openIncidents'), of: ({ group }: Row) => group !== 'resolved' }
    const glance = { say, open, follow }
    const incidents = new Glance({ ...glance, card: 'incidents', most: mostIncidents, alarm })
    const services = new Glance({ ...glance, card: 'services', most: 20 })
    const activity = new Glance({ ...glance, card: 'activity', most: mostEntries })
    this.#glances = new Map([
      ['incidents', incidents],
      ['services', services],
      ['activity', activity],
    ])
    this.#gauges = new Gauges(say)
    this.#plots = new PlotsSlot(host, say)
    services.element.append(this.#gauges.element)
    const cards = [...this.#cards.values()].map(({ element }) => element)
    this.#overview = h(
      'div',
      { class: 'overview' },
      this.#head.welcome,
      incidents.element,
      h('div', { class: 'cards' }, ...cards),
      h('div', { class: 'lower' }, services.element, activity.element),
      this.#plots.element,
    )
    this.element = h(
      'main',
      { class: 'page', 'aria-label': say('title') },
      this.#head.element,
      this.#head.banner,
      this.#overview,
    )
    if (list !== null) this.#put(new Drill(list.card, list.group, say, this.#drillActions))
    this.#draw(false)
    addEventListener('scroll', this.#scrolled, { passive: true })
  }

  /** Takes what the extension tells. What is older than what is shown is dropped. */
  told(message: Exclude<ToPage, { readonly type: 'init' }>): void {
    if (message.type === 'plots') return this.#plots.told(message.plots)
    if (message.type === 'status') this.#status = message.status
    else if (this.#picture === null || message.picture.sequence > this.#picture.sequence)
      this.#picture = message.picture
    this.#redraw()
  }

  dispose(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#keeping)
    removeEventListener('scroll', this.#scrolled)
    this.#plots.dispose()
  }

  /** Whoever comes back from where a row led comes back to that row. */
  readonly #scrolled = (): void => {
    if (this.#drill !== null || !this.#begun) return
    clearTimeout(this.#keeping)
    this.#keeping = setTimeout(() => this.#host.keepScroll(scrollY), keepScrollMs)
  }

  readonly #follow = (card: CardId, key: string, lead: Lead): void => {
    if (this.#drill === null) this.#host.keepScroll(scrollY)
    if (lead !== 'plots') return this.#host.send({ type: 'lead', card, key, lead })
    this.#back()
    // The key of a row of requests is its app's name.
    this.#plots.show(key)
  }

  get #drillActions() {
    return {
      follow: this.#follow,
      back: () => this.#back(),
      narrow: (group: string | null) => this.#narrow(group),
    }
  }

  #open(card: CardId, group: string | null): void {
    this.#host.keep({ card, group })
    this.#host.keepScroll(scrollY)
    this.#put(new Drill(card, group, this.#say, this.#drillActions))
    this.#draw(false)
    scrollTo(0, 0)
    this.#drill?.focus()
  }

  #narrow(group: string | null): void {
    if (this.#drill === null) return
    this.#host.keep({ card: this.#drill.card, group })
    this.#drill.narrow(group)
    this.#draw(false)
  }

  #back(): void {
    const from = this.#drill
    if (from === null) return
    this.#host.keep(null)
    this.#put(null)
    this.#draw(false)
    const number = this.#cards.get(from.card)
    if (number === undefined) this.#glances.get(from.card)?.focus()
    else number.focus(from.group)
  }

  #put(drill: Drill | null): void {
    ;(this.#drill?.element ?? this.#overview).replaceWith(drill?.element ?? this.#overview)
    this.#drill = drill
    this.#plots.look(drill === null)
  }

  /** @param again - also what is as it was, for how long ago it was. */
  #draw(again: boolean): void {
    const picture = this.#picture
    const live = this.#status.state === 'ok'
    const card = (id: CardId): Card | undefined => picture?.cards.find((one) => one.id === id)
    this.#head.draw(this.#status, picture?.machine ?? null, picture !== null)
    if (this.#drill === null) {
      const apps = card('apps')
      this.#head.welcome.hidden = !(live && apps?.fresh === true && apps.rows?.length === 0)
      for (const [id, view] of this.#cards) view.draw(card(id), live)
      for (const [id, view] of this.#glances) view.draw(card(id), live, again)
      this.#gauges.draw(picture?.machine ?? null, live)
      this.#plots.draw(apps?.rows ?? [], this.#status)
    } else this.#drill.draw(card(this.#drill.card), live, again)
    if (picture === null) return
    this.#host.send({ type: 'drawn', sequence: picture.sequence })
    if (!this.#begun && live && (card('apps')?.rows ?? null) !== null) {
      this.#begun = true
      // For whoever measures how long it takes until there is something to see.
      performance.mark('dashboard')
      // Only now is there time for what is drawn below.
      this.#plots.begin()
      if (this.#drill === null) scrollTo(0, this.#host.keptScroll)
    }
  }
}
