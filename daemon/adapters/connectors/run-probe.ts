import { setTimeout as wait } from 'node:timers/promises'
import { asFault, ProbeFault } from './probe-fault.ts'
import { openSocket, Wire } from './probe-socket.ts'
import type { ProbeResult, ProbeTarget } from './prober.ts'
import { tlsSpeaker } from './sniff.ts'

type Connect = (target: ProbeTarget, wire: Wire) => Promise<string | null>

/** What connects to one kind of server: each driver is loaded for its own kind alone. */
async function connectOf(type: ProbeTarget['type']): Promise<Connect> {
  switch (type) {
    case 'sqlite':
      return (await import('./sqlite-probe.ts')).probeSqlite
    case 'postgresql':
      return (await import('./postgresql-probe.ts')).probePostgresql
    case 'mysql':
      return (await import('./mysql-probe.ts')).probeMysql
    case 'redis':
      return (await import('./redis-probe.ts')).probeRedis
    case 'rabbitmq':
      return (await import('./rabbitmq-probe.ts')).probeRabbitmq
    case 'http':
      return (await import('./http-probe.ts')).probeHttp
  }
}

const longestVersion = 100

/** Tests a connection and always answers. A driver that throws elsewhere is for the process to catch. */
export async function runProbe(target: ProbeTarget, stop: Promise<never>): Promise<ProbeResult> {
  const wire = new Wire()
  const connect = await connectOf(target.type)
  const started = performance.now()
  const limit = new AbortController()
  try {
    const version = await Promise.race([connect(target, wire), stop, timeOut(target, wire, limit.signal)])
    const latencyMs = Math.round((performance.now() - started) * 10) / 10
    return { ok: true, latencyMs, version: version?.slice(0, longestVersion) ?? null }
  } catch (error) {
    return failed(await asTlsFault(asFault(error), target, wire), wire)
  } finally {
    limit.abort()
  }
}

async function timeOut({ limitMs, host }: ProbeTarget, wire: Wire, signal: AbortSignal): Promise<never> {
  await wait(limitMs, undefined, { signal })
  throw new ProbeFault(host === null ? 'file-busy' : wire.connected ? 'silent' : 'timed-out')
}

/** How long somebody who said nothing is given to answer in TLS, in milliseconds. */
const tlsLimitMs = 1000

/** A server that expects TLS says nothing to who comes without, or hangs up: so it is asked. */
async function asTlsFault(fault: ProbeFault, target: ProbeTarget, wire: Wire): Promise<ProbeFault> {
  const isMute = wire.connected && !wire.heard && target.tls === 'off'
  return isMute && (await answersInTls(target)) ? new ProbeFault('tls-required', fault.code) : fault
}

async function answersInTls(target: ProbeTarget): Promise<boolean> {
  const opening = openSocket({ ...target, tls: 'unverified' }, new Wire()).then(
    (socket) => {
      socket.on('error', () => undefined).destroy()
      return true
    },
    () => false,
  )
  return Promise.race([opening, wait(tlsLimitMs, false)])
}

/** What a driver makes of an answer in another language differs; the answer's own first bytes are surer. */
const doubtful: ReadonlySet<string> = new Set(['bad-answer', 'closed', 'silent', 'wrong-protocol', 'failed'])
const languages: Readonly<Partial<Record<ProbeTarget['type'], string>>> = {
  postgresql: 'a PostgreSQL server',
  mysql: 'a MySQL or MariaDB server',
  redis: 'a Redis server',
  rabbitmq: 'a RabbitMQ server',
  http: 'an HTTP server',
}

function failed({ fault, code }: ProbeFault, wire: Wire): ProbeResult {
  const { speaks } = wire
  if (!doubtful.has(fault) || speaks === null) return { ok: false, fault, speaks: null, code }
  if (speaks === tlsSpeaker) return { ok: false, fault: 'tls-required', speaks, code }
  return { ok: false, fault, speaks, code }
}

/** Whether what answered speaks another language than it was asked in. */
export function inOtherWords(type: ProbeTarget['type'], result: ProbeResult): ProbeResult {
  if (result.ok || result.speaks === null || result.fault === 'tls-required') return result
  if (result.speaks === languages[type]) return { ...result, speaks: null }
  return { ...result, fault: 'wrong-protocol' }
}
