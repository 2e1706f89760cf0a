// Makes dist/: for each program one CommonJS file and a chunk for each part that it imports lazily with `import()`,
// the native SQLite binaries beside them, and in webviews/ a script and a style sheet for each page.
//
// These names hold a value only in a bundle (daemon/base/version.ts reads the first three):
//   QUANTUM_ADMIN_VERSION     the version in package.json
//   QUANTUM_ADMIN_BUILD_ID    a hash of all sources, so equal trees give equal builds
//   QUANTUM_ADMIN_BUILD_TIME  seconds since the epoch: SOURCE_DATE_EPOCH, else HEAD's commit time, else 0
//   import.meta.dirname, .filename, .url     of the bundle, that is dist/
import { build, transform } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

const root = import.meta.dirname
const dist = path.join(root, 'dist')
const inRoot = (...parts) => path.join(root, ...parts)

/** What is bundled: the output's name, its entry, and what the place it runs in provides. */
const programs = [
  { name: 'extension', entry: 'extension/main.ts', external: ['vscode'] },
  { name: 'daemon', entry: 'daemon/main.ts', external: [] },
  { name: 'cli', entry: 'daemon/cli/main.ts', external: [] },
  { name: 'language', entry: 'daemon/language/main.ts', external: [] },
]

/**
 * What is bundled for the browser that VS Code shows pages in: a script and a style sheet for each, and for the plots of
 * the dashboard, which it loads when the rest of it is there.
 */
const pages = Object.entries({ dashboard: 'dashboard', plots: 'dashboard/plots', logs: 'logs' }).map(
  ([name, folder]) => ({ name, entries: [`webviews/${folder}/main.ts`, `webviews/${folder}/${name}.css`] }),
)

/** The same order in every locale. */
const byCodeUnit = (a, b) => (a < b ? -1 : Number(a > b))

/** Whatever can change a bundle is part of its identity. Line ends are not: git may change them. */
function sourceHash() {
  const hash = createHash('sha256')
  const files = [
    'package.json',
    'package-lock.json',
    'esbuild.mjs',
    ...globSync('{daemon,extension,migrations,webviews}/**/*.{ts,css,html}', { cwd: root }),
  ]
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => !file.endsWith('.test.ts'))
    .toSorted(byCodeUnit)
  for (const file of files)
    hash.update(`${file}\0${readFileSync(inRoot(file), 'utf8').replaceAll('\r\n', '\n')}\0`)
  return hash.digest('hex').slice(0, 16)
}

/** A tree without git, such as an unpacked archive, has no commit time: it counts as the oldest. */
function buildTime() {
  const given = process.env.SOURCE_DATE_EPOCH
  if (given !== undefined) return Number(given)
  const log = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
  return log.status === 0 ? Number(log.stdout) : 0
}

/**
 * better-sqlite3 looks for its binary in its own package. In a bundle that package is gone, so this points it at
 * dist/prebuilds. Fails when the package changes, rather than make a bundle that cannot open a database.
 */
const bundledSqlite = {
  name: 'bundled-sqlite',
  setup(bundle) {
    bundle.onLoad({ filter: /better-sqlite3[\\/]lib[\\/]binding\.js$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8')
      const contents = source.replace(
        "path.join(__dirname, '..', 'prebuilds',",
        "path.join(__dirname, 'prebuilds',",
      )
      if (contents === source)
        throw new Error(`${file} no longer looks for its binary where esbuild.mjs expects`)
      return { contents, loader: 'js' }
    })
  },
}

/**
 * Some packages try to load native parts and do without when that fails. In a bundle it always fails: what happens to
 * lie in a node_modules folder above must not be picked up.
 */
const withoutNativeExtras = {
  name: 'without-native-extras',
  setup(bundle) {
    bundle.onResolve(
      {
        filter:
          /^(pg-native|cardinal|cpu-features|bufferutil|utf-8-validate|(osx|macos)-temperature-sensor)$|\/sshcrypto\.node$/,
      },
      ({ path: name }) => ({
        path: name,
        namespace: 'absent',
      }),
    )
    bundle.onLoad({ filter: /.*/, namespace: 'absent' }, ({ path: name }) => ({
      contents: `throw new Error('${name} is not bundled')`,
    }))
  },
}

/**
 * dockerode can also build images through BuildKit and reach engines over SSH. We do neither, and the packages behind
 * it (gRPC, protobuf, an SSH client) are larger than everything else together.
 */
