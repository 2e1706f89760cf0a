import { readFileSync, writeFileSync } from 'node:fs'
import { withKeys } from '../support/config-page.ts'
import { inRoot } from '../support/paths.ts'

// npm run docs: writes the tables of docs/config.md anew, from the schema and the descriptions beside it.

const file = inRoot('docs/config.md')
writeFileSync(file, withKeys(readFileSync(file, 'utf8')))
