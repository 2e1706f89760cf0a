import {
  either,
  exactly,
  flag,
  listOf,
  oneOf,
  shape,
  shapeWith,
  text,
  texts,
  whole,
  type Check,
} from '../ui/check.ts'

// What the dashboard and the extension say to each other. Each believes the other only after these checks: the page
// shows names that anybody may have chosen, and so the extension does no more for it than what is listed here.

/** How a state looks: something is wrong, something is odd, something goes on, all is well, or nothing of these. */
export type Tone = 'bad' | 'warn' | 'busy' | 'good' | 'idle'

/** The states that the rows of each card can be in, worst first, and how they look. */
export const cards = {
  apps: {
    failed: 'bad',
    unwell: 'warn',
    waiting: 'warn',
    starting: 'busy',
    stopping: 'busy',
    running: 'good',
    external: 'good',
    stopped: 'idle',
  },
  connectors: { error: 'bad', disconnected: 'bad', connected: 'good', unknown: 'idle' },
  environments: {
    unhealthy: 'bad',
    degraded: 'warn',
    healthy: 'good',
    unknown: 'idle',
    paused: 'idle',
    unchecked: 'idle',
  },
  users: { admin: 'idle', operator: 'idle', viewer: 'idle' },
  ports: { app: 'good', leased: 'good', container: 'good', other: 'idle' },
  jobs: { failed: 'bad', running: 'busy', passed: 'good', ended: 'idle', never: 'idle' },
  tests: { failed: 'bad', running: 'busy', passed: 'good', ended: 'idle', never: 'idle' },
  containers: {
    dead: 'bad',
    unhealthy: 'bad',
    paused: 'warn',
    restarting: 'busy',
    running: 'good',
    stopped: 'idle',
  },
  requests: { failing: 'bad', errors: 'warn', answering: 'good', quiet: 'idle' },
  health: { unhealthy: 'bad', degraded: 'warn', healthy: 'good', unknown: 'idle', paused: 'idle' },
  incidents: { critical: 'bad', warning: 'warn', acknowledged: 'busy', resolved: 'good' },
  leases: { stranger: 'warn', held: 'good', free: 'idle' },
  services: { unwell: 'bad', well: 'good' },
  activity: { failed: 'bad', refused: 'warn', interrupted: 'warn', pending: 'busy', ok: 'good' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Tone>>>>

export type CardId = keyof typeof cards
export type GroupOf<C extends CardId> = keyof (typeof cards)[C] & string
export const cardIds = Object.keys(cards) as CardId[]

/** How a state of a card looks. */
export const toneOf = (card: CardId, group: string): Tone =>
  (cards[card] as Readonly<Record<string, Tone>>)[group] ?? 'idle'

/** Cards whose number is not how many rows there are but what these come to together. */
export const summed: ReadonlySet<CardId> = new Set(['requests'])

/** Where a row leads on to; `plots` in the page itself. */
export const leads = [
  'plots',
  'incident',
  'acknowledge',
  'check',
  'reveal',
  'browser',
  'logs',
  'output',
  'test',
  'configuration',
  'who',
  'details',
  'entry',
  'entries',
] as const
export type Lead = (typeof leads)[number]

/** What can be done from the dashboard; each is a command that asks what it asks elsewhere. */
export const quickActions = ['start', 'stopAll', 'add', 'logs', 'verify', 'docs'] as const
export type QuickAction = (typeof quickActions)[number]

const long = text(Number.MAX_SAFE_INTEGER)
const moment = either(text(40), exactly(null))

/** Something that is counted. */
export interface Row {
  /** Unlike any other's of its card. */
  readonly key: string
  readonly name: string
  /** One of its card's. */
  readonly group: string
  /** In one line, in no language. */
  readonly detail: string
  /** Why it is in that state; empty when there is nothing to say. */
  readonly reason: string
  /** ISO 8601: since when, or when it was last; null when that means nothing. */
  readonly at: string | null
  /** What it adds to the number of a card that is {@link summed}; null for any other. */
  readonly amount: number | null
  readonly leads: readonly Lead[]
}

/** One kind of what there is. Its number is made of its rows, and so it can be no other than what is listed. */
export interface Card {
  readonly id: CardId
  /** Of what the rows are from. */
  readonly revision: string
  /** Whether the rows are of the connection there is now. */
  readonly fresh: boolean
  /** Why there are no rows; empty when there are, or while they are fetched. */
  readonly problem: string
  /** Null while they are not known. */
  readonly rows: readonly Row[] | null
}

const gaugeIds = ['processor', 'load', 'memory', 'disk'] as const
export type GaugeId = (typeof gaugeIds)[number]

/** How much of something is in use. */
export interface Gauge {
  readonly id: GaugeId
  /** In the same unit. */
  readonly used: number
  readonly total: number
}

export interface Machine {
  readonly hostname: string
  readonly platform: string
  readonly uptimeSeconds: number
  readonly gauges: readonly Gauge[]
}

/** Everything that is shown, as of one moment. */
export interface Picture {
  /** Grows with each picture: an older one is never drawn over a newer. */
  readonly sequence: number
  readonly cards: readonly Card[]
  readonly machine: Machine | null
}

const amount: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
const row: Check<Row> = shape({
  key: long,
  name: long,
  group: text(40),
  detail: long,
  reason: long,
  at: moment,
  amount: either(amount, exactly(null)),
  leads: listOf(oneOf(leads), leads.length),
})
const card: Check<Card> = shape({
  id: oneOf(cardIds),
  revision: long,
  fresh: flag,
  problem: long,
  rows: either(listOf(row, Number.MAX_SAFE_INTEGER), exactly(null)),
})
const machine: Check<Machine> = shape({
  hostname: long,
  platform: long,
  uptimeSeconds: amount,
  gauges: listOf(shape({ id: oneOf(gaugeIds), used: amount, total: amount }), 10),
})
const picture: Check<Picture> = shape({
  sequence: whole(0, Number.MAX_SAFE_INTEGER),
  cards: listOf(card, cardIds.length),
  machine: either(machine, exactly(null)),
})

/**
 * How it stands with the daemon. `starting`: there was no connection yet. `unreachable`: it is tried again. `older`: the
 * daemon does not know what is asked. `failed`: a person has to act.
 */
const status = shape({
  state: oneOf(['ok', 'starting', 'unreachable', 'older', 'untrusted', 'failed']),
  /** Since when it is so, ISO 8601. */
  since: text(40),
  /** Why, in words; empty when there is nothing to say. */
  message: long,
  /** Of the daemon; empty while there is none. */
  version: long,
})
export type Status = Of<typeof status>

const list = either(shape({ card: oneOf(cardIds), group: either(text(40), exactly(null)) }), exactly(null))
/** The rows that are looked at: of a card, in a state or in all; null for the overview. */
export type List = Of<typeof list>
export const isList = list

/** How far back plots reach, in milliseconds. */
export const ranges = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
} as const
export type RangeId = keyof typeof ranges
export const rangeIds = Object.keys(ranges) as RangeId[]

/** What is drawn over time, each in a plot of its own: of which numbers, and whether checks tell of them. */
export const panels = {
  requests: { metrics: ['requests'] },
  errors: { metrics: ['errorRate'] },
  latency: { metrics: ['latencyP50', 'latencyP95', 'latencyP99'] },
  slowest: { metrics: ['latencyP95'] },
  cpu: { metrics: ['cpu'] },
  memory: { metrics: ['memory'] },
  load: { metrics: ['load'] },
  disk: { metrics: ['diskRead', 'diskWritten'] },
  network: { metrics: ['networkReceived', 'networkSent'] },
  checkLatency: { metrics: ['latencyP95'], ofChecks: true },
  availability: { metrics: ['availability'], ofChecks: true },
} as const satisfies Readonly<
  Record<string, { readonly metrics: readonly string[]; readonly ofChecks?: true }>
>
export type PanelId = keyof typeof panels

/** The plots of all apps together (a line for each app), of one app, and of the machine. */
export const panelsOf = {
  apps: ['requests', 'errors', 'slowest', 'cpu', 'memory', 'availability'],
  app: ['requests', 'errors', 'latency', 'cpu', 'memory', 'checkLatency', 'availability'],
  machine: ['cpu', 'load', 'memory', 'disk', 'network'],
} as const satisfies Readonly<Record<string, readonly PanelId[]>>
export type PlotKind = keyof typeof panelsOf

const time = whole(0, 8_640_000_000_000_000)
const want = shape({
  kind: oneOf(Object.keys(panelsOf) as PlotKind[]),
  /** Empty unless it is of one app. */
  app: text(200),
  range: oneOf(rangeIds),
  /** A part of the past, in milliseconds since the epoch; null for the range up to now. */
  zoom: either(shape({ from: time, to: time }), exactly(null)),
  points: whole(20, 500),
})
export type Want = Of<typeof want>
export const isWant = want

/** More lines than this in one plot nobody tells apart. */
export const mostLines = 12

const line = shape({
  panel: oneOf(Object.keys(panels) as PanelId[]),
  metric: text(40),
  /** Of which app or check, where a plot has several. */
  name: long,
  /** Where the first step begins, and how long each is. Those of one plot are the same. */
  begin: time,
  stepMs: whole(1, Number.MAX_SAFE_INTEGER),
  /** One for each step; null where nothing is known. */
  values: listOf(either(amount, exactly(null)), 1000),
})
export type PlotLine = Of<typeof line>

const markKinds = ['incident', 'start', 'stop', 'restart', 'deploy'] as const
const plotMark = shape({
  key: text(200),
  kind: oneOf(markKinds),
  from: time,
  /** Null for one that goes on. */
  to: either(time, exactly(null)),
  app: long,
  /** Such as `#3`; empty where the app says all. */
  name: long,
})
export type PlotMark = Of<typeof plotMark>

const plots = shape({
  want,
  /** What is drawn: from where to where, in milliseconds since the epoch. */
  from: time,
  to: time,
  lines: listOf(line, 500),
  marks: listOf(plotMark, 1000),
  /** Apps that are not among the lines, as they are too many. */
  leftOut: whole(0, Number.MAX_SAFE_INTEGER),
  /** Why nothing is told; empty otherwise. */
  problem: long,
})
export type Plots = Of<typeof plots>

const fromPage = {
  ready: shape({ type: exactly('ready') }),
  /** The picture is on the screen, and the next may come. */
  drawn: shape({ type: exactly('drawn'), sequence: whole(0, Number.MAX_SAFE_INTEGER) }),
  lead: shape({ type: exactly('lead'), card: oneOf(cardIds), key: text(65_536), lead: oneOf(leads) }),
  action: shape({ type: exactly('action'), action: oneOf(quickActions) }),
  /** What is looked at from now on. */
  look: shape({ type: exactly('look'), list }),
  /** What is to be drawn over time from now on; null for nothing. */
  plots: shape({ type: exactly('plots'), want: either(want, exactly(null)) }),
  /** Goes to what a mark on a plot stands for. */
  mark: shape({ type: exactly('mark'), key: text(200) }),
  /** What metrics are and how an app tells of its requests, in the documentation. */
  metrics: shape({ type: exactly('metrics') }),
  retry: shape({ type: exactly('retry') }),
  /** What the error is about, in the documentation. */
  learn: shape({ type: exactly('learn') }),
} as const

const toPage = {
  /** With what was looked at, where the extension knows: what VS Code keeps of a page may be older. */
  init: shapeWith({ type: exactly('init'), strings: texts(500, 1000) }, { list }),
  plots: shape({ type: exactly('plots'), plots }),
  status: shape({ type: exactly('status'), status }),
  picture: shape({ type: exactly('picture'), picture }),
} as const

type Of<C> = C extends Check<infer T> ? T : never
type Messages<Checks> = { [K in keyof Checks]: Of<Checks[K]> }[keyof Checks]
export type FromPage = Messages<typeof fromPage>
export type ToPage = Messages<typeof toPage>

/** A message of the page; null when it is none that it may send. */
export const fromPageOf = (value: unknown): FromPage | null => checked<FromPage>(fromPage, value)

/** A message of the extension; null when it is none. */
export const toPageOf = (value: unknown): ToPage | null => checked<ToPage>(toPage, value)

function checked<M>(checks: Readonly<Record<string, Check<M>>>, value: unknown): M | null {
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null
  if (typeof type !== 'string' || !Object.hasOwn(checks, type)) return null
  return checks[type]?.(value) === true ? value : null
}