const withoutRemoteBuilds = {
  name: 'without-remote-builds',
  setup(bundle) {
    bundle.onResolve(
      { filter: /^(@grpc\/(grpc-js|proto-loader)|protobufjs(\/.*)?|ssh2)$/ },
      ({ path: name }) => ({
        path: name,
        namespace: 'unused',
      }),
    )
    bundle.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/**
 * ws loads TLS and compression at once, and the local socket needs neither. TLS is the dearer: where
 * NODE_EXTRA_CA_CERTS is set, it reads all those certificates in a thread that the end of the process waits for.
 */
const wsWithoutTls = {
  name: 'ws-without-tls',
  setup(bundle) {
    bundle.onLoad({ filter: /ws[\\/]lib[\\/](websocket|permessage-deflate)\.js$/ }, ({ path: file }) => {
      const source = readFileSync(file, 'utf8')
      const contents = source.replaceAll(
        /^const (https|tls|zlib) = require\('\1'\);$/gm,
        "const $1 = new Proxy({}, { get: (_, name) => require('$1')[name] });",
      )
      if (contents === source) throw new Error(`${file} no longer loads modules where esbuild.mjs expects`)
      return { contents, loader: 'js' }
    })
  },
}

/** A reader of dist/ (a daemon that starts during a build) never sees half a file. */
function replaceFile(file, contents) {
  if (existsSync(file) && Buffer.compare(readFileSync(file), contents) === 0) return
  mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, file)
}

/**
 * Common to both passes. Names are not kept: esbuild would set the name of each closure each time one is made, a
 * tenth of what a request costs. The maps beside the bundles turn a stack trace back into names.
 */
const style = {
  platform: 'node',
  target: 'node22',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
}

/**
 * Bundles one program into `dist/<name>.cjs` and a chunk for each part that is imported lazily: V8 parses a file
 * whole, so what is not needed yet must not stand in the same one. esbuild splits ECMAScript modules only, and
 * CommonJS starts faster and in less memory, so a second pass turns each chunk into CommonJS.
 */
async function bundleProgram({ name, entry, external }, define) {
  const result = await build({
    ...style,
    absWorkingDir: root,
    entryPoints: [{ in: entry, out: name }],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    chunkNames: `${name}-[hash]`,
    outExtension: { '.js': '.cjs' },
    external,
    plugins: [bundledSqlite, withoutNativeExtras, withoutRemoteBuilds, wsWithoutTls],
    define,
    sourcemap: 'inline',
    sourcesContent: false,
    metafile: true,
    write: false,
  })
  // The entry comes last, when all that it names is there.
  const isEntry = ({ path: file }) => path.basename(file) === `${name}.cjs`
  await Promise.all(result.outputFiles.filter((file) => !isEntry(file)).map(writeCommonJs))
  await Promise.all(result.outputFiles.filter(isEntry).map(writeCommonJs))
  const made = new Set(result.outputFiles.map((file) => path.basename(file.path)))
  replaceFile(inRoot('.cache', `meta-${name}.json`), Buffer.from(JSON.stringify(result.metafile, null, 1)))
  return { metafile: result.metafile, made }
}

/** Bundles one page into `dist/webviews/<name>.js` and `.css`. */
async function bundlePage({ name, entries }) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => ({ in: entry, out: name })),
    outdir: 'dist/webviews',
    bundle: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    minify: true,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    write: false,
  })
  for (const { path: file, contents } of result.outputFiles) replaceFile(file, Buffer.from(contents))
  replaceFile(
    inRoot('.cache', `meta-page-${name}.json`),
    Buffer.from(JSON.stringify(result.metafile, null, 1)),
  )
  return { metafile: result.metafile, made: new Set() }
}

async function writeCommonJs({ path: file, text }) {
  const { code, map } = await transform(text, {
    ...style,
    format: 'cjs',
    supported: { 'dynamic-import': false },
    banner: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;",
    sourcemap: 'external',
    sourcesContent: false,
    sourcefile: path.basename(file),
  })
  // esbuild escapes such characters everywhere but in regular expressions; one of them doubles V8's memory for the file.
  const ascii = code.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  replaceFile(`${file}.map`, Buffer.from(map))
  replaceFile(file, Buffer.from(`${ascii}//# sourceMappingURL=${path.basename(file)}.map\n`))
}

/** A daemon that runs may still load a chunk of an earlier build, so those stay for an hour. */
const chunkLifeMs = 60 * 60 * 1000

function removeOldChunks(made) {
  for (const file of readdirSync(dist)) {
    const old = /^\w+-[A-Z0-9]{8}\.cjs(\.map)?$/.test(file) && !made.has(file.replace(/\.map$/, ''))
    if (old && Date.now() - statSync(path.join(dist, file)).mtimeMs > chunkLifeMs)
      rmSync(path.join(dist, file))
  }
}

function copyPrebuilds() {
  const from = inRoot('node_modules/better-sqlite3/prebuilds')
  for (const file of readdirSync(from))
    replaceFile(path.join(dist, 'prebuilds', file), readFileSync(path.join(from, file)))
}

/** The licences of everything that was bundled, as they ask for. */
function copyLicences(metafiles) {
  const packages = new Set()
  for (const { inputs } of metafiles)
    for (const input of Object.keys(inputs)) {
      const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
      if (match) packages.add(match[1])
    }
  const texts = [...packages].toSorted(byCodeUnit).map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(inRoot(folder, 'package.json'), 'utf8'))
    const file = readdirSync(inRoot(folder)).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry))
    const text =
      file === undefined ? `Licence: ${license}` : readFileSync(inRoot(folder, file), 'utf8').trim()
    return `${name} ${version}\n\n${text}\n`
  })
  replaceFile(path.join(dist, 'THIRD-PARTY-LICENCES.txt'), Buffer.from(texts.join(`\n${'-'.repeat(80)}\n\n`)))
}

const started = performance.now()
const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
const hash = sourceHash()
const define = {
  QUANTUM_ADMIN_VERSION: JSON.stringify(version),
  QUANTUM_ADMIN_BUILD_ID: JSON.stringify(hash),
  QUANTUM_ADMIN_BUILD_TIME: String(buildTime()),
  'import.meta.dirname': '__dirname',
  'import.meta.filename': '__filename',
  'import.meta.url': 'bundleUrl',
}
const bundles = await Promise.allSettled([
  ...programs.map((program) => bundleProgram(program, define)),
  ...pages.map(bundlePage),
])
if (bundles.some(({ status }) => status === 'rejected')) {
  // esbuild has printed why. What could be built is there.
  process.exitCode = 1
} else {
  copyLicences(bundles.map(({ value }) => value.metafile))
  removeOldChunks(new Set(bundles.flatMap(({ value }) => [...value.made])))
  copyPrebuilds()
  console.log(`built ${version} (${hash}) in ${Math.round(performance.now() - started)} ms`)
}
