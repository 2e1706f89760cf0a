import { expect, test } from 'vitest'
import type { AppProblem } from '#contract/apps.ts'
import type { ConnectorRow } from '#contract/connectors.ts'
import { failedIn, judged, problemsIn, type Told } from './saved-problems.ts'

const file = '/shop/quantum.config.yaml'
const saved = (message: string, line: number | null = 1): AppProblem => ({
  severity: 'error',
  message,
  file,
  line,
  column: line,
})
const told = (message: string, code = 'value'): Told => ({ message, code })
const judge = (ofText: readonly Told[], problems: readonly AppProblem[] | null) => {
  const { right, more } = judged(ofText, (one) => one, problems)
  return [right.map(({ message }) => message), more.map(({ message }) => message)]
}

test('what both say is told once, also when it has moved', () => {
  expect(judge([told('a'), told('b')], [saved('a', 7)])).toEqual([['a', 'b'], []])
})

test('what only the daemon knows is told as well', () => {
  expect(judge([told('a')], [saved('a'), saved('b')])).toEqual([['a'], ['b']])
})

test('whether a variable is set is for the daemon to say, once it has read the text', () => {
  const unset = told('A is not set', 'unset-variable')
  expect(judge([unset], null)).toEqual([['A is not set'], []])
  expect(judge([unset], [])).toEqual([[], []])
  expect(judge([unset], [saved('A is not set')])).toEqual([['A is not set'], []])
  expect(judge([], [saved('A is not set')])).toEqual([[], ['A is not set']])
})

test('only what is said of this file and has a place counts', () => {
  const other = { ...saved('of another file'), file: '/shop/package.json' }
  const problems = [saved('here'), saved('nowhere', null), other]
  expect(problemsIn({ folder: '/shop', problems }, 'quantum.config.yaml')).toEqual([saved('here')])
})

test('datasources of this file that failed are told where they are, and no others', () => {
  const base = { type: 'postgresql', scope: 'app', app: 'shop', file, line: 3, address: '' } as const
  const failed = { status: 'error', fault: 'failed', reason: 'No', advice: null, version: null } as const
  const connector = (name: string, values: Partial<ConnectorRow> = {}): ConnectorRow => ({
    ...base,
    ...failed,
    name,
    testedAt: null,
    latencyMs: null,
    ...values,
  })
  const rows = [
    connector('main'),
    connector('down', { status: 'disconnected', line: 4 }),
    connector('well', { status: 'connected' }),
    connector('untested', { status: 'unknown' }),
    connector('of another app', { app: 'blog' }),
    connector('of the file that is read', { file: '/shop/quantum.config.yml' }),
    connector('of nobody', { app: null, file: null, line: null }),
  ]
  expect(failedIn(rows, { name: 'shop', folder: '/shop' }, 'quantum.config.yaml')).toEqual([
    { name: 'main', reason: 'No', advice: null, line: 3 },
    { name: 'down', reason: 'No', advice: null, line: 4 },
  ])
})
