import { connect } from 'node:net'
import type { CheckFailure, CommandAnswer } from './checker.ts'
import { faultOf } from './fault-of.ts'
import { canonicalHost, refuseForbidden, type SharedLookup } from './shared-lookup.ts'

/** Connects and leaves again. */
export function checkTcp(
  { lookup }: SharedLookup,
  written: string,
  port: number,
  timeoutMs: number,
): Promise<CommandAnswer | CheckFailure> {
  const host = canonicalHost(written)
  return new Promise((resolve) => {
    const started = performance.now()
    const failed = (error: unknown): void => {
      const { fault, code } = faultOf(error)
      resolve({ ok: false, fault, detail: code, at: null })
    }
    try {
      refuseForbidden(host)
    } catch (error) {
      return failed(error)
    }
    const socket = connect({ host, port, lookup })
    const timer = setTimeout(() => {
      socket.destroy()
      resolve({ ok: false, fault: 'timed-out', detail: null, at: null })
    }, timeoutMs)
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve({ ok: true, latencyMs: Math.round((performance.now() - started) * 10) / 10 })
      socket.destroy()
    })
    socket.on('error', (error) => {
      clearTimeout(timer)
      failed(error)
    })
  })
}
