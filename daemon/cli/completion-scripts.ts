import type { CompletionNode } from './completion.ts'

/** A word in single quotes, as POSIX shells and fish take it. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

const flagsWithValue = (nodes: readonly CompletionNode[]): string =>
  [
    ...new Set(
      nodes.flatMap(({ options }) => options.filter(({ value }) => value !== 'none').map(({ flag }) => flag)),
    ),
  ].join('|')

/** Branches of a `case` on `path|flag` for the values of flags: one for each flag, or for each path where they differ. */
const valueCases = (
  nodes: readonly CompletionNode[],
  choices: (words: string) => string,
  files: string,
): string[] => {
  const cases = new Map<string, Map<string, string>>()
  for (const { path, options } of nodes) {
    for (const { flag, value } of options) {
      if (value === 'none') continue
      const action = value === 'file' ? files : value === 'any' ? 'return' : choices(value.join(' '))
      cases.set(flag, (cases.get(flag) ?? new Map<string, string>()).set(path, action))
    }
  }
  return [...cases].flatMap(([flag, actions]) => {
    const [only, ...others] = new Set(actions.values())
    if (only !== undefined && others.length === 0) return [`    *${quoted(`|${flag}`)}) ${only} ;;`]
    return [...actions].map(([path, action]) => `    ${quoted(`${path}|${flag}`)}) ${action} ;;`)
  })
}

/** Finds the noun and verb among the words typed so far, past flags and their values. */
const pathLoop = (nodes: readonly CompletionNode[], from: string, to: string): string[] => {
  const known = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  return [
    '  local path="" i word next',
    `  for ((i = ${from}; i < ${to}; i++)); do`,
    '    word="${words[i]}"',
    '    case "$word" in',
    `      ${flagsWithValue(nodes)}) ((i++)); continue ;;`,
    '      -*) continue ;;',
    '    esac',
    '    next="${path:+$path }$word"',
    '    case "$next" in',
    `      ${known.join('|')}) path="$next" ;;`,
    '    esac',
    '  done',
  ]
}

function bash(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map(({ path, words, options }) => {
    const flags = options.map(({ flag }) => flag).join(' ')
    const verbs = words.map(({ word }) => word).join(' ')
    return `    ${quoted(path)}) flags=${quoted(flags)}; verbs=${quoted(verbs)} ;;`
  })
  return `${[
    '# quantum-admin completion for bash. Put this into ~/.bashrc:',
    '#   source <(quantum-admin completion bash)',
    '_quantum_admin() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local -a words=("${COMP_WORDS[@]}")',
    '  COMPREPLY=()',
    ...pathLoop(nodes, '1', 'COMP_CWORD'),
    '  case "$path|$prev" in',
    ...valueCases(
      nodes,
      (words) => `COMPREPLY=($(compgen -W ${quoted(words)} -- "$cur")); return`,
      'COMPREPLY=($(compgen -f -- "$cur")); return',
    ),
    '  esac',
    '  local flags="" verbs=""',
    '  case "$path" in',
    ...cases,
    '  esac',
    '  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))',
    '  else COMPREPLY=($(compgen -W "$verbs" -- "$cur")); fi',
    '}',
    'complete -F _quantum_admin quantum-admin',
  ].join('\n')}\n`
}

/** In `_describe`, a colon parts the word from what it means. */
const described = (word: string, description: string): string =>
  quoted(description === '' ? word : `${word.replaceAll(':', String.raw`\:`)}:${description}`)

function zsh(nodes: readonly CompletionNode[]): string {
  const cases = nodes.map(({ path, words, options }) => {
    const flags = options.map(({ flag, description }) => described(flag, description)).join(' ')
    const verbs = words.map(({ word, description }) => described(word, description)).join(' ')
    return `    ${quoted(path)}) flags=(${flags}); verbs=(${verbs}) ;;`
  })
  return `${[
    '#compdef quantum-admin',
    '# quantum-admin completion for zsh. Put this into ~/.zshrc, after compinit:',
    '#   source <(quantum-admin completion zsh)',
    '_quantum_admin() {',
    '  local cur="${words[CURRENT]}" prev="${words[CURRENT-1]}"',
    ...pathLoop(nodes, '2', 'CURRENT'),
    '  case "$path|$prev" in',
    ...valueCases(nodes, (words) => `compadd -- ${words}; return`, '_files; return'),
    '  esac',
    '  local -a flags verbs',
    '  case "$path" in',
    ...cases,
    '  esac',
    "  if [[ \"$cur\" == -* ]]; then _describe 'flag' flags; else _describe 'command' verbs; fi",
    '}',
    'if (( $+functions[compdef] )); then compdef _quantum_admin quantum-admin; fi',
  ].join('\n')}\n`
}

/** `path` is tied to `PATH` in zsh, so the loop's variable has another name there. */
const zshSafe = (script: string): string => script.replaceAll(/\bpath\b/g, 'typed')

function fish(nodes: readonly CompletionNode[]): string {
  const lines = nodes.flatMap(({ path, words, options }) => {
    const condition = `-n ${quoted(`__quantum_admin_at ${quoted(path)}`)}`
    return [
      ...words.map(
        ({ word, description }) =>
          `complete -c quantum-admin -f ${condition} -a ${quoted(word)} -d ${quoted(description)}`,
      ),
      ...options.map(({ flag, description, value }) => {
        const long = `-l ${flag.replace(/^--/, '')} -d ${quoted(description)}`
        if (value === 'none') return `complete -c quantum-admin -f ${condition} ${long}`
        if (value === 'file') return `complete -c quantum-admin ${condition} ${long} -r -F`
        if (value === 'any') return `complete -c quantum-admin -f ${condition} ${long} -r`
        return `complete -c quantum-admin -f ${condition} ${long} -r -a ${quoted(value.join(' '))}`
      }),
    ]
  })
  const known = nodes.map(({ path }) => quoted(path)).join(' ')
  return `${[
    '# quantum-admin completion for fish. Save it as ~/.config/fish/completions/quantum-admin.fish.',
    'function __quantum_admin_at',
    '  set -l typed ""',
    '  set -l skip 0',
    '  for word in (commandline -opc)[2..]',
    '    if test $skip = 1; set skip 0; continue; end',
    '    switch $word',
    `      case ${flagsWithValue(nodes).replaceAll('|', ' ')}; set skip 1`,
    "      case '-*'; continue",
    "      case '*'",
    '        set -l next (string trim "$typed $word")',
    `        if contains -- "$next" ${known}; set typed $next; end`,
    '    end',
    '  end',
    '  test "$typed" = "$argv[1]"',
    'end',
    ...lines,
  ].join('\n')}\n`
}

export const scripts = { bash, zsh: (nodes: readonly CompletionNode[]) => zshSafe(zsh(nodes)), fish }
