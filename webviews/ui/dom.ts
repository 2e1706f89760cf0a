/** Attributes that only say something: none that runs, loads or styles. */
type Attributes = Readonly<Partial<Record<`aria-${string}` | Plain, string | number | boolean | null>>>
type Plain =
  | 'appearance'
  | 'class'
  | 'dir'
  | 'data-key'
  | 'data-revision'
  | 'disabled'
  | 'for'
  | 'id'
  | 'placeholder'
  | 'role'
  | 'scope'
  | 'spellcheck'
  | 'tabindex'
  | 'title'
  | 'type'
  | 'value'

export type Child = Node | string | null

/** Makes an element. Texts become text nodes, never markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K]
export function h(tag: string, attributes?: Attributes, ...children: readonly Child[]): HTMLElement
export function h(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value ?? null)
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Sets an attribute, or takes it away for null and false; `true` is an attribute without a value, except in ARIA. */
export function setAttribute(element: Element, name: string, value: string | number | boolean | null): void {
  const aria = name.startsWith('aria-')
  if (value === null || (value === false && !aria)) element.removeAttribute(name)
  else element.setAttribute(name, value === true && !aria ? '' : String(value))
}

/** Puts other children in the place of those that are there. */
export const fill = (element: Element, ...children: readonly Child[]): void =>
  element.replaceChildren(...children.filter((child) => child !== null))

/** A control of VS Code's toolkit that says it was pressed. */
export function button(label: string, press: () => void, attributes: Attributes = {}): HTMLElement {
  const element = h('vscode-button', { appearance: 'secondary', ...attributes }, label)
  element.addEventListener('click', press)
  return element
}

/** A button that looks like a word of the text. */
export function wordButton(label: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = h('button', { type: 'button', class: 'word', ...attributes }, label)
  element.addEventListener('click', (event) => {
    event.stopPropagation()
    press()
  })
  return element
}

/** Runs at most once for each frame that is drawn. */
export function oncePerFrame(run: () => void): () => void {
  let asked = false
  return () => {
    if (asked) return
    asked = true
    requestAnimationFrame(() => {
      asked = false
      run()
    })
  }
}
