import { env, Uri, type Webview } from 'vscode'
import { randomBytes } from 'node:crypto'

/** Where the pages' scripts and styles lie: all that a page may load from. */
export const pageFolder = (extension: Uri): Uri => Uri.joinPath(extension, 'dist', 'webviews')

/**
 * The frame of a page: one script and one style sheet, each by a nonce that nobody else knows. Nothing else is loaded, run
 * or sent; what the page shows it makes itself, from messages. The toolkit of VS Code brings its styles as sheets that a
 * script makes, which no policy looks at, but for one empty element by which it asks the browser what it can: that is
 * what the nonce for styles is told for.
 */
export function pageHtml(webview: Webview, extension: Uri, name: string): string {
  const [script, style] = [nonce(), nonce()]
  const address = (file: string) => String(webview.asWebviewUri(Uri.joinPath(pageFolder(extension), file)))
  const policy = `default-src 'none'; script-src 'nonce-${script}'; style-src 'nonce-${style}'`
  return `<!doctype html>
<html lang="${attribute(env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${style}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" nonce="${style}" href="${attribute(address(`${name}.css`))}">
</head>
<body>
<script nonce="${script}" src="${attribute(address(`${name}.js`))}"></script>
</body>
</html>`
}

const nonce = (): string => randomBytes(16).toString('base64')

const attribute = (text: string): string =>
  text.replaceAll(/[&"<>]/g, (character) => `&#${character.codePointAt(0) ?? 0};`)
