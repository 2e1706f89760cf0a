import { expect, test } from 'vitest'
import { namedThings, namesOfKey } from './named-things.ts'

const key = (path: string, value: string) => ({ path, value, line: 1 })

test('ports, files outside and names are found in values', () => {
  const { ports, paths, words } = namedThings('/srv/shop', [
    key('env.URL', 'postgres://ann:pw@db.local:5433/orders'),
    key('env.CACHE_PORT', '6380'),
    key('env.FILE', '/var/lib/shop/x.db'),
    key('env.OWN', '/srv/shop/data/x.db'),
    key('env.SQLITE', 'sqlite:///srv/y.db?mode=ro'),
    key('run.dependsOn[0]', 'billing'),
    key('year', '2026'),
  ])
  expect([...ports]).toEqual([5433, 6380])
  expect([...paths]).toEqual(['/var/lib/shop/x.db', '/srv/y.db'])
  expect(words.has('billing')).toBe(true)
  expect(words.has('db.local')).toBe(true)
})

test('of what may be a secret nothing but the key is named', () => {
  expect(namesOfKey(key('env.DB_PASSWORD', 'http://x:1234/y'))).toEqual(['DB_PASSWORD'])
  expect(namesOfKey(key('env.UPSTREAM', 'http://ann:hunter2@api.local:8443/v1'))).toEqual([
    'UPSTREAM',
    '8443',
    'api.local',
  ])
})
