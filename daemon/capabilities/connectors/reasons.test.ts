import { expect, test } from 'vitest'
import { connectorTypes, type ConnectorFault } from '#contract/connectors.ts'
import type { Definition } from './definition.ts'
import { faultWords } from './fault-words.ts'
import { tell } from './reasons.ts'

const faults = Object.keys(faultWords) as ConnectorFault[]

const definition = (values: Partial<Definition>): Definition => ({
  name: 'main',
  app: null,
  type: 'postgresql',
  host: 'db.test',
  port: 5432,
  database: 'shop',
  user: 'ana',
  password: null,
  tls: 'off',
  ca: null,
  variables: {},
  problem: null,
  file: null,
  line: null,
  ...values,
})

test('each fault of each kind of connector is a sentence with its place, and says what to do', () => {
  for (const fault of faults)
    for (const type of connectorTypes)
      for (const values of [
        {},
        { user: null, database: null },
        { app: 'shop', password: 'hunter2-canary' },
      ]) {
        const failed = { ok: false, fault, speaks: null, code: 'E1' } as const
        const { reason, advice } = tell(definition({ type, ...values }), failed, 10_000, null)
        const text = `${reason}. ${advice}`
        expect(text, `${fault} ${type}`).not.toMatch(/undefined|null|NaN|\(\)| {2}|hunter2/)
        expect(
          [reason, advice].every((part) => /^\S.*\S$/.test(part)),
          text,
        ).toBe(true)
        expect(advice, text).toMatch(/\.$/)
        expect(reason, text).not.toMatch(/\.$/)
      }
})

test('who holds the port is named where somebody answered, and nowhere else', () => {
  const told = (fault: ConnectorFault) =>
    tell(definition({}), { ok: false, fault, speaks: null, code: null }, 10_000, 'redis-server (pid 12)')
      .reason
  const named = faults.filter((fault) => told(fault).endsWith('; redis-server (pid 12) listens there'))
  expect(named).toContain('silent')
  for (const fault of [
    'nothing-listens',
    'host-not-found',
    'timed-out',
    'misconfigured',
    'file-missing',
  ] as const)
    expect(named).not.toContain(fault)
})

test.each([
  [{}, 'login-refused', 'The password for ana was refused by db.test:5432'],
  [
    { type: 'rabbitmq', database: null, user: null },
    'no-database',
    'There is no virtual host on db.test:5432, or guest may not use it',
  ],
  [{ type: 'redis', database: '99' }, 'no-database', 'There is no database number 99 on db.test:5432'],
  [{ host: '::1' }, 'nothing-listens', 'Nothing listens on [::1]:5432'],
  [{ type: 'http' }, 'bad-answer', 'db.test:5432 answered with an error (503)'],
  [{ host: 'localhost' }, 'silent', 'localhost:5432 took the connection and then said nothing for 2.5 s'],
] as const)('%j with %s is: %s', (values, fault, reason) => {
  const failed = { ok: false, fault, speaks: null, code: fault === 'bad-answer' ? '503' : null } as const
  expect(tell(definition(values), failed, 2500, null).reason).toBe(reason)
})
