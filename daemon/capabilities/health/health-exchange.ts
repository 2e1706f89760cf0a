import type { ExportedChecks, ImportedChecks } from '#contract/health.ts'
import type { ConfigFiles } from '../../adapters/project/config-files.ts'
import type { Imported } from '../../exchange/import-checks.ts'
import type { Change } from '../../kernel/execute.ts'
import type { AppHealth } from './app-health.ts'
import { exportedCheck, type PlannedCheck } from './check-plan.ts'
import { noApp } from './chosen-checks.ts'

export interface HealthExchangeDeps {
  readonly configs: ConfigFiles
  /** Settles when what is known of the apps is new enough. */
  readonly look: () => Promise<void>
  readonly app: (name: string) => AppHealth | undefined
  /** What is checked. */
  readonly plans: () => readonly PlannedCheck[]
  /** Takes secrets out of a text. */
  readonly hide: (text: string) => string
}

/** Checks in the words of other tools, taken from them and given to them. */
export class HealthExchange {
  readonly #deps: HealthExchangeDeps

  constructor(deps: HealthExchangeDeps) {
    this.#deps = deps
  }

  /** @throws Failure `invalid-params` for a text that is of neither tool, `not-found`. */
  async preview(text: string, app: string | null): Promise<ImportedChecks> {
    const found = app === null ? null : await this.#deps.configs.read(await this.#folder(app))
    const { checkNames, importChecks } = await reading()
    return shown(await importChecks(text, checkNames(found?.text ?? '')), null)
  }

  /** Writes all of it, or nothing. @throws Failure as {@link preview}, and `conflict`. */
  async import(change: Change, app: string, text: string): Promise<ImportedChecks> {
    const { configs } = this.#deps
    const folder = await this.#folder(app)
    const before = await configs.read(folder)
    const { checkNames, importChecks, withChecks } = await reading()
    const imported = await importChecks(text, checkNames(before?.text ?? ''))
    const { format, checks, monitors } = imported
    const leftOut = monitors.filter(({ check }) => check === null).length
    if (checks.size === 0) {
      change.note({ format, checks: 0, leftOut })
      return shown(imported, null)
    }
    const after = withChecks(before?.text ?? '', checks)
    const file = await configs.replace(change, folder, before, after)
    change.note({ format, file, checks: [...checks.keys()].slice(0, 100), leftOut })
    return shown(imported, file)
  }

  /** @throws Failure `not-found`. */
  async export(app: string | undefined): Promise<ExportedChecks> {
    const { hide, look, plans } = this.#deps
    await (app === undefined ? look() : this.#folder(app))
    const wanted = plans().filter((plan) => app === undefined || plan.app === app)
    const checks = wanted.map((plan) => exportedCheck(plan, this.#deps.app(plan.app)?.port ?? null))
    const { gatusYaml } = await import('../../exchange/gatus-export.ts')
    const { text, notes } = gatusYaml(checks)
    return { text: hide(text), notes: notes.map((note) => hide(note)) }
  }

  /** @throws Failure `not-found`. */
  async #folder(app: string): Promise<string> {
    await this.#deps.look()
    const found = this.#deps.app(app)
    if (found === undefined) throw noApp(app)
    return found.folder
  }
}

/** Loaded when somebody imports: most never do, and YAML takes megabytes. */
const reading = async () => ({
  ...(await import('../../exchange/config-edit.ts')),
  ...(await import('../../exchange/import-checks.ts')),
})

const shown = (imported: Imported, written: string | null): ImportedChecks => {
  const { format, version, monitors, secrets, notes, yaml } = imported
  return { format, version, monitors, secrets, notes, yaml, written }
}
