import { l10n, window } from 'vscode'
import { dangers } from '#contract/dangers.ts'
import type { CommandName, Params, Result } from '#contract/index.ts'
import type { Danger } from '#contract/method.ts'
import { Failure } from '#base/failure.ts'
import { withoutLinks } from './display.ts'
import type { SendCommand } from './model.ts'

/** What a person is asked before something dangerous. */
export interface Question {
  readonly message: string
  /** Everything needed to decide, on lines. */
  readonly detail: string
  /** The verb on the button. */
  readonly yes: string
  /** What has to be typed where a command asks for that. */
  readonly name: string
}

/** What a person is asked before something leaves a list. @param detail - what it is, or what that means. */
export const removal = (name: string, message: string, detail: string): Question => ({
  message,
  detail,
  yes: l10n.t('Remove'),
  name,
})

export interface Action<M extends CommandName> {
  readonly name: M
  readonly params: Params<M>
  readonly question: Question
  readonly onPiece?: (piece: unknown) => unknown
  readonly signal?: AbortSignal
}

export interface ActionsDeps {
  readonly send: SendCommand
  readonly isTrusted: () => boolean
}

/** The one place that sends commands: no command leaves without the confirmation its contract asks for. */
export class Actions {
  readonly #deps: ActionsDeps

  constructor(deps: ActionsDeps) {
    this.#deps = deps
  }

  /** For commands that ask for more before they act. @throws Failure `untrusted` in Restricted Mode. */
  requireTrust(): void {
    if (!this.#deps.isTrusted())
      throw new Failure('untrusted', 'Commands are not sent from a workspace in Restricted Mode')
  }

  /** @throws Failure `cancelled` when the person said no, else the daemon's. */
  async run<M extends CommandName>(action: Action<M>): Promise<Result<M>> {
    await this.#ask(action.name, action.question)
    return this.#deps.send(action.name, action.params, {
      ...(action.onPiece === undefined ? {} : { onPiece: action.onPiece }),
      ...(action.signal === undefined ? {} : { signal: action.signal }),
    })
  }
  /** One command for each of several things, with one question for all of them. Each goes as it goes, whatever the others do. */
  async runEach<M extends CommandName>(
    name: M,
    each: readonly Params<M>[],
    question: Question,
  ): Promise<readonly PromiseSettledResult<Result<M>>[]> {
    await this.#ask(name, question)
    return Promise.allSettled(each.map((params) => this.#deps.send(name, params)))
  }

  async #ask(name: CommandName, question: Question): Promise<void> {
    this.requireTrust()
    const danger = dangerOf(name)
    if (danger === 'confirm' && !(await confirmed(question))) throw declined()
    if (danger === 'typed' && !(await typed(question))) throw declined()
  }
}

/** Widened, because no command asks for a typed name yet. */
const dangerOf = (name: CommandName): Danger => dangers[name]

const declined = (): Failure => new Failure('cancelled', 'Nothing was done')

async function confirmed({ message, detail, yes }: Question): Promise<boolean> {
  return (await window.showWarningMessage(withoutLinks(message), { modal: true, detail }, yes)) === yes
}

async function typed({ message, detail, name }: Question): Promise<boolean> {
  const answer = await window.showInputBox({
    title: message,
    prompt: l10n.t('{0} Type {1} to go on.', detail, name),
    ignoreFocusOut: true,
  })
  return answer === name
}
