import {
  CustomExecution,
  EventEmitter,
  l10n,
  Task,
  TaskGroup,
  tasks,
  TaskScope,
  type Pseudoterminal,
  type TaskDefinition,
  type TaskProvider,
} from 'vscode'
import type { RunRow } from '#contract/jobs.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Actions } from '../actions.ts'
import { fullText, label } from '../display.ts'
import { closingText, forTerminal, readRun } from '../logs/run-output.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import { runTitle } from '../runs.ts'

export interface AppTasksDeps {
  readonly model: Model
  readonly actions: Actions
  readonly report: Report
}

/** What a task runs: a job of an app or, without one, its tests. */
interface AppTask {
  readonly app: string
  readonly job: string | null
}

const type = 'quantumAdmin'
const word = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Jobs and tests of apps as tasks of VS Code. */
export class AppTasks implements TaskProvider, Owned {
  readonly #deps: AppTasksDeps
  readonly #lifetime = new Lifetime()

  constructor(deps: AppTasksDeps) {
    this.#deps = deps
    this.#lifetime.own(tasks.registerTaskProvider(type, this))
  }

  async provideTasks(): Promise<Task[]> {
    const { model } = this.#deps
    if (model.state.kind !== 'connected') return []
    const [jobs, found] = await Promise.all([model.query('jobs.list', {}), model.query('tests.list', {})])
    return [
      ...jobs.rows.map(({ app, job }) => this.#task({ type, app, job }, { app, job })),
      ...found.rows
        .filter(({ command }) => command !== null)
        .map(({ app }) => this.#task({ type, app }, { app, job: null })),
    ]
  }

  /** Of a task that a tasks.json names, which is known by its definition alone. */
  resolveTask({ definition }: Task): Task | undefined {
    const app = word(definition['app'])
    return app === null ? undefined : this.#task(definition, { app, job: word(definition['job']) })
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  #task(definition: TaskDefinition, wanted: AppTask): Task {
    const execution = new CustomExecution(() => Promise.resolve(new RunTerminal(this.#deps, wanted)))
    const task = new Task(
      definition,
      TaskScope.Workspace,
      label(runTitle(wanted)),
      'Quantum Admin',
      execution,
      [],
    )
    if (wanted.job === null) task.group = TaskGroup.Test
    return task
  }
}

/** Runs a job or tests, shows what they write, and ends with their exit code. */
class RunTerminal implements Pseudoterminal {
  readonly #deps: AppTasksDeps
  readonly #wanted: AppTask
  readonly #write = new EventEmitter<string>()
  readonly #close = new EventEmitter<number>()
  readonly #gone = new AbortController()
  #run: RunRow | undefined
  readonly onDidWrite = this.#write.event
  readonly onDidClose = this.#close.event

  constructor(deps: AppTasksDeps, wanted: AppTask) {
    this.#deps = deps
    this.#wanted = wanted
  }

  open(): void {
    void this.#work()
  }

  /** The terminal is closed, or the task ended by VS Code: the run ends with it, where the person agrees. */
  close(): void {
    this.#gone.abort()
    void this.#cancel()
  }

  handleInput(keys: string): void {
    if (keys === '\u0003') void this.#cancel()
  }

  async #work(): Promise<void> {
    try {
      this.#run = await this.#begin()
      const ended = await readRun(this.#deps.model, this.#run.run, this.#gone.signal, (text) =>
        this.#write.fire(forTerminal(text)),
      )
      this.#run = ended
      this.#write.fire(`${closingText(ended)}\r\n`)
      this.#close.fire(ended.state === 'passed' ? 0 : (ended.exitCode ?? 1))
    } catch (error) {
      if (this.#gone.signal.aborted) return
      const hint = error instanceof Failure ? ` ${l10n.t(error.hint)}` : ''
      this.#write.fire(`${fullText(`${messageOf(error)}${hint}`)}\r\n`)
      this.#close.fire(1)
    }
  }

  #begin(): Promise<RunRow> {
    const { app, job } = this.#wanted
    const { actions } = this.#deps
    const question = { message: '', detail: '', yes: '', name: app }
    return job === null
      ? actions.run({ name: 'tests.run', params: { app }, question })
      : actions.run({ name: 'jobs.run', params: { app, job }, question })
  }

  async #cancel(): Promise<void> {
    const run = this.#run
    if (run === undefined || run.endedAt !== null) return
    const message = l10n.t('Cancel {0}?', label(runTitle(run)))
    const question = { message, detail: '', yes: l10n.t('Cancel Run'), name: label(runTitle(run)) }
    await this.#deps.report.guard(() =>
      this.#deps.actions.run({
        name: run.job === null ? 'tests.cancel' : 'jobs.cancel',
        params: { run: run.run },
        question,
      }),
    )
  }
}
