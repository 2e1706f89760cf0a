import { commands, env, ExtensionMode, Uri, type ExtensionContext } from 'vscode'
import type { ErrorCode } from '#contract/errors.ts'
import { Failure } from '#base/failure.ts'
import { docsAddress } from './docs-address.ts'
import { settings } from './settings.ts'

/** A page of the documentation, by its path under docs/. */
export type DocsPage =
  | 'README.md'
  | 'apps.md'
  | 'audit.md'
  | 'connectors.md'
  | 'metrics.md'
  | `errors/${ErrorCode}.md`

/** Opens documentation: the address of the settings, else the pages shipped with the extension. */
export class Documentation {
  readonly #context: ExtensionContext

  constructor(context: ExtensionContext) {
    this.#context = context
  }

  /** @throws Failure `wrong-use` when the setting is not an http or https address. */
  async open(page: DocsPage = 'README.md'): Promise<void> {
    const development = this.#context.extensionMode === ExtensionMode.Development
    const { docsUrl, docsDevelopmentUrl } = settings()
    const base = development && docsDevelopmentUrl !== '' ? docsDevelopmentUrl : docsUrl
    if (base === '') {
      const file = Uri.joinPath(this.#context.extensionUri, 'docs', ...page.split('/'))
      await commands.executeCommand('markdown.showPreview', file)
      return
    }
    const address = docsAddress(base, page)
    if (address === undefined)
      throw new Failure('wrong-use', `The address of the documentation is not http or https: ${base}`)
    await env.openExternal(Uri.parse(address, true))
  }
}
