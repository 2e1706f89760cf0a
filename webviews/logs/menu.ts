import { fill, h, type Child } from '../ui/dom.ts'

/** A button of the toolkit that opens a few controls below it. */
export class Menu {
  readonly element: HTMLElement
  readonly #button: HTMLElement
  readonly #popup = h('div', { class: 'popup', role: 'group' })
  readonly #content: () => readonly Child[]

  /** @param content - what is in it, made anew each time it is opened. */
  constructor(label: string, content: () => readonly Child[]) {
    this.#content = content
    this.#button = h(
      'vscode-button',
      { appearance: 'secondary', 'aria-haspopup': 'true', 'aria-expanded': false, 'aria-label': label },
      label,
    )
    this.#popup.setAttribute('aria-label', label)
    this.#popup.hidden = true
    this.element = h('div', { class: 'menu' }, this.#button, this.#popup)
    this.#button.addEventListener('click', () => (this.#popup.hidden ? this.#show() : this.close()))
    this.element.addEventListener('keydown', (event) => this.#key(event))
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.element.contains(relatedTarget)) this.#hide()
    })
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !this.element.contains(target)) this.#hide()
    })
  }

  /** What the button says, and whether something is set in the menu. */
  label(text: string, active = false): void {
    this.#button.textContent = text
    this.#button.setAttribute('aria-label', text)
    this.#button.classList.toggle('active', active)
  }

  /** Makes what is in it anew, when it is open. */
  refresh(): void {
    if (!this.#popup.hidden) fill(this.#popup, ...this.#content())
  }

  /** Closes it and goes back to its button. */
  close(): void {
    if (this.#popup.hidden) return
    this.#hide()
    this.#button.focus()
  }

  #show(): void {
    fill(this.#popup, ...this.#content())
    this.#popup.hidden = false
    this.#button.setAttribute('aria-expanded', 'true')
    // It opens to the side that has room.
    this.#popup.classList.remove('leftwards')
    this.#popup.classList.toggle(
      'leftwards',
      this.#popup.getBoundingClientRect().right > document.body.clientWidth,
    )
    this.#controls()[0]?.focus()
  }

  #hide(): void {
    this.#popup.hidden = true
    this.#button.setAttribute('aria-expanded', 'false')
  }

  #controls(): readonly HTMLElement[] {
    return [
      ...this.#popup.querySelectorAll<HTMLElement>(
        'vscode-button, vscode-checkbox, vscode-text-field, button',
      ),
    ]
  }

  #key(event: KeyboardEvent): void {
    if (this.#popup.hidden) return
    if (event.key === 'Escape') this.close()
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const controls = this.#controls()
      const at = controls.findIndex((control) => control === document.activeElement)
      const next = at + (event.key === 'ArrowDown' ? 1 : -1)
      controls[(next + controls.length) % controls.length]?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
}

/** A checkbox of the toolkit. */
export function checkbox(label: string, checked: boolean, changed: (checked: boolean) => void): HTMLElement {
  const box = h('vscode-checkbox', {}, label) as HTMLElement & { checked: boolean }
  box.checked = checked
  box.addEventListener('change', () => {
    if (box.checked !== checked) changed((checked = box.checked))
  })
  return box
}
