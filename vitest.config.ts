import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], extra: Record<string, unknown> = {}) => ({
  extends: true as const,
  test: { name, include, ...extra },
})

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      project('unit', ['daemon/**/*.test.ts', 'extension/**/*.test.ts', 'migrations/**/*.test.ts']),
      project('architecture', ['test/architecture/**/*.test.ts']),
      project('wire', ['test/wire/**/*.test.ts']),
      project('integration', ['test/integration/**/*.test.ts']),
      project('security', ['test/security/**/*.test.ts']),
      project('reliability', ['test/reliability/**/*.test.ts']),
      project('vscode', ['test/vscode/**/*.test.ts']),
    ],
  },
})
