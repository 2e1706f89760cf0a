import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inRoot } from '../support/paths.ts'
import { goalMet, ratioOf, type Bench } from './bench.ts'

// npm run bench [name ...]: runs test/bench/<name>.bench.ts and prints each ratio beside its goal.
const folder = fileURLToPath(new URL('.', import.meta.url))
const all = readdirSync(folder).filter((file) => file.endsWith('.bench.ts'))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.includes(`${name}.bench.ts`))
if (unknown.length > 0) {
  console.error(
    `No such bench: ${unknown.join(', ')}. There are: ${all.map((file) => file.slice(0, -9)).join(', ')}`,
  )
  process.exit(2)
}
// What is measured is what stands here, not what was built some time ago.
const built = spawnSync(process.execPath, [inRoot('esbuild.mjs')], { stdio: 'inherit' })
if (built.status !== 0) process.exit(1)
const round = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
let missed = 0
for (const file of all.filter((name) => wanted.length === 0 || wanted.includes(name.slice(0, -9)))) {
  const { bench } = (await import(`./${file}`)) as { bench: Bench }
  for (const row of await bench()) {
    const met = goalMet(row)
    if (!met) missed++
    const goal = `${row.ratio === 'ours-over-peer' ? '<=' : '>='} ${row.goal}`
    console.log(
      `${file.slice(0, -9)}: ${row.what}: ${round(row.ours)} ${row.unit}, ${row.peer.name} ${round(row.peer.value)} ${row.unit}, ` +
        `ratio ${round(ratioOf(row))} x (goal ${goal} x): ${met ? 'met' : 'MISSED'}`,
    )
  }
}
console.log(missed === 0 ? 'every goal met' : `${missed} goals missed`)
// A peer's library may leave a timer behind that would keep this process for ever.
process.exit()
