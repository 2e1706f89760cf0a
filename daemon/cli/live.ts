import { setTimeout as delay } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import type { Topic } from '#contract/system.ts'
import type { ConnectionState } from '#client/client.ts'
import { Failure } from '#base/failure.ts'
import { printable, printableJson } from '#base/printable.ts'
import type { Output } from './output.ts'
import type { Session } from './session.ts'

/** What a list or the overview is made of: what it asks for, and how that looks. */
export interface View<T> {
  readonly topics: readonly Topic[]
  load(): Promise<T>
  lines(value: T): Promise<readonly string[]> | readonly string[]
  /** What `--json` prints. */
  json(value: T): unknown
}

/** Shows a view once, or with `--watch` again after every change until Ctrl-C. */
export async function show<T>(session: Session, view: View<T>): Promise<void> {
  if (session.globals.watch) return follow(session, view)
  const value = await view.load()
  if (session.out.json) session.out.data(view.json(value))
  else session.out.lines(await view.lines(value))
}

/** Changes that come faster than this are drawn together. */
export const shortestPauseMs = 150
/** Ages and rates are drawn anew at least this often. */
const longestPauseMs = 5000

async function follow<T>(session: Session, view: View<T>): Promise<void> {
  const screen = session.out.interactive && !session.out.json ? new Screen() : null
  const change = new Signal()
  let note = ''
  const changed = (): void => change.raise()
  const listening = await session.watch(view.topics, changed)
  const states = await session.onState((state) => {
    note = stateNote(state)
    changed()
  })
  session.signal.addEventListener('abort', changed)
  process.stdout.on('resize', changed)
  screen?.open()
  try {
    for (;;) {
      change.clear()
      if (note === '') await drawWhileConnected(session, view, screen)
      else if (screen !== null) screen.drawStale(note, session.out)
      else session.out.note(note)
      session.signal.throwIfAborted()
      await delay(shortestPauseMs, undefined, { signal: session.signal })
      await change.raised(screen === null ? null : longestPauseMs)
      session.signal.throwIfAborted()
    }
  } finally {
    screen?.close()
    process.stdout.off('resize', changed)
    session.signal.removeEventListener('abort', changed)
    await states.dispose()
    await listening.dispose()
  }
}

/** Something has changed since it was last looked at. */
export class Signal {
  #raised = false
  #wake: (() => void) | undefined

  clear(): void {
    this.#raised = false
  }

  raise(): void {
    this.#raised = true
    this.#wake?.()
  }

  /** Waits for it, at most so long. */
  raised(limitMs: number | null): Promise<void> {
    if (this.#raised) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = limitMs === null ? undefined : setTimeout(() => this.#wake?.(), limitMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}

async function drawWhileConnected<T>(session: Session, view: View<T>, screen: Screen | null): Promise<void> {
  try {
    await draw(session, view, screen)
  } catch (error) {
    // The connection makes itself again; its state says so in place of the answer.
    if (!(error instanceof Failure) || error.code !== 'daemon-unreachable') throw error
  }
}

async function draw<T>(session: Session, view: View<T>, screen: Screen | null): Promise<void> {
  const value = await view.load()
  // Each answer is one line, so that a program can read them as they come.
  if (session.out.json) process.stdout.write(`${printableJson(view.json(value))}\n`)
  else if (screen === null) session.out.lines([...(await view.lines(value)), ''])
  else screen.draw(await view.lines(value), session.out.rows)
}

/** What is to be said of a connection; nothing while it is there. */
export function stateNote(state: ConnectionState): string {
  if (state.state === 'connecting') return `Waiting for ${state.waitingFor} …`
  if (state.state === 'waiting') return `${printable(state.failure.message)}. Trying again …`
  return ''
}

/** The terminal's second screen: what was on it before comes back at the end. */
class Screen {
  #last: readonly string[] = []
  /** Since when what is there may be out of date. */
  #since: Date | null = null
  readonly #restore = (): void => {
    process.stdout.write('\u001b[?25h\u001b[?1049l')
  }

  open(): void {
    process.stdout.write('\u001b[?1049h\u001b[?25l')
    process.once('exit', this.#restore)
  }

  close(): void {
    process.off('exit', this.#restore)
    this.#restore()
  }

  /** Draws what is true now. */
  draw(lines: readonly string[], rows: number): void {
    this.#last = lines
    this.#since = null
    this.#write(lines, rows)
  }

  /** Says why nothing can be known, and since when; what was known last stays to be read, and looks it. */
  drawStale(note: string, out: Output): void {
    this.#since ??= new Date()
    const since = this.#last.length === 0 ? '' : `As it was at ${this.#since.toLocaleTimeString()}. `
    const old = this.#last.map((line) => out.paint('dim', stripVTControlCharacters(line)))
    this.#write([out.paint('yellow', `${since}${note}`), '', ...old], out.rows)
  }

  /** Draws over what is there line by line, so that nothing flickers. */
  #write(lines: readonly string[], rows: number): void {
    const shown = lines.length > rows ? [...lines.slice(0, rows - 1), '…'] : lines
    process.stdout.write(`\u001b[H${shown.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`)
  }
}
