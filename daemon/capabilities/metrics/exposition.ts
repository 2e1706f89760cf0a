import { boundOf, bucketOf, type Aggregate } from '#base/aggregate.ts'
import { build } from '#base/version.ts'
import type { RecordedName } from './recorded.ts'
import type { KnownSubject } from './subjects.ts'

/** Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8'

/** What is told of. */
export interface Exposed {
  readonly subjects: readonly KnownSubject[]
  /** Whether a time is as near as that to now; left out: as what is looked at all the time. */
  readonly isFresh: (at: number, withinMs?: number) => boolean
  readonly keptBytes: number
}

/** Each is up to some thirty series; of more there would be too many for whoever collects them. */
const mostSubjects = 500

/** Checks are made more rarely than looks are taken. */
const checkedMs = 15 * 60_000

/** The bounds that latencies are counted up to: those of our own buckets that are next to round ones, so that counts are exact. */
const bounds = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000].map((milliseconds) =>
  bucketOf(milliseconds * 1000),
)

type Labels = Readonly<Record<string, string>>
type Kind = 'gauge' | 'counter' | 'histogram'

class Families {
  readonly #families = new Map<string, string[]>()

  /** @param value - null adds nothing. */
  add(kind: Kind, name: string, help: string, labels: Labels, value: number | null): void {
    if (value !== null) this.#family(kind, name, help).push(`${name}${labelText(labels)} ${value}`)
  }

  histogram(name: string, help: string, labels: Labels, spread: Aggregate): void {
    if (spread.weight === 0) return
    const lines = this.#family('histogram', name, help)
    for (const bucket of bounds) {
      const le = String(Number((boundOf(bucket) / 1e6).toPrecision(6)))
      lines.push(`${name}_bucket${labelText({ ...labels, le })} ${spread.countTo(bucket)}`)
    }
    lines.push(`${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${spread.weight}`)
    lines.push(`${name}_sum${labelText(labels)} ${spread.sum / 1e6}`)
    lines.push(`${name}_count${labelText(labels)} ${spread.weight}`)
  }

  get text(): string {
    return [...this.#families.values()].map((lines) => `${lines.join('\n')}\n`).join('')
  }

  #family(kind: Kind, name: string, help: string): string[] {
    const known = this.#families.get(name)
    if (known !== undefined) return known
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`]
    this.#families.set(name, lines)
    return lines
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Half of a pair would be no UTF-8; what else may be in a name ends no line and no value. */
const escaped = (value: string): string =>
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** Everything as a Prometheus reads it. */
export function exposition({ subjects, isFresh, keptBytes }: Exposed): string {
  const families = new Families()
  const { version } = build
  families.add('gauge', 'quantum_admin_build_info', 'The version that runs; always 1.', { version }, 1)
  families.add('gauge', 'quantum_admin_metrics_kept_bytes', 'What is kept of the past.', {}, keptBytes)
  const told = subjects.slice(0, mostSubjects)
  for (const one of told) {
    const level = (name: RecordedName, factor = 1): number | null => {
      const value = one.latest(name, isFresh)
      return value === null ? null : Number((value * factor).toPrecision(12))
    }
    const { app, check } = one.subject
    const passed = one.latest('availability', (at) => isFresh(at, checkedMs))
    if (check !== null) addCheck(families, one, { app: app ?? '', check }, passed)
    else if (app !== null) addApp(families, one, { app }, level)
    else addMachine(families, one, level)
  }
  families.add(
    'gauge',
    'quantum_admin_metrics_left_out',
    'Apps and checks that are not told of because there are too many.',
    {},
    subjects.length - told.length,
  )
  return families.text
}

type Level = (name: RecordedName, factor?: number) => number | null

/** A name without the prefix, what it is, what it is taken from. */
type Named = readonly [name: string, help: string, of: RecordedName]

const machineLevels: readonly (readonly [...Named, factor: number])[] = [
  ['cpu_ratio', 'Share of all cores that is in use.', 'cpu', 0.01],
  ['memory_used_bytes', 'Memory that programs could not be given.', 'memory', 1],
  ['load1', 'Load average of the last minute.', 'load', 1],
  ['disk_used_bytes', 'In use on the disk of the state folder.', 'diskUsed', 1],
]
const machineTotals: readonly Named[] = [
  ['disk_read_bytes_total', 'Read from disks since the daemon started.', 'diskRead'],
  ['disk_written_bytes_total', 'Written to disks since the daemon started.', 'diskWritten'],
  ['network_received_bytes_total', 'Received since the daemon started.', 'networkReceived'],
  ['network_sent_bytes_total', 'Sent since the daemon started.', 'networkSent'],
]

function addMachine(families: Families, one: KnownSubject, level: Level): void {
  for (const [name, help, of, factor] of machineLevels)
    families.add('gauge', `quantum_admin_machine_${name}`, help, {}, level(of, factor))
  for (const [name, help, of] of machineTotals)
    families.add('counter', `quantum_admin_machine_${name}`, help, {}, one.total(of))
}

const classes = ['2xx', '3xx', '4xx', '5xx'] as const

function addApp(families: Families, one: KnownSubject, labels: Labels, level: Level): void {
  const cores = 'Cores in use: 1 is all of one core.'
  families.add('gauge', 'quantum_admin_app_cpu_cores', cores, labels, level('cpu', 0.01))
  families.add('gauge', 'quantum_admin_app_memory_bytes', 'Memory in use.', labels, level('memory'))
  const since = 'that lines of its log told of since the daemon started'
  const requests = 'quantum_admin_app_requests_total'
  families.add('counter', requests, `Requests ${since}.`, labels, one.total('requests'))
  for (const answer of classes) {
    const help = `Answers ${since}, by class of status.`
    const told = { ...labels, class: answer }
    families.add('counter', 'quantum_admin_app_responses_total', help, told, one.total(`status${answer}`))
  }
  const took = 'How long answers took, by lines of its log.'
  families.histogram('quantum_admin_app_request_duration_seconds', took, labels, one.spread('latency'))
}

function addCheck(families: Families, one: KnownSubject, labels: Labels, passed: number | null): void {
  families.add('gauge', 'quantum_admin_check_up', 'Whether it was passed last.', labels, passed)
  const took = 'How long the check took.'
  families.histogram('quantum_admin_check_duration_seconds', took, labels, one.spread('latency'))
}
