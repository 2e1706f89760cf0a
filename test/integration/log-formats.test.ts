import { afterAll, beforeAll, expect, test } from 'vitest'
import { Understanding } from '../../daemon/logs/format/understand.ts'
import { corpusNow, corpusZone, logCorpus } from '../support/log-corpus.ts'
import { figure } from '../support/scale.ts'

const zone = process.env['TZ']
beforeAll(() => {
  process.env['TZ'] = corpusZone
})
afterAll(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

const labels = ['time', 'level', 'kind', 'continues', 'messageAt'] as const

test('lines of all formats are understood as people labelled them', () => {
  const wrong = Object.fromEntries(labels.map((label) => [label, [] as string[]]))
  const formats = new Map<string, number>()
  let lines = 0
  for (const { name, lines: labelled } of logCorpus()) {
    const understanding = new Understanding({ now: () => corpusNow })
    for (const line of labelled) {
      lines++
      const found = understanding.understand(line.text)
      formats.set(found.format, (formats.get(found.format) ?? 0) + 1)
      for (const label of labels)
        if (found[label] !== line[label])
          wrong[label]?.push(`${name}: ${found[label]}, not ${line[label]} (${found.format}): ${line.text}`)
    }
  }
  const rights = labels.map(
    (label) => `${label} ${(100 - (100 * (wrong[label]?.length ?? 0)) / lines).toFixed(2)} %`,
  )
  figure('log-formats', `${lines} labelled lines of ${formats.size} formats: ${rights.join(', ')} right`)
  for (const label of labels)
    for (const text of wrong[label] ?? []) figure('log-formats', `${label} of ${text}`)
  for (const label of labels) expect(wrong[label]?.length, label).toBeLessThanOrEqual(lines / 100)
})
