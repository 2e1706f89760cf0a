import { printable } from '#base/printable.ts'
import { nameOf } from './words.ts'

/** A monitor of an Uptime Kuma, as it shows it. */
export interface KumaMonitor {
  readonly name: string
  /** Unlike that of any other of the same Kuma; letters, digits and `. _ -`. */
  readonly key: string
  /** Null when it never beat, or says what no version does. */
  readonly status: KumaStatus | null
  readonly latencyMs: number | null
  /** Newest first; none where only metrics are read. Times in ms since the epoch. */
  readonly beats: readonly KumaBeat[]
}

export interface KumaBeat {
  readonly at: number
  readonly status: KumaStatus
  readonly latencyMs: number | null
  readonly message: string
}

export type KumaStatus = 'down' | 'up' | 'pending' | 'maintenance'

const statuses: readonly KumaStatus[] = ['down', 'up', 'pending', 'maintenance']
const mostMonitors = 1000
const mostBeats = 50
const longestName = 200

type Said = Readonly<Record<string, unknown>>
const membersOf = (value: unknown): Said =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Said) : {}
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as readonly unknown[]) : []
const statusOf = (value: unknown): KumaStatus | null =>
  typeof value === 'number' && Number.isInteger(value) ? (statuses[value] ?? null) : null
const amountOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null

/**
 * The monitors of a status page, in its order: what `/api/status-page/SLUG` says of it, and what
 * `/api/status-page/heartbeat/SLUG` does. @returns null when it is no status page.
 */
export function monitorsOfPage(page: unknown, beats: unknown): readonly KumaMonitor[] | null {
  const groups = membersOf(page)['publicGroupList']
  const heartbeats = membersOf(beats)['heartbeatList']
  if (!Array.isArray(groups) || typeof heartbeats !== 'object' || heartbeats === null) return null
  const listed = listOf(groups).flatMap((group) => listOf(membersOf(group)['monitorList']).map(membersOf))
  return named(
    listed.map(({ id, name }) => {
      const own = beatsOf(typeof id === 'number' ? membersOf(heartbeats)[String(id)] : undefined)
      return { name, status: own[0]?.status ?? null, latencyMs: own[0]?.latencyMs ?? null, beats: own }
    }),
  )
}

/** A page that shows days has a 0 for a time of which nothing is known. */
function beatsOf(list: unknown): readonly KumaBeat[] {
  return listOf(list)
    .slice(-mostBeats)
    .flatMap((one) => {
      const { status, time, ping, msg } = membersOf(one)
      const [at, known] = [timeOf(time), statusOf(status)]
      if (at === null || known === null) return []
      const message = typeof msg === 'string' ? printable(msg.slice(0, 300)) : ''
      return [{ at, status: known, latencyMs: amountOf(ping), message }]
    })
    .toSorted((a, b) => b.at - a.at)
}

/** `2024-05-01 12:00:00.123` is of UTC there. */
function timeOf(value: unknown): number | null {
  if (typeof value !== 'string' || value.length > 40) return null
  const plain = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?$/.test(value)
  const time = Date.parse(plain ? `${value.replace(' ', 'T')}Z` : value)
  return Number.isNaN(time) ? null : time
}

const sample = /^(monitor_status|monitor_response_time)\{(.*)\} ([^\s]+)(?: \d+)?$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' }

/**
 * The monitors of `/metrics` (the text format of Prometheus): `monitor_status{monitor_name="..."}` with 0 down, 1 up,
 * 2 pending, 3 maintenance. @returns null when it is no such page.
 */
export function monitorsOfMetrics(text: string): readonly KumaMonitor[] | null {
  const states = new Map<string, { readonly name: string; readonly status: KumaStatus | null }>()
  const times = new Map<string, number | null>()
  for (const line of text.split('\n', 200_000)) {
    const [, metric, labels = '', value] = sample.exec(line.slice(0, 10_000)) ?? []
    if (metric === undefined) continue
    const own = new Map([...labels.matchAll(label)].map(([, name = '', raw = '']) => [name, unescaped(raw)]))
    // Newer ones number their monitors; in older ones two may have one name, and differ in where they look.
    const key = JSON.stringify(own.get('monitor_id') ?? [...own])
    if (metric === 'monitor_status')
      states.set(key, { name: own.get('monitor_name') ?? '', status: statusOf(Number(value)) })
    else times.set(key, amountOf(Number(value)))
  }
  if (states.size === 0 && !text.includes('monitor_')) return null
  return named(
    [...states].map(([key, { name, status }]) => ({
      name,
      status,
      latencyMs: times.get(key) ?? null,
      beats: [],
    })),
  )
}

const unescaped = (raw: string): string => raw.replaceAll(/\\./g, (one) => escapes[one] ?? one)

function named(
  monitors: readonly (Omit<KumaMonitor, 'name' | 'key'> & { readonly name: unknown })[],
): readonly KumaMonitor[] {
  const taken = new Set<string>()
  return monitors.slice(0, mostMonitors).map((one, index) => {
    const name = typeof one.name === 'string' ? printable(one.name.slice(0, longestName)) : ''
    const base = nameOf(name) || `monitor-${index + 1}`
    let key = base
    for (let number = 2; taken.has(key); number++) key = `${base}-${number}`
    taken.add(key)
    return { ...one, name: name === '' ? key : name, key }
  })
}
