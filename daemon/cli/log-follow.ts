import { setTimeout as delay } from 'node:timers/promises'
import { mostLogLines } from '#contract/log-words.ts'
import type { LogFilter, LogLine } from '#contract/logs.ts'
import { Failure } from '#base/failure.ts'
import { shortestPauseMs, Signal, stateNote } from './live.ts'
import { newest } from './log-pages.ts'
import type { Session } from './session.ts'

/**
 * Shows the last lines that match, then each that comes, until Ctrl-C; also across the end of a daemon.
 * @param ask - what matches; it is asked for once there is a connection that is kept.
 * @param show - settles when there is room for more.
 */
export async function follow(
  session: Session,
  ask: () => Promise<LogFilter>,
  limit: number,
  show: (lines: readonly LogLine[]) => Promise<unknown> | undefined,
): Promise<void> {
  const change = new Signal()
  const changed = (): void => change.raise()
  const listening = await session.watch(['logs'], changed)
  let said = ''
  const states = await session.onState((state) => {
    const note = stateNote(state)
    if (note !== '' && note !== said) session.out.note(note)
    said = note
    // What came meanwhile is asked for as soon as somebody answers again.
    if (state.state === 'connected') changed()
  })
  session.signal.addEventListener('abort', changed)
  try {
    const filter = await ask()
    const first = await newest(session, filter, limit)
    await show(first.lines)
    let { newer } = first
    while (!session.signal.aborted) {
      change.clear()
      newer = await showNew(session, filter, newer, show)
      await delay(shortestPauseMs, undefined, { signal: session.signal })
      await change.raised(null)
    }
    session.signal.throwIfAborted()
  } finally {
    session.signal.removeEventListener('abort', changed)
    await states.dispose()
    await listening.dispose()
  }
}

/** Shows what came after a cursor. @returns the cursor after it. */
async function showNew(
  session: Session,
  filter: LogFilter,
  from: string,
  show: (lines: readonly LogLine[]) => Promise<unknown> | undefined,
): Promise<string> {
  let after = from
  try {
    for (;;) {
      const { lines, newer } = await session.query('logs.search', { ...filter, after, limit: mostLogLines })
      await show(lines)
      if (lines.length === 0 && newer === after) return after
      after = newer
      // Much that does not match may stand before what does.
      if (lines.length === 0) await delay(shortestPauseMs, undefined, { signal: session.signal })
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // The connection makes itself again, and says so meanwhile.
    if (error.code === 'daemon-unreachable') return after
    if (error.code !== 'invalid-params') throw error
    session.out.note('Some lines may have been skipped: the daemon no longer knows where it stood.')
    return (await newest(session, filter, 1)).newer
  }
}
