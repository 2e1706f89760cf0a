import { parentPort, workerData } from 'node:worker_threads'
import { Failure, messageOf } from '#base/failure.ts'
import { EngineOutput } from './adapters/docker/engine-output.ts'
import { post as postOut } from './adapters/http/post.ts'
import { LocalLogEngine } from './logs/local-log-engine.ts'
import { ScanThreads } from './logs/scan-threads.ts'
import { TaskThread } from './logs/task-thread.ts'
import type { FromLogThread, LogThreadStart, ToLogThread } from './logs/log-messages.ts'
import type { LogSearch } from './logs/log-engine.ts'
import type { LogFilter } from '#contract/logs.ts'

/** Whoever follows hears of new lines at most this often. */
const tellMs = 20

/** Keeps and searches logs in a thread of its own, so that the daemon's answers wait for neither. */
export function runLogThread(): void {
  // `LogThread` gave it, and nobody else starts this.
  const { script, ...data } = workerData as LogThreadStart
  const post = (message: FromLogThread): void => parentPort?.postMessage(message)
  const told = (message: string): void => post({ kind: 'told', message })
  const engine = new LocalLogEngine({
    ...data,
    now: Date.now,
    post: postOut,
    told,
    output: (endpoint) => new EngineOutput(endpoint),
    work: new TaskThread(script),
    scans: new ScanThreads(script),
  })
  tellOfChanges(engine, post)
  const asked = new Map<number, AbortController>()
  const answer = async (message: ToLogThread & { kind: 'ask' }): Promise<void> => {
    const abort = new AbortController()
    asked.set(message.id, abort)
    try {
      post({ kind: 'answer', id: message.id, result: await ask(engine, message, abort.signal) })
    } catch (error) {
      const [code, hint] = error instanceof Failure ? [error.code, error.hint] : [null, '']
      post({ kind: 'failure', id: message.id, code, message: messageOf(error), hint })
    } finally {
      asked.delete(message.id)
    }
  }
  parentPort?.on('message', (message: ToLogThread) => {
    if (message.kind === 'ask') void answer(message)
    else if (message.kind === 'cancel') asked.get(message.id)?.abort()
    else if (message.kind === 'read') engine.read(message.inputs, message.patterns)
    else if (message.kind === 'follow') engine.follow(message.containers)
    else if (message.kind === 'keep') engine.keep(message.retention)
    else if (message.kind === 'hide') engine.hide(message.forms)
    else if (message.kind === 'forward') engine.forward(message.targets)
    else void engine.dispose().then(() => post({ kind: 'ended' }))
  })
}

function tellOfChanges(engine: LocalLogEngine, post: (message: FromLogThread) => void): void {
  let told = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    timer = undefined
    told = performance.now()
    post({ kind: 'changed', revision: engine.revision })
  }
  engine.changed.on(() => {
    timer ??= setTimeout(tell, Math.max(0, told + tellMs - performance.now()))
  })
}

/** The arguments are what `LogThread` was given by the contract's own handlers. */
function ask(
  engine: LocalLogEngine,
  { question, params: [first, second, third] }: ToLogThread & { kind: 'ask' },
  signal: AbortSignal,
): Promise<unknown> {
  if (question === 'search') return engine.search(first as LogSearch, signal)
  if (question === 'histogram') return engine.histogram(first as LogFilter, second as number, signal)
  if (question === 'around') return engine.around(first as string, second as number, third as number)
  if (question === 'requests') return engine.requests(first as number)
  if (question === 'show') return engine.show(first as string)
  if (question === 'forwarding') return engine.forwarding(first as readonly string[] | undefined)
  return engine.sources(first as readonly string[] | undefined)
}
