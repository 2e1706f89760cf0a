import { spawnSync } from 'node:child_process'
import { cliScript, runCli, startDaemon } from '../support/daemon.ts'
import { median, type BenchRow } from './bench.ts'

const rounds = 40

/** Milliseconds of one run of Node.js from start to end. */
function run(words: readonly string[], env: NodeJS.ProcessEnv): number {
  const started = performance.now()
  const { status } = spawnSync(process.execPath, words, { env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`)
  return performance.now() - started
}

/** The command line's answers with a running daemon beside Node.js that does nothing, interleaved. */
export async function bench(): Promise<readonly BenchRow[]> {
  const daemon = await startDaemon()
  try {
    const env = { ...process.env, QUANTUM_ADMIN_HOME: daemon.home }
    await runCli(daemon.home, ['ports', 'lease', 'bench'])
    const answers = [
      { what: 'daemon status', words: ['daemon', 'status', '--json'] },
      { what: 'ports leases, which looks at all ports first', words: ['ports', 'leases', '--json'] },
    ]
    const times = answers.map((): number[] => [])
    const bare: number[] = []
    for (let round = 0; round < rounds; round++) {
      bare.push(run(['-e', '0'], env))
      for (const [index, { words }] of answers.entries()) times[index]?.push(run([cliScript, ...words], env))
    }
    return answers.map(({ what }, index) => ({
      what: `answer of the command line: ${what}`,
      unit: 'ms',
      ours: median(times[index] ?? []),
      peer: { name: 'node -e 0', value: median(bare) },
      ratio: 'ours-over-peer',
      goal: 2.5,
    }))
  } finally {
    await daemon.stop()
  }
}
