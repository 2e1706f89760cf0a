import { setImmediate } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { ImportedChecks, ImportedMonitor, ImportedSecret } from '#contract/health.ts'
import { Failure } from '#base/failure.ts'
import { printable } from '#base/printable.ts'
import { decodeConfig } from '../config/config-text.ts'
import { parseYaml } from '../config/config-document.ts'
import { ValueReader } from '../config/config-values.ts'
import { problemsOf, type Finding } from '../config/findings.ts'
import { examine } from '../config/read-config.ts'
import { readGatusConfig } from './gatus-config.ts'
import { readKumaBackup } from './kuma-backup.ts'
import type { Draft, Header, Monitor } from './monitor.ts'
import { nameOf } from './words.ts'

/** A check as the configuration says it. */
export type WrittenCheck = Readonly<Record<string, unknown>>

export interface Imported extends Omit<ImportedChecks, 'written'> {
  /** By their names. */
  readonly checks: ReadonlyMap<string, WrittenCheck>
}

/** What an app checks by itself is not to be replaced by accident. */
const own = ['http', 'port', 'process', 'containers'] as const
const mostMonitors = 2000

/**
 * Understands the backup of an Uptime Kuma or a configuration of Gatus. Nothing is left out without a word.
 * @param taken - names of checks that are there already.
 * @throws Failure `invalid-params` when it is neither, naming the place of what is wrong.
 */
export async function importChecks(text: string, taken: readonly string[]): Promise<Imported> {
  const source = sourceOf(text)
  if (source.monitors.length > mostMonitors)
    throw new Failure(
      'invalid-params',
      `expected at most ${mostMonitors} monitors, got ${source.monitors.length}`,
    )
  const drafted = draftAll(source.monitors, taken)
  const faults = await faultsOf(drafted)
  const good = drafted.filter(({ check }) => check !== null && !faults.has(check))
  const checks = new Map(good.flatMap(({ check, written }) => (check === null ? [] : [[check, written]])))
  const secrets = new Map(good.flatMap(({ needed }) => needed.map((one) => [one.secret, one])))
  const { format, version, notes } = source
  return {
    format,
    version,
    notes,
    monitors: drafted.map((one) => shownMonitor(one, faults.get(one.check ?? ''))),
    secrets: [...secrets.values()],
    checks,
    yaml: yamlOf(checks),
  }
}

/** A monitor with the check that it becomes. */
interface Drafted {
  readonly monitor: Monitor
  /** Null when it is left out. */
  readonly check: string | null
  readonly written: WrittenCheck
  readonly needed: readonly ImportedSecret[]
  readonly notes: readonly string[]
}

function draftAll(monitors: readonly Monitor[], taken: readonly string[]): readonly Drafted[] {
  const names = new Set<string>([...taken, ...own])
  return monitors.map((monitor, index): Drafted => {
    const none = { monitor, check: null, written: {}, needed: [] }
    if (monitor.draft === null) return { ...none, notes: monitor.notes }
    const base = nameOf(monitor.name) || `monitor-${index + 1}`
    if (taken.includes(base)) return { ...none, notes: [`there is a check ${base} already`] }
    const check = freeName(base, monitor.group, names)
    names.add(check)
    return { monitor, check, ...assembled(check, monitor.draft, monitor.headers), notes: monitor.notes }
  })
}

function shownMonitor({ monitor, check, notes }: Drafted, fault: string | undefined): ImportedMonitor {
  const { name, type, where, partly } = monitor
  const shown = { name: printable(name), type: printable(type), where }
  if (check === null || fault !== undefined)
    return {
      ...shown,
      check: null,
      outcome: 'left-out',
      notes: (fault === undefined ? notes : [fault]).map((note) => printable(note)),
    }
  return {
    ...shown,
    check,
    outcome: partly ? 'partly' : 'mapped',
    notes: notes.map((note) => printable(note)),
  }
}

interface Source {
  readonly format: ImportedChecks['format']
  readonly version: string | null
  readonly monitors: readonly Monitor[]
  readonly notes: readonly string[]
}

