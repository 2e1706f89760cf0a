import { expect, test } from 'vitest'
import { recordColumns, recordValues, type AuditRecord } from './audit-record.ts'

test("a record's values come in the order of its columns, none left out", () => {
  // Each member holds its own name, so that no two can be taken for each other.
  const record = Object.fromEntries(recordColumns.map((column) => [column, column])) as unknown as AuditRecord
  expect(recordValues(record)).toEqual(recordColumns)
})
