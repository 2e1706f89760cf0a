import { valueAt, nearestPlace, type Placed } from './config-values.ts'
import { pathText, warning, type Finding, type KeyPath } from './findings.ts'

/** A database that the file names. Variables are not put in yet, and a password may be a secret's name. */
export interface DatasourceConfig {
  readonly name: string
  readonly driver: 'sqlite' | 'postgresql' | 'mysql'
  readonly host: string | null
  readonly port: string | null
  readonly database: string | null
  readonly user: string | null
  readonly password: string | null
  /** As PostgreSQL's own clients name it. */
  readonly sslmode: string | null
  /** The configuration, as it was given to the reader. */
  readonly file: string
  /** Counted from 1. */
  readonly line: number
}

const drivers: Readonly<Record<string, DatasourceConfig['driver']>> = {
  sqlite: 'sqlite',
  postgres: 'postgresql',
  postgresql: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
}

/** More than an app has; a broken file can hold a hundred thousand. */
const most = 100
const longestName = 200

/** The datasources that can be understood; of the others the schema says what is wrong. */
export function datasourcesOf(file: Placed, text: string, path: string): readonly DatasourceConfig[] {
  return namesOf(file).flatMap((name) => {
    const word = (key: string): string | null => wordAt(file, [section, name, key])
    const driver = drivers[word('driver') ?? ''] ?? null
    if (driver === null) return []
    const { keyOffset } = nearestPlace(file.place, [section, name])
    return [
      {
        name,
        driver,
        host: word('host'),
        port: word('port'),
        database: word('database'),
        user: word('user') ?? word('username'),
        password: word('password'),
        sslmode: word('sslmode'),
        file: path,
        line: text.slice(0, keyOffset).split('\n').length,
      },
    ]
  })
}

/** Passwords that stand in the file itself, where whoever has the file can read them. */
export function passwordWarnings(file: Placed): readonly Finding[] {
  return namesOf(file).flatMap((name) => {
    const path = [section, name, 'password']
    const password = wordAt(file, path)
    if (password === null || isReference(password)) return []
    const message = `${pathText(path)}: whoever has the file can read this password; write \${NAME} for a variable, or secret:NAME for a secret kept with \`quantum-admin secrets set NAME\``
    const { offset, end } = nearestPlace(file.place, path)
    return [warning(offset, message, { end, code: 'value' })]
  })
}

/** Whether a value, as it is written, names where a password comes from, rather than being one. */
export const isReference = (password: string): boolean =>
  password === '' || /^secret:./.test(password) || /\$\{[A-Za-z_]\w*(?::?-\})?\}/.test(password)

const section = 'datasources'

function namesOf({ value }: Placed): readonly string[] {
  const found = valueAt(value, [section])
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return []
  return Object.keys(found)
    .filter((name) => name !== '' && name.length <= longestName)
    .slice(0, most)
}

function wordAt({ value }: Placed, path: KeyPath): string | null {
  const found = valueAt(value, path)
  return typeof found === 'string' || typeof found === 'number' ? String(found) : null
}