function sourceOf(text: string): Source {
  const trimmed = text.trimStart()
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) {
    const { version, monitors, notes } = readKumaBackup(jsonOf(text))
    const shown = version === null ? null : printable(version.slice(0, 40))
    return { format: 'uptime-kuma', version: shown, monitors, notes }
  }
  return { format: 'gatus', version: null, ...readGatusConfig(yamlRoot(text)) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Failure('invalid-params', 'The file begins as JSON and is none: it may have been cut off')
  }
}

function yamlRoot(text: string): unknown {
  const { text: decoded, problem } = decodeConfig(new TextEncoder().encode(text))
  if (problem !== null) throw unreadable([problem], text)
  const { root, findings } = parseYaml(decoded)
  if (root === null) throw unreadable(findings, text)
  const reader = new ValueReader(root, ({ value }) => value)
  const { value } = reader.read(root, [])
  const errors = reader.findings.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw unreadable(errors, text)
  return value
}

function unreadable(findings: readonly Finding[], text: string): Failure {
  const [first] = problemsOf(findings, text, '')
  const { line = null, column = null } = first ?? {}
  const place = line === null ? '' : `line ${line}, column ${column ?? 1}: `
  return new Failure('invalid-params', `${place}${first?.message ?? 'the file says nothing'}`)
}

/** Its own name, else with its group before it, else with a number behind it. */
function freeName(base: string, group: string | null, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base
  const grouped = group === null ? base : nameOf(`${group}-${base}`)
  if (!taken.has(grouped)) return grouped
  for (let number = 2; ; number++) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`
}

/** The check with its headers, those that are nobody's business by the name of a secret. */
function assembled(check: string, draft: Draft, headers: readonly Header[]) {
  const needed: ImportedSecret[] = []
  const written = headers.map(({ name, value, secret, holds }) => {
    if (value !== null) return [name, value] as const
    const wanted = secret ?? `${check}-${nameOf(name)}`
    needed.push({ secret: wanted, check, holds })
    return [name, `secret:${wanted}`] as const
  })
  const { url, method, ...rest } = draft
  const first = { ...(url === undefined ? {} : { url }), ...(method === undefined ? {} : { method }) }
  const all: WrittenCheck = {
    ...first,
    ...(written.length === 0 ? {} : { headers: Object.fromEntries(written) }),
    ...rest,
  }
  return { written: all, needed }
}

/** So many are read at once: a file of good ones is read quickly, and bad ones are still found one by one. */
const batch = 50

/** Why the configuration would refuse checks, by their names. */
async function faultsOf(drafted: readonly Drafted[]): Promise<ReadonlyMap<string, string>> {
  const all = drafted.flatMap(({ check, written }) => (check === null ? [] : [[check, written] as const]))
  const faults = new Map<string, string>()
  for (let start = 0; start < all.length; start += batch) {
    // Thousands take a second, in which others are answered too.
    await setImmediate()
    const some = all.slice(start, start + batch)
    if (faultOf(some) === null) continue
    for (const one of some) {
      await setImmediate()
      const fault = faultOf([one])
      if (fault !== null) faults.set(one[0], fault)
    }
  }
  return faults
}

/** Null when the configuration takes them. */
function faultOf(checks: readonly (readonly [string, WrittenCheck])[]): string | null {
  const { config, findings } = examine(yamlOf(new Map(checks)), {})
  if (config !== null) return null
  const [first] = findings.filter(({ severity }) => severity === 'error')
  return (first?.message ?? 'the configuration does not take it').replace(
    /^admin\.health\.checks\.\S*?\.(?=\w+: )/,
    '',
  )
}

/** Long lines are not folded: an address goes on one. */
export const yamlOptions = { lineWidth: 0 } as const

const yamlOf = (checks: ReadonlyMap<string, WrittenCheck>): string =>
  checks.size === 0
    ? ''
    : stringify({ admin: { health: { checks: Object.fromEntries(checks) } } }, yamlOptions)
