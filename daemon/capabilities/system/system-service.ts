import type { DaemonStatus, DoctorCheck } from '#contract/system.ts'
import { Failure } from '#base/failure.ts'
import { isNewer, type Build } from '#base/version.ts'
import type { Change } from '../../kernel/execute.ts'

interface SystemDeps {
  readonly build: Build
  readonly status: () => DaemonStatus
  /** Each answers one line of `doctor`; a check that throws is a failed line, not a failed report. */
  readonly checks: readonly (() => Promise<DoctorCheck> | DoctorCheck)[]
  /** Begins the end: answers first, then lets go of everything. */
  readonly stop: () => void
}

/** The daemon itself: what it is, whether it is well, and how it goes. */
export class SystemService {
  readonly #deps: SystemDeps

  constructor(deps: SystemDeps) {
    this.#deps = deps
  }

  status(): DaemonStatus {
    return this.#deps.status()
  }

  async doctor(): Promise<readonly DoctorCheck[]> {
    return Promise.all(
      this.#deps.checks.map(async (check) => {
        try {
          return await check()
        } catch (error) {
          const failure = error instanceof Failure ? error : undefined
          return { name: 'check', ok: false, message: String(error), hint: failure?.hint ?? null }
        }
      }),
    )
  }

  stop(_change: Change): null {
    this.#deps.stop()
    return null
  }

  /** @throws Failure `conflict` unless the one that asks is newer. */
  handOver(change: Change, asking: Build): null {
    change.note({ old: this.#deps.build, new: asking })
    if (!isNewer(asking, this.#deps.build)) {
      throw new Failure(
        'conflict',
        `Build ${asking.version} ${asking.id} is not newer than this daemon's ${this.#deps.build.version} ${this.#deps.build.id}`,
      )
    }
    this.#deps.stop()
    return null
  }
}
