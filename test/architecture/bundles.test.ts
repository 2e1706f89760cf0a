import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { cache, inRoot } from '../support/paths.ts'

interface Metafile {
  readonly inputs: Readonly<Record<string, { readonly bytes: number }>>
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly bytes: number
        readonly imports: readonly {
          readonly path: string
          readonly external?: boolean
          readonly kind: string
        }[]
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>
      }
    >
  >
}

const build = () => spawnSync(process.execPath, [inRoot('esbuild.mjs')], { encoding: 'utf8' })

/** Packages that open databases, engines or clouds: they belong to the daemon. */
const drivers = [
  'better-sqlite3',
  'kysely',
  'dockerode',
  'docker-modem',
  'ssh2',
  'systeminformation',
  'simple-git',
  'pg',
  'mysql2',
  'ioredis',
  'amqplib',
]

/** What esbuild says it put into one program: its file and the chunks that this one loads lazily. */
function bundle(name: string) {
  const { outputs } = JSON.parse(readFileSync(cache(`meta-${name}.json`), 'utf8')) as Metafile
  expect(Object.keys(outputs)).toContain(`dist/${name}.cjs`)
  const parts = Object.entries(outputs).filter(([file]) => file.endsWith('.cjs'))
  const packages = new Map<string, number>()
  const sources = new Set<string>()
  for (const [, { inputs }] of parts)
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      sources.add(input)
      const from = packageOf(input)
      if (from !== null && bytesInOutput > 0) packages.set(from, (packages.get(from) ?? 0) + bytesInOutput)
    }
  const external = parts
    .flatMap(([, { imports }]) => imports)
    .flatMap((imported) => (imported.external === true ? [imported.path] : []))
  const bytes = parts.map(([file]) => statSync(inRoot(file)).size).reduce((sum, size) => sum + size, 0)
  /** The parts that a package or a file of ours is in, their size, and how the others come to them. */
  const partsWith = (name: string) => {
    const files = parts.filter(([, { inputs }]) =>
      Object.keys(inputs).some((input) => packageOf(input) === name || input === name),
    )
    const paths = new Set(files.map(([file]) => file))
    return {
      bytes: files.map(([file]) => statSync(inRoot(file)).size).reduce((sum, size) => sum + size, 0),
      imports: parts
        .flatMap(([, { imports }]) => imports)
        .flatMap(({ path, kind }) => (paths.has(path) ? [kind] : [])),
    }
  }
  return { bytes, packages, external, sources: [...sources], partsWith }
}

const packageOf = (input: string): string | null =>
  /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? null

beforeAll(() => {
  expect(build()).toMatchObject({ status: 0, stderr: '' })
})

test('a package is recognised by its path, with and without a scope', () => {
  expect(packageOf('node_modules/kysely/dist/index.js')).toBe('kysely')
  expect(packageOf('node_modules/a/node_modules/@b/c/x.js')).toBe('a')
  expect(packageOf('daemon/main.ts')).toBeNull()
})

