import type { ExtensionLiterals } from './extension-literals.ts'

/** The parts of an extension's package.json that code must keep in step with. */
export interface Manifest {
  readonly [member: string]: unknown
  readonly contributes: {
    readonly commands?: readonly { readonly command: string }[]
    readonly menus?: Readonly<Record<string, readonly MenuItem[]>>
    readonly submenus?: readonly { readonly id: string }[]
    readonly views?: Readonly<Record<string, readonly { readonly id: string; readonly when?: string }[]>>
    readonly viewsWelcome?: readonly {
      readonly view: string
      readonly contents: string
      readonly when?: string
    }[]
    readonly keybindings?: readonly { readonly command: string; readonly when?: string }[]
    readonly configuration?: Configuration | readonly Configuration[]
  }
}

interface MenuItem {
  readonly command?: string
  readonly submenu?: string
  readonly when?: string
}

interface Configuration {
  readonly properties: Readonly<Record<string, unknown>>
}

export type Texts = Readonly<Record<string, string>>

/** What is written in one place and missing in the other, as sentences. */
export function contributionProblems(manifest: Manifest, code: ExtensionLiterals): readonly string[] {
  const { contributes } = manifest
  const commands = new Set((contributes.commands ?? []).map(({ command }) => command))
  const submenus = new Set((contributes.submenus ?? []).map(({ id }) => id))
  const views = new Set(Object.values(contributes.views ?? {}).flatMap((group) => group.map(({ id }) => id)))
  const items = Object.values(contributes.menus ?? {}).flat()
  const settings = settingsOf(contributes.configuration)
  const text = JSON.stringify(contributes)
  const named = whenClauses(manifest).flatMap((when) => when.match(/(config\.)?quantumAdmin\.[\w.]+/g) ?? [])
  const conditions = named.filter((name) => !name.startsWith('config.'))
  const asked = named
    .filter((name) => name.startsWith('config.'))
    .map((name) => name.slice('config.quantumAdmin.'.length))
  const linked = [...text.matchAll(/command:(quantumAdmin\.[\w.]+)/g)].map(([, id]) => id ?? '')
  return [
    ...lacking(commands, code.handlers, 'is contributed, and nothing handles it'),
    ...lacking(code.handlers, new Set([...commands, ...code.mentions]), 'is handled, and nothing offers it'),
    ...lacking(views, code.views, 'is a contributed view that nothing fills'),
    ...lacking(code.views, views, 'is a view in code that is not contributed'),
    ...lacking(settings, code.settings, 'is a setting that nothing reads'),
    ...lacking(code.settings, settings, 'is read as a setting and not contributed'),
    ...lacking(
      present(items.map(({ command }) => command)),
      commands,
      'stands in a menu and is not a command',
    ),
    ...lacking(
      present(items.map(({ submenu }) => submenu)),
      submenus,
      'stands in a menu and is not a submenu',
    ),
    ...lacking(linked, commands, 'is linked in a welcome text or walkthrough and is not a command'),
    ...lacking(
      (contributes.viewsWelcome ?? []).map(({ view }) => view),
      views,
      'has a welcome and is not a view',
    ),
    ...lacking(asked, settings, 'decides a when-clause and is not a setting'),
    ...lacking(
      conditions,
      new Set([...code.mentions, ...views]),
      'decides a when-clause, and nothing sets it',
    ),
  ]
}

/** Every place with a `%key%` against every language file, and the languages against one another. */
export function translationProblems(
  manifest: Manifest,
  languages: Readonly<Record<string, Texts>>,
  code: ExtensionLiterals,
  bundles: Readonly<Record<string, Texts>>,
): readonly string[] {
  const keys = new Set([...JSON.stringify(manifest).matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? ''))
  const [english = {}] = Object.values(languages)
  return [
    ...Object.entries(languages).flatMap(([file, texts]) => [
      ...lacking(keys, new Set(Object.keys(texts)), `is missing in ${file}`),
      ...lacking(Object.keys(texts), keys, `stands in ${file} and is not used`),
      ...differingPlaceholders(file, english, texts),
    ]),
    ...Object.entries(bundles).flatMap(([file, texts]) => [
      ...lacking(code.texts, new Set(Object.keys(texts)), `is missing in ${file}`),
      ...lacking(Object.keys(texts), code.texts, `stands in ${file} and is not used`),
      ...differingPlaceholders(file, Object.fromEntries([...code.texts].map((text) => [text, text])), texts),
    ]),
  ]
}

function lacking(wanted: Iterable<string>, there: ReadonlySet<string>, problem: string): readonly string[] {
  return [...new Set(wanted)].filter((id) => !there.has(id)).map((id) => `${id} ${problem}`)
}

const present = (values: readonly (string | undefined)[]): readonly string[] =>
  values.filter((value) => value !== undefined)

/** A translation that loses `{0}` loses the name it stands for. */
function differingPlaceholders(file: string, original: Texts, translated: Texts): readonly string[] {
  const places = (text: string) =>
    JSON.stringify([...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted((a, b) => (a < b ? -1 : 1)))
  return Object.entries(translated).flatMap(([key, text]) =>
    original[key] === undefined || places(original[key]) === places(text)
      ? []
      : [`${key} has other placeholders in ${file}`],
  )
}

function settingsOf(configuration: Manifest['contributes']['configuration']): ReadonlySet<string> {
  const all = configuration === undefined ? [] : [configuration].flat()
  const names = (all as readonly Configuration[]).flatMap(({ properties }) => Object.keys(properties))
  return new Set(names.map((name) => name.replace(/^quantumAdmin\./, '')))
}

/** Every `when`, `enablement` and `icon` condition, wherever it stands. */
function whenClauses(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(whenClauses)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    (key === 'when' || key === 'enablement') && typeof member === 'string' ? [member] : whenClauses(member),
  )
}
