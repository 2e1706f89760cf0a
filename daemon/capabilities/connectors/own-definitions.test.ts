import { expect, test } from 'vitest'
import { connectorsMethods } from '#contract/connectors.ts'
import { messageOf } from '#base/failure.ts'
import { addressOf } from './definition.ts'
import { ownDefinition, ownTls } from './own-definitions.ts'

const own = (url: string) =>
  ownDefinition({ name: 'own', url, password: null, tls: ownTls(url, null), ca: null }, {})

/** Why an address cannot be added: in the words of the contract, else of whoever reads it. */
function refusalOf(url: string): string {
  const parsed = connectorsMethods['connectors.add'].params.safeParse({ name: 'own', url })
  if (!parsed.success) return parsed.error.issues.map(({ message }) => message).join('; ')
  try {
    own(url)
    return 'none'
  } catch (error) {
    return messageOf(error)
  }
}

test.each([
  ['ftp://x.test/', 'expected an address that begins with'],
  ['redis://:hunter2-canary@x.test', 'without a password'],
  ['redis://ana:hunter2-canary@x.test', 'without a password'],
  ['postgres:ana:hunter2-canary@x.test', 'without a password'],
  ['POSTGRES://ana:hunter2-canary@x.test', 'without a password'],
  ['http:\\\\ana:hunter2-canary@x.test', 'without a password|a password must not'],
  ['sqlite:relative.db', 'absolute path'],
  ['redis://', 'cannot be read|no host'],
  ['http://x.test:99999/', 'cannot be read'],
  ['mysql://x.test/%zz', '%'],
])('the address %s is refused, and said why without repeating it', (url, why) => {
  const refusal = refusalOf(url)
  expect(refusal).toMatch(new RegExp(why))
  expect(refusal).not.toContain('hunter2')
})

test.each([
  ['postgres://ana@db.test/shop', ['postgresql', 'db.test', 5432, 'shop', 'ana', 'off']],
  ['postgresql://db.test?sslmode=require', ['postgresql', 'db.test', 5432, null, null, 'unverified']],
  ['mariadb://ana%40x@db.test:3307/a%20b', ['mysql', 'db.test', 3307, 'a b', 'ana@x', 'off']],
  ['rediss://[::1]/2', ['redis', '::1', 6379, '2', null, 'on']],
  ['amqps://mq.test/%2Fshop', ['rabbitmq', 'mq.test', 5671, '/shop', null, 'on']],
  ['amqp://mq.test', ['rabbitmq', 'mq.test', 5672, null, null, 'off']],
  ['https://api.test/health?a=b', ['http', 'api.test', 443, '/health?a=b', null, 'on']],
  ['http://api.test', ['http', 'api.test', 80, '/', null, 'off']],
  ['sqlite:/srv/a%20b.db', ['sqlite', null, null, '/srv/a b.db', null, 'off']],
  ['sqlite:///srv/shop.db', ['sqlite', null, null, '/srv/shop.db', null, 'off']],
  ['file:///srv/shop.db', ['sqlite', null, null, '/srv/shop.db', null, 'off']],
])('the address %s is %j', (url, expected) => {
  const { type, host, port, database, user, tls } = own(url)
  expect([type, host, port, database, user, tls]).toEqual(expected)
})

test('an address is shown without its query, which may hold what is secret', () => {
  expect(addressOf(own('https://api.test/health?key=canary#canary'))).toBe('https://api.test:443/health')
})
