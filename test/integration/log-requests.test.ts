import { expect, test } from 'vitest'
import { fieldsOf } from '../../daemon/logs/format/fields.ts'
import { Understanding } from '../../daemon/logs/format/understand.ts'
import { requestFacts } from '../../daemon/logs/request-facts.ts'
import { corpusNow, logCorpus } from '../support/log-corpus.ts'

test('what is read in haste of a line is what taking it apart finds, in all formats of servers', () => {
  let lines = 0
  for (const { lines: all } of logCorpus())
    for (const { text, kind } of all) {
      if (kind !== 'access') continue
      const { format } = new Understanding({ now: () => corpusNow }).understand(text)
      const { fields } = fieldsOf(text, format)
      const status =
        fields['status'] ??
        fields['response_code'] ??
        fields['DownstreamStatus'] ??
        fields['statusCode'] ??
        ''
      const facts = requestFacts(text, format)
      lines++
      expect(facts?.status ?? null, text).toBe(/^[1-5]\d\d$/.test(status) ? Number(status) : null)
      if (fields['durationMs'] !== undefined && facts !== null)
        expect(facts.durationMs, text).toBeCloseTo(Number(fields['durationMs']), 9)
    }
  expect(lines).toBeGreaterThan(50)
})
