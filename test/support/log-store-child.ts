import { writeSync } from 'node:fs'
import { keepAll, lineOf, linesAtOnce, openNumbered } from './log-store.ts'
import { RecordBatch } from '../../daemon/logs/segments/record-batch.ts'

// log-store-child.ts FOLDER COUNT: writes numbered lines into a store, from where it is on, and says up to which after each
// time. Test programs end it at any point.
const [folder = '', count = ''] = process.argv.slice(2)
const store = openNumbered(folder)
for (let from = store.next; from <= Number(count); from = store.next) {
  const records = Array.from({ length: linesAtOnce }, (_, index) => lineOf(from + index))
  store.append('shop', 'output', RecordBatch.of(records), { from: from + linesAtOnce })
  writeSync(1, `${store.next - 1}\n`)
  if (from % (linesAtOnce * 8) === 1) {
    store.sync()
    keepAll(store)
  }
}
store.dispose()
