import {
  l10n,
  Location,
  Position,
  TestMessage,
  TestRunProfileKind,
  TestRunRequest,
  tests,
  Uri,
  type CancellationToken,
  type TestController,
  type TestItem,
  type TestRun,
} from 'vscode'
import * as path from 'node:path'
import type { RunRow, TestCase, TestsRow } from '#contract/jobs.ts'
import { Failure, messageOf } from '#base/failure.ts'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { printableLine } from '#base/printable.ts'
import type { Actions } from '../actions.ts'
import { fullText, label } from '../display.ts'
import { forTerminal, readRun } from '../logs/run-output.ts'
import type { Model } from '../model.ts'
import type { Report } from '../report.ts'
import { runStateWord } from '../runs.ts'

export interface AppTestsDeps {
  readonly model: Model
  readonly actions: Actions
  readonly report: Report
}

/** The tests of apps in the Test Explorer: one entry for each app, and below it the tests that its last run told of. */
export class AppTests implements Owned {
  readonly #deps: AppTestsDeps
  readonly #lifetime = new Lifetime()
  readonly #controller: TestController
  /** The run whose tests stand below an app. */
  readonly #told = new Map<string, string>()

  constructor(deps: AppTestsDeps) {
    this.#deps = deps
    this.#controller = this.#lifetime.own(tests.createTestController('quantumAdmin.tests', l10n.t('Apps')))
    this.#controller.resolveHandler = (item) => this.#resolve(item)
    this.#controller.createRunProfile(
      l10n.t('Run'),
      TestRunProfileKind.Run,
      (request, token) => this.#run(request, token),
      true,
    )
    this.#lifetime.own(deps.model.onChanged((topic) => void (topic === 'jobs' && this.#show())))
  }

  dispose(): Promise<void> {
    return this.#lifetime.dispose()
  }

  /** Shows the apps that have tests. While nobody looks at apps, those that were there stay. */
  #show(): void {
    const { model } = this.#deps
    const snapshot = model.snapshot('jobs')
    if (snapshot === undefined && model.state.kind === 'connected') return
    const rows = (snapshot?.tests ?? []).filter(({ command }) => command !== null)
    const { items } = this.#controller
    const names = new Set(rows.map(({ app }) => app))
    for (const [id] of items) if (!names.has(id)) items.delete(id)
    for (const row of rows) {
      const item = items.get(row.app) ?? this.#controller.createTestItem(row.app, label(row.app))
      item.description = label(row.command?.value ?? '')
      item.canResolveChildren = row.lastRun?.tests !== null && row.lastRun?.tests?.source !== 'output'
      items.add(item)
      // Who looks at the tests of a run sees those of the next one, whoever ran it.
      if (this.#told.has(row.app) && row.lastRun !== null && this.#told.get(row.app) !== row.lastRun.run)
        void this.#deps.report.guard(() => this.#tell(item, row))
    }
  }

  async #resolve(item: TestItem | undefined): Promise<void> {
    if (item === undefined) {
      // The apps come with the snapshot; this is asked for when the view opens before that.
      this.#show()
      return
    }
    const row = this.#deps.model.snapshot('jobs')?.tests.find(({ app }) => app === item.id)
    if (row !== undefined) await this.#deps.report.guard(() => this.#tell(item, row))
  }

  /** Puts the tests of the last run below an app, with how they went. */
  async #tell(item: TestItem, { app, lastRun }: TestsRow): Promise<void> {
    if (lastRun === null || this.#told.get(app) === lastRun.run) return
    this.#told.set(app, lastRun.run)
    const { cases, folder } = await this.#deps.model.query('tests.show', { run: lastRun.run })
    const run = this.#controller.createTestRun(new TestRunRequest([item]), app, false)
    this.#place(run, item, cases, folder)
    this.#judge(run, item, lastRun)
    run.end()
  }

  async #run({ include }: TestRunRequest, token: CancellationToken): Promise<void> {
    const chosen = new Map<string, TestItem>()
    const all = [...this.#controller.items].map(([, item]) => item)
    // A command runs all tests of its app: a test below it stands for them.
    for (const item of include ?? all) chosen.set(appOf(item).id, appOf(item))
    const run = this.#controller.createTestRun(new TestRunRequest([...chosen.values()]))
    try {
      await Promise.all([...chosen.values()].map((item) => this.#runOne(run, item, token)))
    } finally {
      run.end()
    }
  }

  async #runOne(run: TestRun, item: TestItem, token: CancellationToken): Promise<void> {
    const { actions, model } = this.#deps
    const app = item.id
    const question = { message: '', detail: '', yes: '', name: app }
    run.started(item)
    try {
      const begun = await actions.run({ name: 'tests.run', params: { app }, question })
      const cancelling = token.onCancellationRequested(() => {
        void this.#deps.report.guard(() =>
          actions.run({ name: 'tests.cancel', params: { run: begun.run }, question }),
        )
      })
      try {
        const ended = await readRun(model, begun.run, new AbortController().signal, (text) =>
          run.appendOutput(forTerminal(text), undefined, item),
        )
        this.#told.set(app, ended.run)
        const { cases, folder } = await model.query('tests.show', { run: ended.run })
        this.#place(run, item, cases, folder)
        this.#judge(run, item, ended)
      } finally {
        cancelling.dispose()
      }
    } catch (error) {
      const hint = error instanceof Failure ? ` ${l10n.t(error.hint)}` : ''
      run.errored(item, new TestMessage(fullText(`${messageOf(error)}${hint}`)))
    }
  }

  /** Puts tests below an app, in what they stand in, each with how it went. */
  #place(run: TestRun, item: TestItem, cases: readonly TestCase[], folder: string): void {
    item.children.replace([])
    const seen = new Map<string, number>()
    for (const one of cases) {
      const suite = one.suite.reduce((parent, name) => this.#childOf(parent, name), item)
      const times = (seen.get(`${suite.id}\n${one.name}`) ?? 0) + 1
      seen.set(`${suite.id}\n${one.name}`, times)
      const place = placeOf(one, folder)
      const id = `${suite.id}\n${one.name}${times === 1 ? '' : `\n${times}`}`
      const test = this.#controller.createTestItem(id, label(one.name), place?.uri)
      if (place !== null) test.range = place.range
      suite.children.add(test)
      if (one.state === 'skipped') run.skipped(test)
      else if (one.state === 'passed') run.passed(test, one.durationMs ?? undefined)
      else run.failed(test, messageFor(one, place), one.durationMs ?? undefined)
    }
  }

  #childOf(parent: TestItem, name: string): TestItem {
    const id = `${parent.id}\n${name}`
    const known = parent.children.get(id)
    if (known !== undefined) return known
    const made = this.#controller.createTestItem(id, label(name))
    parent.children.add(made)
    return made
  }

  /** An app's own entry says how its command ended, which its tests need not say. */
  #judge(run: TestRun, item: TestItem, { state, reason, durationMs, tests: counts }: RunRow): void {
    const duration = durationMs ?? undefined
    if (state === 'passed') return run.passed(item, duration)
    if (state === 'cancelled') return run.skipped(item)
    const failed = counts === null ? null : l10n.t('{0} failed', counts.failed)
    const words = [failed, reason ?? runStateWord(state)].filter((part) => part !== null).join(' · ')
    run.failed(item, new TestMessage(fullText(words)), duration)
  }
}

function appOf(item: TestItem): TestItem {
  let app = item
  while (app.parent !== undefined) app = app.parent
  return app
}

/** Where a test stands, when its report says so and that is within the app's folder. */
function placeOf({ file, line }: TestCase, folder: string): Location | null {
  if (file === null) return null
  const whole = path.resolve(folder, file)
  if (!whole.startsWith(folder + path.sep)) return null
  return new Location(Uri.file(whole), new Position(Math.max(0, (line ?? 1) - 1), 0))
}

function messageFor({ message }: TestCase, place: Location | null): TestMessage {
  const text = new TestMessage(fullLines(message ?? l10n.t('failed')))
  if (place !== null) text.location = place
  return text
}

/** Lines stay lines; what else could act on a terminal is shown as what it is. */
const fullLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => printableLine(line, false))
    .join('\n')
