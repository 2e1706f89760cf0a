import type { AppKind, Sourced } from '#contract/apps.ts'
import type { ProjectFolder } from '../../adapters/project/project.ts'
import { configured, type FolderConfig } from './folder-config.ts'
import { script } from './node-kind.ts'
import type { PackageJson } from './package-json.ts'
import { textOf } from './project-text.ts'

/** How an app's tests are run. */
export interface FoundTests {
  /** Null when none are known. */
  readonly command: Sourced<string> | null
  /** Where they write a JUnit XML file, as a path within the folder; null: where such files mostly are. */
  readonly report: string | null
  readonly timeoutMs: number | null
}

interface Looked {
  readonly project: ProjectFolder
  readonly manifest: PackageJson | null
  readonly found: FolderConfig
  readonly kind: AppKind
}

/** A configuration that cannot be understood may say how tests are run, and a guess must not overrule that. */
export function testsOf(looked: Looked): FoundTests {
  const { found } = looked
  const tests = found.config?.tests
  const command =
    found.file !== null && found.config === null
      ? null
      : (configured(found, 'admin.tests.command', tests?.command) ?? usualTests(looked))
  return { command, report: tests?.report ?? null, timeoutMs: tests?.timeoutMs ?? null }
}

function usualTests({ project, manifest, kind }: Looked): Sourced<string> | null {
  if (kind === 'quantum') return usual('quantum test', 'Quantum apps')
  if (manifest !== null && manifest.test !== null && !isPlaceholder(manifest.test))
    return script(project, 'test')
  if (project.names.includes('go.mod')) return usual('go test ./...', 'Go modules (go.mod)')
  return pythonTests(project)
}

/** What `npm init` writes where there are no tests. */
const isPlaceholder = (text: string): boolean => text.includes('no test specified')

function pythonTests(project: ProjectFolder): Sourced<string> | null {
  const python = project.names.includes('.venv/') ? '.venv/bin/python' : 'python3'
  const ofPytest = ['pytest.ini', 'conftest.py'].find((name) => project.names.includes(name))
  if (ofPytest !== undefined) return usual(`${python} -m pytest`, `pytest (${ofPytest})`)
  if (/\bpytest\b/.test(textOf(project, 'pyproject.toml') ?? ''))
    return usual(`${python} -m pytest`, 'pytest (pyproject.toml)')
  const file = project.names.find((name) => /^test\w*\.py$/.test(name))
  return file === undefined ? null : usual(`${python} -m unittest`, `Python tests (${file})`)
}

const usual = (value: string, of: string): Sourced<string> => ({
  value,
  source: 'default',
  where: `default of ${of}`,
})
