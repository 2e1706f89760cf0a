import { workspace, type TextDocument } from 'vscode'
import { Lifetime, type Owned } from '#base/lifetime.ts'
import type { Report } from '../report.ts'
import { isConfiguration } from './config-file.ts'
import type { LanguageDeps } from './features.ts'

/** Brings the language features of configurations as soon as one is open; until then they cost nothing. */
export function followConfigurations(deps: LanguageDeps & { readonly report: Report }): Owned {
  const lifetime = new Lifetime()
  let begun = false
  const look = async (documents: readonly TextDocument[]): Promise<void> => {
    if (begun || !documents.some(({ uri }) => isConfiguration(uri))) return
    begun = true
    const { LanguageFeatures } = await import('./features.ts')
    if (lifetime.disposed) return
    await lifetime.own(new LanguageFeatures(deps)).start()
  }
  const guarded = (documents: readonly TextDocument[]) => void deps.report.guard(() => look(documents))
  lifetime.own(workspace.onDidOpenTextDocument((document) => guarded([document])))
  guarded(workspace.textDocuments)
  return lifetime
}
