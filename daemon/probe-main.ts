import type { ProbeResult, ProbeTarget } from './adapters/connectors/prober.ts'
import { inOtherWords, runProbe } from './adapters/connectors/run-probe.ts'
import { asFault, ProbeFault } from './adapters/connectors/probe-fault.ts'

/** What a test may add to the memory of its process, in bytes. */
const mostMemory = 128 * 1024 * 1024
const lookEveryMs = 10

/** Tests the one connection that the parent names over the pipe between them, answers and ends. */
export function runProbeProcess(): void {
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  // A driver that throws where nobody can catch it has got something that it cannot read.
  process.on('uncaughtException', (error) => broken.reject(asFault(error, 'bad-answer')))
  process.on('unhandledRejection', (error) => broken.reject(asFault(error, 'bad-answer')))
  process.once('disconnect', () => process.exit())
  process.once('message', (message) => {
    watchMemory(() => broken.reject(new ProbeFault('too-much-data')))
    const target = message as ProbeTarget
    void runProbe(target, broken.promise).then((result) => answer(inOtherWords(target.type, result)))
  })
}

function watchMemory(tooMuch: () => void): void {
  const before = process.memoryUsage.rss()
  setInterval(() => {
    if (process.memoryUsage.rss() - before > mostMemory) tooMuch()
  }, lookEveryMs).unref()
}

function answer(result: ProbeResult): void {
  process.send?.(result, () => process.exit())
}
