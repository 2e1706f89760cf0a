import { expect, test } from 'vitest'
import { fileProjects } from '../../adapters/project/file-project.ts'
import { packageJson, started, TemporaryFolder } from './folders.fixture.ts'
import { understand } from './found-app.ts'

async function appOf(files: Readonly<Record<string, string>>) {
  using folder = new TemporaryFolder()
  folder.fill(files)
  const project = await fileProjects.look(folder.path)
  return project === null ? null : understand(project, {})
}

const tested = packageJson({ scripts: { start: 'node .', test: 'vitest run' } })

test.each<[string, Readonly<Record<string, string>>, string | null]>([
  ['a Quantum app', { 'components/home.q': '', 'package.json': tested }, 'quantum test'],
  ['the script of a package', { 'package.json': tested }, 'npm test'],
  ['the script of a package of pnpm', { 'package.json': tested, 'pnpm-lock.yaml': '' }, 'pnpm test'],
  ['the script of a package of Bun', { 'package.json': tested, 'bun.lock': '' }, 'bun run test'],
  ['a package without the script', { 'package.json': started }, null],
  [
    'what npm init writes',
    {
      'package.json': packageJson({
        scripts: { start: 'x', test: 'echo "Error: no test specified" && exit 1' },
      }),
    },
    null,
  ],
  ['a Go module', { 'go.mod': '', 'main.go': '' }, 'go test ./...'],
  ['pytest, by its file', { 'app.py': '', 'conftest.py': '' }, 'python3 -m pytest'],
  ['pytest, by its project', { 'app.py': '', 'pyproject.toml': '[tool.pytest]' }, 'python3 -m pytest'],
  [
    'pytest of a virtual environment',
    { 'app.py': '', 'pytest.ini': '', '.venv/': '' },
    '.venv/bin/python -m pytest',
  ],
  ['tests in Python', { 'app.py': '', 'test_app.py': '' }, 'python3 -m unittest'],
  ['nothing that tells', { 'index.html': '' }, null],
])('%s', async (_what, files, command) => {
  expect((await appOf(files))?.tests.command?.value ?? null).toBe(command)
})

test('what the configuration says wins, and one that cannot be understood is not guessed at', async () => {
  const config = 'admin: { tests: { command: make check, report: out/junit.xml, timeout: 5m } }\n'
  expect((await appOf({ 'package.json': tested, 'quantum.config.yaml': config }))?.tests).toEqual({
    command: { value: 'make check', source: 'config', where: 'quantum.config.yaml, admin.tests.command' },
    report: 'out/junit.xml',
    timeoutMs: 300_000,
  })
  const broken = await appOf({ 'package.json': tested, 'quantum.config.yaml': 'admin: { tsets: {} }\n' })
  expect(broken).toMatchObject({ jobs: null, tests: { command: null } })
  expect(await appOf({ 'package.json': tested })).toMatchObject({ jobs: [] })
})

test.each(['/etc/passwd', '../junit.xml', 'a/../../b.xml', '..'])(
  'a report outside of the folder is refused: %s',
  async (report) => {
    const app = await appOf({
      'package.json': tested,
      'quantum.config.yaml': `admin: { tests: { report: ${report} } }\n`,
    })
    expect(app?.problems[0]?.message).toMatch(
      /^admin\.tests\.report: expected the path of a JUnit XML file in the folder/,
    )
  },
)