describe('the extension', () => {
  test('carries no driver and nothing of the daemon but the contract, the base and the client', () => {
    const { packages, sources } = bundle('extension')
    expect(drivers.filter((driver) => packages.has(driver))).toEqual([])
    const daemon = sources.filter((file) => file.startsWith('daemon/'))
    expect(daemon.filter((file) => !/^daemon\/(contract|base|client)\//.test(file))).toEqual([])
    expect(daemon).not.toEqual([])
  })

  test('is 240 KB at most, with all that it loads lazily but what an open configuration and the dashboard need', () => {
    const { bytes, partsWith } = bundle('extension')
    // Nothing of it is loaded before it is shown.
    const dashboard = partsWith('extension/dashboard/dashboard-panel.ts')
    expect(dashboard.imports).toEqual(['dynamic-import'])
    expect(dashboard.bytes).toBeLessThanOrEqual(40 * 1024)
    const client = partsWith('vscode-languageclient')
    expect(client.imports).toEqual(['dynamic-import'])
    expect(client.bytes).toBeLessThanOrEqual(500 * 1024)
    expect(bytes - client.bytes - dashboard.bytes).toBeLessThanOrEqual(240 * 1024)
  })
})

describe('the daemon, the command line and the language server', () => {
  test('never need VS Code', () => {
    expect(bundle('extension').external).toContain('vscode')
    expect(bundle('daemon').external).not.toContain('vscode')
    expect(bundle('cli').external).not.toContain('vscode')
    expect(bundle('language').external).not.toContain('vscode')
  })

  test.each(['daemon', 'cli', 'language'])(
    '%s needs nothing at run time that is not in it or in Node.js',
    (name) => {
      expect(bundle(name).external.filter((file) => !isBuiltin(file))).toEqual([])
    },
  )

  test.each(['cli', 'language'])('%s carries no driver', (name) => {
    expect(drivers.filter((driver) => bundle(name).packages.has(driver))).toEqual([])
  })

  test('the language server is 460 KB at most, and cannot run, reach or open anything of the daemon', () => {
    const { bytes, sources } = bundle('language')
    expect(bytes).toBeLessThanOrEqual(460 * 1024)
    const ours = sources.filter((file) => !file.includes('node_modules/'))
    expect(ours.filter((file) => !/^daemon\/(contract|base|config|language)\//.test(file))).toEqual([])
  })
})

describe('the page of the dashboard', () => {
  const { inputs, outputs } = JSON.parse(readFileSync(cache('meta-page-dashboard.json'), 'utf8')) as Metafile

  test('carries no package, needs nothing that is not in it, and is 24 KB at most, its styles 10 KB', () => {
    const imports = Object.values(outputs).flatMap((output) => output.imports)
    expect(imports.filter((imported) => imported.external === true)).toEqual([])
    expect(Object.keys(inputs).filter((file) => !/^webviews\/(dashboard|ui)\//.test(file))).toEqual([])
    expect(statSync(inRoot('dist/webviews/dashboard.js')).size).toBeLessThanOrEqual(24 * 1024)
    expect(statSync(inRoot('dist/webviews/dashboard.css')).size).toBeLessThanOrEqual(10 * 1024)
  })
})

describe('the plots of the dashboard', () => {
  const { inputs, outputs } = JSON.parse(readFileSync(cache('meta-page-plots.json'), 'utf8')) as Metafile

  test('are a script of their own, with uPlot and nothing else, of 80 KB at most, and styles of 6 KB', () => {
    const imports = Object.values(outputs).flatMap((output) => output.imports)
    expect(imports.filter((imported) => imported.external === true)).toEqual([])
    const ours = /^(webviews\/(dashboard|ui)\/|node_modules\/uplot\/)/
    expect(Object.keys(inputs).filter((file) => !ours.test(file))).toEqual([])
    expect(Object.keys(inputs)).toContain('node_modules/uplot/dist/uPlot.esm.js')
    expect(statSync(inRoot('dist/webviews/plots.js')).size).toBeLessThanOrEqual(80 * 1024)
    expect(statSync(inRoot('dist/webviews/plots.css')).size).toBeLessThanOrEqual(6 * 1024)
  })

  test('style nothing but by what a script may set under the policy of the page', () => {
    const source = readFileSync(inRoot('node_modules/uplot/dist/uPlot.esm.js'), 'utf8')
    expect(source).toMatch(/\.style\b/)
    expect(source).not.toMatch(
      /setAttribute|cssText|innerHTML|outerHTML|insertAdjacentHTML|new Function|\beval\(/,
    )
  })
})

describe('the page of logs', () => {
  const { inputs, outputs } = JSON.parse(readFileSync(cache('meta-page-logs.json'), 'utf8')) as Metafile
  const used = Object.values(outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  )

  test('carries the toolkit of VS Code, and neither zod nor a driver', () => {
    const packages = new Set(used.flatMap((file) => packageOf(file) ?? []))
    const toolkit = /^(@vscode\/webview-ui-toolkit|@microsoft\/fast-[\w-]+|tslib|exenv-es6|tabbable)$/
    expect([...packages]).toContain('@vscode/webview-ui-toolkit')
    expect([...packages].filter((name) => !toolkit.test(name))).toEqual([])
  })

  test('needs nothing at run time that is not in it, and nothing of ours but what a browser can run', () => {
    const external = Object.values(outputs).flatMap(({ imports }) => imports)
    expect(external.filter((imported) => imported.external === true)).toEqual([])
    const ours = Object.keys(inputs).filter((file) => packageOf(file) === null)
    const expected =
      /^(webviews\/(logs|ui)\/|daemon\/contract\/log-(words|query)\.ts$|daemon\/base\/printable\.ts$)/
    expect(ours.filter((file) => !expected.test(file))).toEqual([])
  })

  test('is 190 KB at most, and its styles 16 KB', () => {
    expect(statSync(inRoot('dist/webviews/logs.js')).size).toBeLessThanOrEqual(190 * 1024)
    expect(statSync(inRoot('dist/webviews/logs.css')).size).toBeLessThanOrEqual(16 * 1024)
  })

  test('makes no markup and no code out of text, and names no colour but those of the theme', () => {
    const files = globSync('webviews/**/*.{ts,css}', { cwd: inRoot() }).filter(
      (file) => !file.endsWith('.test.ts'),
    )
    const texts = files.map((file) => [file, readFileSync(inRoot(file), 'utf8')] as const)
    const markup =
      /innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|document\.write|\beval\b|new Function|srcdoc/
    expect(texts.filter(([, text]) => markup.test(text)).map(([file]) => file)).toEqual([])
    const colour = /#[\da-f]{3,8}\b|\b(rgb|hsl)a?\(|url\(|@import (?!'\.\/)/i
    const styles = texts.filter(([file]) => file.endsWith('.css'))
    expect(styles.length).toBeGreaterThan(2)
    expect(styles.filter(([, text]) => colour.test(text)).map(([file]) => file)).toEqual([])
  })
})

const isBuiltin = (name: string): boolean =>
  process.getBuiltinModule(name.replace(/^node:/, '')) !== undefined

test.each(['extension', 'daemon', 'cli', 'language'])(
  '%s holds only the part of zod that it uses: `import * as z` is some 80 KB, the object z 440 KB',
  (name) => {
    expect(bundle(name).packages.get('zod') ?? 0).toBeLessThanOrEqual(120 * 1024)
  },
)

test('two builds of one tree are equal, byte for byte', () => {
  const hashes = () =>
    globSync('dist/**/*', { cwd: inRoot() })
      .filter((file) => statSync(inRoot(file)).isFile())
      .map(
        (file) =>
          `${file} ${createHash('sha256')
            .update(readFileSync(inRoot(file)))
            .digest('hex')}`,
      )
  const first = hashes()
  expect(first.length).toBeGreaterThan(8)
  expect(build().status).toBe(0)
  expect(hashes()).toEqual(first)
})
