/** What the keyboard does in the page. */
export interface KeyActions {
  readonly search: () => void
  readonly follow: () => void
  readonly copy: () => void
  readonly find: (step: 1 | -1) => void
  /** Back to the list, or closes what is open in it. */
  readonly back: () => void
  readonly move: (rows: number) => void
  readonly page: (pages: 1 | -1) => void
  readonly first: () => void
  readonly last: () => void
  readonly toggle: () => void
}

/** Keys that mean something where nothing is typed. */
const inList: Readonly<Record<string, (actions: KeyActions) => void>> = {
  ArrowUp: ({ move }) => move(-1),
  ArrowDown: ({ move }) => move(1),
  PageUp: ({ page }) => page(-1),
  PageDown: ({ page }) => page(1),
  Home: ({ first }) => first(),
  End: ({ last }) => last(),
  Enter: ({ toggle }) => toggle(),
  c: ({ copy }) => copy(),
}

/** Anywhere but in a control that takes letters. */
const onPage: Readonly<Record<string, (actions: KeyActions) => void>> = {
  '/': ({ search }) => search(),
  f: ({ follow }) => follow(),
}

/** Listens to the keyboard. @param list - the element that the rows are in. */
export function followKeys(root: HTMLElement, list: HTMLElement, actions: KeyActions): void {
  root.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey) return
    const act = actionOf(event, list, actions)
    if (act === null) return
    event.preventDefault()
    act()
  })
}

function actionOf(event: KeyboardEvent, list: HTMLElement, actions: KeyActions): (() => void) | null {
  const { key, shiftKey } = event
  if (event.ctrlKey || event.metaKey) return key === 'f' ? actions.search : null
  if (key === 'F3') return () => actions.find(shiftKey ? -1 : 1)
  if (key === 'Escape') return actions.back
  const target = event.target instanceof HTMLElement ? event.target : null
  if (target?.matches('vscode-text-field, vscode-dropdown, input, textarea')) return null
  const own = onPage[key]
  if (own !== undefined) return () => own(actions)
  const inside = inList[key]
  return inside !== undefined && target === list ? () => inside(actions) : null
}
