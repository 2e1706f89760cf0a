import type { LogLevel } from '#contract/log-words.ts'
import type { ForwardTarget } from '../log-engine.ts'
import type { KeptRecord } from '../segments/frame.ts'

/** Of what a server lets in of the name of a source. */
const longestLabel = 1024

/** What is sent of these records of an app, as JSON. */
export const messageOf = (target: ForwardTarget, app: string, records: readonly KeptRecord[]): string =>
  target.kind === 'loki' ? lokiMessage(target, app, records) : otlpMessage(target, app, records)

/**
 * Nanoseconds since the epoch, as text. Behind our milliseconds stands where in them a record has arrived: Loki takes
 * what is equal in time and text for one, and puts what is equal in time in any order.
 */
const nanoseconds = ({ time, sequence }: KeptRecord): string =>
  `${Math.max(0, time)}${String(sequence % 1_000_000).padStart(6, '0')}`

/** `POST /loki/api/v1/push`: a stream for each set of labels, with pairs of time and text. */
function lokiMessage({ labels }: ForwardTarget, app: string, records: readonly KeptRecord[]): string {
  const streams = new Map<string, { stream: Record<string, string>; values: [string, string][] }>()
  for (const record of records) {
    const { source, level, kind } = record
    const key = `${level}\0${kind}\0${source}`
    let found = streams.get(key)
    if (found === undefined) {
      const own = { app, source: cut(source), kind, ...(level === null ? {} : { level }) }
      streams.set(key, (found = { stream: { ...labels, ...own }, values: [] }))
    }
    found.values.push([nanoseconds(record), record.bytes.toString('utf8')])
  }
  return JSON.stringify({ streams: [...streams.values()] })
}

/** Severity numbers of OpenTelemetry's data model for logs: the least of each range. */
const severities: Readonly<Record<LogLevel, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
}

/** `ExportLogsServiceRequest` in the JSON encoding of OTLP: names in lowerCamelCase, 64 bit integers as text. */
function otlpMessage({ labels }: ForwardTarget, app: string, records: readonly KeptRecord[]): string {
  const resource = { attributes: attributesOf({ ...labels, 'service.name': app }) }
  const logRecords = records.map((record) => {
    const { level, timeFrom, source, kind } = record
    return {
      // The data model has a time for what the event says itself, and one for when it was seen.
      [timeFrom === 'line' ? 'timeUnixNano' : 'observedTimeUnixNano']: nanoseconds(record),
      ...(level === null ? {} : { severityNumber: severities[level], severityText: level.toUpperCase() }),
      body: { stringValue: record.bytes.toString('utf8') },
      attributes: attributesOf({ 'quantum_admin.source': cut(source), 'quantum_admin.kind': kind }),
    }
  })
  const scopeLogs = [{ scope: { name: 'quantum-admin' }, logRecords }]
  return JSON.stringify({ resourceLogs: [{ resource, scopeLogs }] })
}

const attributesOf = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }))

const cut = (text: string): string => text.slice(0, longestLabel)
