import { expect, test } from 'vitest'
import type { AppProblem, AppRow, AppState } from '#contract/apps.ts'
import { canRemove, canRestart, canStart, canStop, firstError, hostOf, placeOf, webAddress } from './apps.ts'

const problem = (values: Partial<AppProblem>): AppProblem => ({
  severity: 'error',
  message: 'what is wrong',
  file: '/home/ana/shop/quantum.config.yaml',
  line: 3,
  column: 5,
  ...values,
})

test('each state offers what fits it, and one that ends offers nothing', () => {
  const offers = (state: AppState, containers: AppRow['containers'] = []) =>
    [
      canStart({ state, containers }) && 'start',
      canStop({ state, containers }) && 'stop',
      canRestart({ state, containers }) && 'restart',
      canRemove({ state, containers }) && 'remove',
    ]
      .filter(Boolean)
      .join(' ')
  expect(offers('stopped')).toBe('start remove')
  const left = {
    id: 'c1',
    name: 'shop_db_1',
    service: 'db',
    state: 'exited',
    health: null,
    stopsWithApp: true,
  } as const
  expect(offers('stopped', [left])).toBe('start stop')
  expect(offers('stopped', [{ ...left, stopsWithApp: false }])).toBe('start remove')
  expect(offers('starting')).toBe('stop restart')
  expect(offers('running')).toBe('stop restart')
  expect(offers('stopping')).toBe('')
  expect(offers('waiting')).toBe('start stop remove')
  expect(offers('failed')).toBe('start restart remove')
  expect(offers('external')).toBe('stop restart remove')
})

test('only an address of the web is one that a browser is sent to', () => {
  expect(webAddress('http://localhost:3000/')).toBe('http://localhost:3000/')
  expect(hostOf('http://localhost:3000/')).toBe('localhost:3000')
  for (const url of [
    null,
    '',
    'file:///etc/passwd',
    'command:workbench.action.quit',
    'http://',
    'vscode://x',
  ])
    expect(hostOf(url)).toBeNull()
})

test('the place of a problem is seen from the folder of the app', () => {
  const folder = '/home/ana/shop'
  expect(placeOf(problem({}), folder)).toBe('quantum.config.yaml:3:5')
  expect(placeOf(problem({ column: null }), folder)).toBe('quantum.config.yaml:3')
  expect(placeOf(problem({ line: null }), folder)).toBe('quantum.config.yaml')
  expect(placeOf(problem({ file: '/etc/shared.yaml' }), folder)).toBe('/etc/shared.yaml:3:5')
  expect(placeOf(problem({ file: null }), folder)).toBeNull()
})

test('a warning does not keep an app from being run', () => {
  const warning = problem({ severity: 'warning' })
  expect(firstError({ problems: [warning] })).toBeUndefined()
  expect(firstError({ problems: [warning, problem({ message: 'no' })] })?.message).toBe('no')
})
