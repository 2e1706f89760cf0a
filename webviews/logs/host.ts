import { answers, toPageOf, type FromPage, type Question, type ToPage } from './messages.ts'
import { isPlace, isView, type LogView, type Place } from './view.ts'
import type { Check } from '../ui/check.ts'

interface Vscode {
  postMessage(message: unknown): void
  getState(): unknown
  setState(state: unknown): void
}
declare function acquireVsCodeApi(): Vscode

type Answer<Q extends Question> = (typeof answers)[Q] extends Check<infer T> ? T : never
type Asked<Q extends Question> = Omit<Extract<FromPage, { readonly type: Q }>, 'type' | 'request'>
type Told = Exclude<ToPage, { readonly type: 'answer' | 'failed' }>

/** Why a question was not answered. */
export class Refusal extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

interface Waiting {
  readonly check: Check<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: Refusal) => void
}

/** What the page keeps while it is not shown. */
export interface Kept {
  /** Whose log it is, for after a restart of VS Code. */
  readonly app: string | null
  readonly view: LogView | null
  /** The record at the top; null while the newest is followed. */
  readonly place: Place | null
}

/** The extension, seen from the page. */
export class Host {
  readonly #vscode = acquireVsCodeApi()
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0

  /** Listens to what the extension tells by itself. What does not look as it should is dropped. */
  listen(told: (message: Told) => void): void {
    window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      const message = toPageOf(data)
      if (message === null) return
      if (message.type === 'answer') this.#settle(message.request, message.value)
      else if (message.type === 'failed')
        this.#take(message.request)?.reject(new Refusal(message.code, message.message))
      else told(message)
    })
  }

  send(message: FromPage): void {
    this.#vscode.postMessage(message)
  }

  /** Asks, and waits for the answer. @throws Refusal; `cancelled` when the signal aborts. */
  ask<Q extends Question>(type: Q, question: Asked<Q>, signal?: AbortSignal): Promise<Answer<Q>> {
    const request = ++this.#requests
    return new Promise<Answer<Q>>((resolve, reject) => {
      // The answer has passed its check before it is given on.
      this.#waiting.set(request, {
        check: answers[type],
        resolve: resolve as (value: unknown) => void,
        reject,
      })
      signal?.addEventListener(
        'abort',
        () => {
          this.#take(request)?.reject(new Refusal('cancelled', ''))
          this.send({ type: 'cancel', request })
        },
        { once: true },
      )
      this.#vscode.postMessage({ ...question, type, request })
    })
  }

  get kept(): Kept {
    const state = this.#vscode.getState()
    if (typeof state !== 'object' || state === null) return { app: null, view: null, place: null }
    const { app, view, place } = state as Readonly<Record<string, unknown>>
    return {
      app: typeof app === 'string' ? app : null,
      view: isView(view) ? view : null,
      place: isPlace(place) ? place : null,
    }
  }

  keep(kept: Kept): void {
    this.#vscode.setState(kept)
  }

  #settle(request: number, value: unknown): void {
    const waiting = this.#take(request)
    if (waiting === undefined) return
    if (waiting.check(value)) waiting.resolve(value)
    else waiting.reject(new Refusal('internal', 'The answer is not as expected'))
  }

  #take(request: number): Waiting | undefined {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    return waiting
  }
}
