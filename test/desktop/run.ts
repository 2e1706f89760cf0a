import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { messageOf } from '#base/failure.ts'
import { cache, inRoot, root } from '../support/paths.ts'
import { buildHostTests, readResults } from '../support/vscode-host.ts'

// npm run test:desktop: the suites of test/vscode/host in desktop VS Code, the one VSCODE_PATH names or a downloaded one.
const program = await findDesktop()
const build = spawnSync(process.execPath, [inRoot('esbuild.mjs')], { stdio: 'inherit' })
if (build.status !== 0) process.exit(1)

// Short, because VS Code makes sockets in it and their paths are limited.
const folder = mkdtempSync(path.join(tmpdir(), 'qd-'))
const workspace = path.join(folder, 'workspace')
const results = path.join(folder, 'results.json')
const state = path.join(folder, 'state')
cpSync(inRoot('examples'), workspace, { recursive: true })
try {
  const ending = await runTests({
    vscodeExecutablePath: program,
    extensionDevelopmentPath: root,
    extensionTestsPath: await buildHostTests(),
    extensionTestsEnv: { QUANTUM_ADMIN_HOST_RESULTS: results, QUANTUM_ADMIN_HOME: state },
    launchArgs: [
      workspace,
      '--disable-extensions',
      '--disable-workspace-trust',
      `--user-data-dir=${path.join(folder, 'user')}`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  }).then(
    () => 'exit code 0',
    (error: unknown) => messageOf(error),
  )
  const { passed, failed, skipped } = readResults(results, ending)
  console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`)
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  spawnSync(process.execPath, [inRoot('bin/quantum-admin.cjs'), 'daemon', 'stop', '--yes'], {
    env: { ...process.env, QUANTUM_ADMIN_HOME: state },
    stdio: 'ignore',
  })
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
}

/** The desktop VS Code to test in; where there is none to be had, the run ends and says so. */
function findDesktop(): Promise<string> {
  const given = process.env['VSCODE_PATH']
  if (given === undefined)
    return downloadAndUnzipVSCode({ cachePath: cache('vscode-desktop') }).catch((error: unknown) =>
      giveUp(`Desktop VS Code could not be fetched: ${messageOf(error)}`),
    )
  if (!existsSync(given)) giveUp(`VSCODE_PATH names ${given}, which does not exist`)
  return Promise.resolve(given)
}

function giveUp(reason: string): never {
  console.error(
    `${reason}\nNothing was tested. VSCODE_PATH names an installed VS Code: its executable, not its script.`,
  )
  process.exit(1)
}
