/** The colours and looks of the theme that is chosen. */
export interface Palette {
  readonly text: string
  readonly grid: string
  readonly incident: string
  readonly mark: string
  /** As the page's own. */
  readonly font: string
  readonly line: (index: number) => string
  /** Lengths of dashes and gaps in pixels; none for a line without. */
  readonly dash: (index: number) => number[]
  readonly highContrast: boolean
}

/** Not orange: the themes of VS Code let what is behind it show through. */
const lineTokens = ['blue', 'yellow', 'purple', 'green', 'red'].map((name) => `--vscode-charts-${name}`)
const dashes: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [10, 3, 2, 3], [5, 5], [2, 2, 6, 2]]

/** Reads the theme. Lines differ by colour, and where contrast is high, or colours do not reach, by their dashes too. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const body = getComputedStyle(document.body)
  const token = (...tokens: readonly string[]): string =>
    tokens.map((name) => style.getPropertyValue(name).trim()).find((colour) => colour !== '') ?? body.color
  const highContrast =
    document.body.classList.contains('vscode-high-contrast') ||
    document.body.classList.contains('vscode-high-contrast-light') ||
    matchMedia('(forced-colors: active)').matches
  const count = lineTokens.length
  return {
    text: token(
      highContrast ? '--vscode-foreground' : '--vscode-descriptionForeground',
      '--vscode-foreground',
    ),
    grid: token('--vscode-panel-border', '--vscode-widget-border', '--vscode-charts-lines'),
    incident: token('--vscode-testing-iconFailed', '--vscode-charts-red', '--vscode-errorForeground'),
    mark: token('--vscode-foreground'),
    font: `${Math.max(10, Number.parseFloat(body.fontSize) * 0.85)}px ${body.fontFamily}`,
    line: (index) =>
      token(lineTokens[index % count] ?? '', '--vscode-charts-foreground', '--vscode-foreground'),
    dash: (index) => [...(dashes[(highContrast ? index : Math.floor(index / count)) % dashes.length] ?? [])],
    highContrast,
  }
}

/** Tells when another theme was chosen: VS Code writes its colours onto the page and its kind into a class. */
export function onTheme(changed: () => void): () => void {
  const watch = new MutationObserver(changed)
  watch.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] })
  watch.observe(document.body, { attributes: true, attributeFilter: ['class'] })
  return () => watch.disconnect()
}
