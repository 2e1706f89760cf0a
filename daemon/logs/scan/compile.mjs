// Compiles scan.assembly into scan-code.ts, which holds the module as text: `npm run wasm`. A test asks whether it is current.
import { main } from 'assemblyscript/asc'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const here = import.meta.dirname
const entry = 'scan.ts'

/** The text of scan-code.ts. */
export async function compiledText() {
  const source = readFileSync(path.join(here, 'scan.assembly'), 'utf8')
  let binary
  const { error } = await main(
    [
      entry,
      '--outFile',
      'scan.wasm',
      '--runtime',
      'stub',
      '--importMemory',
      '--enable',
      'simd',
      '-O3',
      '--noAssert',
      '--use',
      'abort=',
    ],
    {
      readFile: (name) => (name === entry ? source : null),
      writeFile: (name, contents) => {
        if (name === 'scan.wasm') binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`scan.assembly cannot be compiled: ${error.message}`)
  const code = Buffer.from(binary).toString('base64')
  return `// Made of scan.assembly by compile.mjs; not to be edited.\n\n/** A WebAssembly module, base64. */\nexport const scanCode =\n  '${code}'\n`
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(path.join(here, 'scan-code.ts'), await compiledText())
