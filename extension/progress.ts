import { ProgressLocation, window } from 'vscode'
import { setTimeout as delay } from 'node:timers/promises'

/** What takes less, in milliseconds, shows no progress: a notification that flashes by only costs attention. */
const noticeable = 500

/** Runs work while the Applications view shows that something is under way. @throws what `run` throws. */
export async function inAppsView<T>(run: () => Promise<T>): Promise<T> {
  return window.withProgress({ location: { viewId: 'quantumAdmin.apps' } }, run)
}

/**
 * Runs work that can be cancelled, and shows how far it is in a notification as soon as it has taken noticeably long.
 * VS Code drops notifications that come in quick succession, so one for work that is done at once could cost its result.
 * @param run - reports how far it is, in words; its signal aborts when the person cancels.
 * @throws what `run` throws.
 */
export async function withProgress<T>(
  title: string,
  run: (report: (message: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  let latest: string | undefined
  let show = (message: string): void => {
    latest = message
  }
  const work = run((message) => show(message), controller.signal)
  const ended = work.then(
    () => true,
    () => true,
  )
  if (await Promise.race([ended, delay(noticeable, false)])) return work
  await window.withProgress(
    { location: ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      token.onCancellationRequested(() => controller.abort())
      show = (message) => progress.report({ message })
      if (latest !== undefined) show(latest)
      await ended
    },
  )
  return work
}
