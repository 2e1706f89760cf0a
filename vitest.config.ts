import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * One group after the other, so that suites which load the machine, count its ports or kill daemons do not disturb one
 * another. A group of one worker runs its files one by one.
 */
const group = (
  order: number,
  workers: number,
  name: string,
  include: readonly string[],
  exclude: readonly string[] = [],
) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    exclude: [...exclude],
    maxWorkers: workers,
    sequence: { groupOrder: order },
  },
})

/** What they measure is how long others wait, how much memory is held or the whole machine: nothing may run beside them. */
const alone = [
  'test/wire/rpc-slow-readers.test.ts',
  'test/security/flood.test.ts',
  'test/reliability/daemon-readers.test.ts',
  'test/reliability/daemon-life.test.ts',
  'test/integration/host-truth.test.ts',
  'test/integration/resources-truth.test.ts',
]

/** What takes longest for its size goes first, so that no worker is left alone with it at the end. */
const longest = ['language', 'apps', 'containers', 'hostile', 'pins', 'untrusted', 'states'].map(
  (name) => `test/vscode/${name}.test.ts`,
)

/** The order that Vitest knows from the last run, or else by size, after what is known to be long. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((file) => moduleId.endsWith(file))
      return at === -1 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Tests assert what comes about, not how soon: a machine may be busy with others.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      group(
        1,
        3,
        'unit',
        ['daemon', 'extension', 'migrations', 'webviews'].map((folder) => `${folder}/**/*.test.ts`),
      ),
      group(2, 2, 'architecture', ['test/architecture/**/*.test.ts']),
      group(3, 3, 'wire', ['test/wire/**/*.test.ts'], alone),
      group(4, 3, 'security', ['test/security/**/*.test.ts'], alone),
      group(5, 3, 'reliability', ['test/reliability/**/*.test.ts'], alone),
      group(6, 1, 'alone', alone),
      group(7, 3, 'integration', ['test/integration/**/*.test.ts'], alone),
      group(8, 3, 'vscode', ['test/vscode/**/*.test.ts']),
    ],
  },
})
