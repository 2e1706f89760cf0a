import { expect, test } from 'vitest'
import { readConfig } from './read-config.ts'

const read = (text: string) =>
  readConfig(Buffer.from(text), { file: '/shop/quantum.config.yaml', environment: {} })

const whole = `datasources:
  main:
    driver: postgresql
    host: db.test
    port: 5433
    database: shop
    username: ana
    password: \${DB_PASSWORD}
    sslmode: verify-full
  local: { driver: sqlite, database: data/shop.db }
  old: { driver: mariadb, password: secret:old }
`

test('datasources are read as they are written, with their place', () => {
  const { config, problems } = read(whole)
  expect(problems).toEqual([])
  const nothing = { host: null, port: null, database: null, user: null, password: null, sslmode: null }
  const file = '/shop/quantum.config.yaml'
  expect(config?.datasources).toEqual([
    {
      name: 'main',
      driver: 'postgresql',
      host: 'db.test',
      port: '5433',
      database: 'shop',
      user: 'ana',
      password: '${DB_PASSWORD}',
      sslmode: 'verify-full',
      file,
      line: 2,
    },
    { ...nothing, name: 'local', driver: 'sqlite', database: 'data/shop.db', file, line: 10 },
    { ...nothing, name: 'old', driver: 'mysql', password: 'secret:old', file, line: 11 },
  ])
})

test.each([
  ['hunter2', true],
  ['"12345"', true],
  ['"secret:"', true],
  ['pass$word', true],
  ['${DB_PASSWORD:-changeme}', true],
  ['prefix ${', true],
  ['${DB_PASSWORD}', false],
  ['secret:db', false],
  ['""', false],
])('a password %s in the file is warned of: %s', (written, isWarned) => {
  const { problems, config } = read(`datasources:\n  main:\n    driver: mysql\n    password: ${written}\n`)
  const warnings = problems.filter(({ message }) => message.includes('whoever has the file can read'))
  expect(warnings.map(({ severity, line }) => [severity, line])).toEqual(isWarned ? [['warning', 4]] : [])
  expect(config).not.toBeNull()
})

test('the warning does not repeat the password', () => {
  const { problems } = read('datasources: { main: { driver: mysql, password: hunter2-in-the-open } }\n')
  expect(problems).toHaveLength(1)
  expect(JSON.stringify(problems)).not.toContain('hunter2')
})

test('what is no datasource is left out: another driver, none, a list, nothing', () => {
  for (const text of [
    'datasources: { main: { driver: oracle } }',
    'datasources: { main: { host: db.test } }',
    'datasources: { main: }',
    'datasources: [main]',
    'datasources:',
    'datasources: main',
  ])
    expect(read(text).config?.datasources).toEqual([])
})
