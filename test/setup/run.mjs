// node test/setup/run.mjs <script> [arguments]: runs a script of ours, once the Node it runs on is known to be new enough.
// This file alone may meet an old Node, so it says what is wrong instead of failing on the first type annotation.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [script = '', ...rest] = process.argv.slice(2)
const wanted = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
const [major = 0, minor = 0] = (/"node": ">=(\d+)\.(\d+)/.exec(wanted)?.slice(1) ?? []).map(Number)
const [runningMajor, runningMinor] = process.versions.node.split('.').map(Number)

if (runningMajor < major || (runningMajor === major && runningMinor < minor)) {
  console.error(
    `This needs Node.js ${major}.${minor} or newer and runs on ${process.versions.node} (${process.execPath}).\n` +
      '`npm ci` puts a new one into node_modules/.bin, which `npm run` finds first: run `npm ci` with install scripts\n' +
      'allowed, then start this through `npm start`, `npm test` or `npm run ...`.',
  )
  process.exit(1)
}
const file = resolve(script)
process.argv = [process.execPath, file, ...rest]
await import(pathToFileURL(file).href)
