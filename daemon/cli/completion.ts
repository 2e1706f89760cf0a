import { Argument, type Command, type Option } from 'commander'
import type { Declare } from './noun.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

export const declare: Declare = (noun, _session, declareAll) => {
  noun
    .addArgument(new Argument('<shell>', 'which shell the script is for').choices(shells))
    .action((shell: Shell) => completion(noun.parent, declareAll, shell))
}

async function completion(root: Command | null, declareAll: () => void, shell: Shell): Promise<void> {
  if (root === null) return
  declareAll()
  const { scripts } = await import('./completion-scripts.ts')
  process.stdout.write(scripts[shell](nodes(root)))
}

/** What can follow some words: the same for every shell. */
export interface CompletionNode {
  /** The words so far, such as `ports lease`; empty for the beginning. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly description: string }[]
  readonly options: readonly {
    readonly flag: string
    readonly description: string
    /** What may stand after the flag: a choice, a file, or something that only the person knows. */
    readonly value: 'none' | 'file' | 'any' | readonly string[]
  }[]
}

/** The command tree, flattened, so that scripts follow the commands and cannot fall behind them. */
function nodes(root: Command): CompletionNode[] {
  const shared = root.options.filter((option) => !option.hidden).map(completionOption)
  const own = (command: Command): CompletionNode['options'] => [
    ...(command === root ? [] : command.options.filter((option) => !option.hidden).map(completionOption)),
    ...shared,
    { flag: '--help', description: 'show help', value: 'none' },
  ]
  const visit = (command: Command, path: string): CompletionNode[] => [
    {
      path,
      words: [
        ...command.commands.map((child) => ({ word: child.name(), description: child.description() })),
        ...command.registeredArguments.flatMap(({ argChoices }) =>
          (argChoices ?? []).map((word) => ({ word, description: '' })),
        ),
      ],
      options: own(command),
    },
    ...command.commands.flatMap((child) => visit(child, `${path} ${child.name()}`.trim())),
  ]
  return visit(root, '')
}

function completionOption(option: Option): CompletionNode['options'][number] {
  const flag = option.long ?? option.short ?? option.flags
  const description = option.description
  if (!option.required && !option.optional) return { flag, description, value: 'none' }
  if (option.argChoices !== undefined) return { flag, description, value: option.argChoices }
  return { flag, description, value: option.flags.includes('<file>') ? 'file' : 'any' }
}
