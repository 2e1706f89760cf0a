import {
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  window,
  type TreeDataProvider,
  type TreeView,
} from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import { fullText } from '../display.ts'
import { failureOf, type Model } from '../model.ts'
import { retryWords } from './state-line.ts'
import { tooltip } from './tooltip.ts'

type Row = 'message' | 'hint' | 'retry'

/** Says what is wrong with the connection and when it is tried again. It is there only while something is. */
export class ProblemView implements TreeDataProvider<Row>, Owned {
  readonly #model: Model
  readonly #lifetime = new Lifetime()
  readonly #changed = new EventEmitter<Row | undefined>()
  readonly #view: TreeView<Row>
  #timer: NodeJS.Timeout | undefined
  readonly onDidChangeTreeData = this.#changed.event

  constructor(model: Model) {
    this.#model = model
    this.#lifetime.own(this.#changed)
    this.#view = this.#lifetime.own(window.createTreeView('quantumAdmin.problem', { treeDataProvider: this }))
    this.#lifetime.own(model.onState(() => this.#show()))
    this.#lifetime.own(this.#view.onDidChangeVisibility(() => this.#show()))
  }

  getChildren(): Row[] {
    if (failureOf(this.#model.state) === null) return []
    return retryWords(this.#model.state) === undefined ? ['message', 'hint'] : ['message', 'hint', 'retry']
  }

  getTreeItem(row: Row): TreeItem {
    const { state } = this.#model
    const failure = failureOf(state)
    if (row === 'message') {
      const icon = new ThemeIcon('warning', new ThemeColor('problemsWarningIcon.foreground'))
      // The line is cut where the side bar ends; the notification shows all of it.
      return line(row, failure?.message ?? '', icon, 'quantumAdmin.problem')
    }
    if (row === 'hint')
      return line(row, l10n.t(failure?.hint ?? ''), new ThemeIcon('lightbulb'), 'quantumAdmin.docs.learnMore')
    return line(row, retryWords(state) ?? '', new ThemeIcon('sync'), 'quantumAdmin.daemon.connect')
  }

  dispose(): Promise<void> {
    clearInterval(this.#timer)
    return this.#lifetime.dispose()
  }

  #show(): void {
    clearInterval(this.#timer)
    this.#changed.fire(undefined)
    if (this.#view.visible && this.#model.state.kind === 'waiting')
      this.#timer = setInterval(() => this.#changed.fire('retry'), 1000)
  }
}

function line(id: Row, text: string, icon: ThemeIcon, command: string): TreeItem {
  const item = new TreeItem(fullText(text))
  item.id = id
  item.iconPath = icon
  item.tooltip = tooltip(text, [])
  item.command = { command, title: text }
  item.accessibilityInformation = { label: fullText(text) }
  return item
}
