import { spawn } from 'node:child_process'

/** Asks the desktop to open a web address. @returns false where there is no desktop to ask. */
export function openInBrowser(url: URL): Promise<boolean> {
  const [command, ...words] = opener(url)
  if (command === undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    const child = spawn(command, words, { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
    // Some browsers stay in the foreground of their opener: that they run is enough.
    setTimeout(() => resolve(true), 2000).unref()
    child.unref()
  })
}

/** The address is one argument that begins with `http`, and no shell reads it. */
function opener(url: URL): string[] {
  if (process.platform === 'darwin') return ['open', url.href]
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url.href]
  const { DISPLAY, WAYLAND_DISPLAY, BROWSER, WSL_DISTRO_NAME } = process.env
  // VS Code's terminals set BROWSER to a program that opens addresses on the machine the person sits at.
  if (BROWSER !== undefined && BROWSER !== '' && !BROWSER.includes(' ')) return [BROWSER, url.href]
  if (WSL_DISTRO_NAME !== undefined) return ['wslview', url.href]
  return DISPLAY === undefined && WAYLAND_DISPLAY === undefined ? [] : ['xdg-open', url.href]
}
