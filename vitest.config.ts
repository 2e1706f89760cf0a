import { defineConfig } from 'vitest/config'

/**
 * One group after the other, so that suites which load the machine, count its ports or kill daemons do not disturb one
 * another. A group of one worker runs its files one by one.
 */
const group = (order: number, workers: number, name: string, include: readonly string[]) => ({
  extends: true as const,
  test: { name, include: [...include], maxWorkers: workers, sequence: { groupOrder: order } },
})

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      group(1, 2, 'unit', ['daemon/**/*.test.ts', 'extension/**/*.test.ts', 'migrations/**/*.test.ts']),
      group(2, 2, 'architecture', ['test/architecture/**/*.test.ts']),
      group(3, 2, 'wire', ['test/wire/**/*.test.ts']),
      group(4, 2, 'security', ['test/security/**/*.test.ts']),
      group(5, 2, 'reliability', ['test/reliability/**/*.test.ts']),
      group(6, 1, 'integration', ['test/integration/**/*.test.ts']),
      group(7, 2, 'vscode', ['test/vscode/**/*.test.ts']),
    ],
  },
})
