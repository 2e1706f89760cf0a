import { Failure } from '#base/failure.ts'

/**
 * Runs something that must not hang. The signal it gets is aborted when time is up or one of `signals` is.
 * @param milliseconds - how long it may take.
 * @param what - the call in words that follow "did not", such as `list the containers`.
 * @throws Failure `timeout`, the reason of the signal that was aborted, or whatever `act` throws.
 */
export async function withDeadline<T>(
  milliseconds: number,
  signals: readonly AbortSignal[],
  what: string,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const timer = setTimeout(() => {
    controller.abort(new Failure('timeout', `The engine did not ${what} within ${milliseconds / 1000} s`))
  }, milliseconds)
  const unlink = linkAbort(signals, controller)
  try {
    return await act(controller.signal)
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    unlink()
  }
}

/**
 * Aborts the controller as soon as one of the signals is; what it returns ends that. AbortSignal.any would keep an
 * entry in a long-lived signal for each call.
 */
export function linkAbort(signals: readonly AbortSignal[], controller: AbortController): () => void {
  const links = signals.map((signal) => {
    const abort = () => controller.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return () => signal.removeEventListener('abort', abort)
  })
  return () => {
    for (const unlink of links) unlink()
  }
}
