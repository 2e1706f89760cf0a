import { writeSync } from 'node:fs'
import { Failure } from '#base/failure.ts'
import { withChange } from './change.ts'
import { openVault, steps } from './secrets.ts'

// node secrets-child.ts HOME: changes secrets in a process that a test may kill or starve. It says on standard output
// `ack STEP` when a step is durable and `refused STEP CODE` when it is not, and at last `done`.
const [home = ''] = process.argv.slice(2)
const say = (line: string): void => void writeSync(1, `${line}\n`)

const secrets = openVault(home)
for (const [index, step] of steps.entries()) {
  try {
    await withChange((change) => step.run(secrets, change))
    say(`ack ${index}`)
  } catch (error) {
    say(`refused ${index} ${error instanceof Failure ? error.code : String(error)}`)
  }
}
say('done')
