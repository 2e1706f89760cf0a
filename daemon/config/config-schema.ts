import * as z from 'zod/mini'
import { appName, appNameChecks } from '#contract/app-param.ts'
import { forwardKinds, logLevels } from '#contract/log-words.ts'
import {
  boolean,
  command,
  count,
  duration,
  headerName,
  list,
  longestText,
  mapping,
  named,
  oneOf,
  port,
  schedule,
  section,
  size,
  text,
  timeout,
  timezone,
  unsaid,
} from './config-shapes.ts'
import { health } from './health-schema.ts'

const envValue = z
  .string('expected text; write "" for none')
  .check(
    z.maxLength(longestText, `expected at most ${longestText} characters`),
    z.regex(/^[^\0]*$/, 'expected text without a NUL'),
  )
const envName = text('expected the name of a variable, without =', /^[^=\0]{1,255}$/)

/** Packages have a scope before their name, and apps that are named after them do not. */
const neededApp = z
  .string('expected the name of an app')
  .check(
    z.refine((name) => !name.startsWith('@'), {
      error: ({ input }) =>
        `expected the name of an app, which has no @ in front: ${String(input).replace(/^@(?:[^/]*\/)?/, '')}`,
      abort: true,
    }),
  )
  .check(...appNameChecks)

const run = section({
  command: z.nullish(command),
  port: z.nullish(port),
  env: z.nullish(z.record(envName, envValue, mapping)),
  restart: z.nullish(
    section({
      policy: z.nullish(oneOf(['never', 'on-failure', 'always'])),
      backoff: z.nullish(duration),
      limit: z.nullish(count(0, 1_000_000)),
    }),
  ),
  dependsOn: z.nullish(list(neededApp, 'names of apps')),
  autostart: z.nullish(boolean),
})

const secretExpected = 'expected where it comes from: secret:NAME, or ${NAME} for a variable'

const forward = section({
  kind: oneOf(forwardKinds),
  url: unsaid('expected an address that begins with http:// or https://'),
  tenant: z.nullish(
    text("expected the name of a tenant: letters, digits and !-_.*'()| only", /^[\w!.*'()|-]{1,150}$/),
  ),
  token: z.nullish(unsaid(secretExpected)),
  user: z.nullish(text('expected the name of a user, without a colon', /^[^\0:\r\n]{1,200}$/)),
  password: z.nullish(unsaid(secretExpected)),
  headers: z.nullish(
    z.record(headerName, unsaid('expected text, secret:NAME, or ${NAME} for a variable'), mapping),
  ),
  labels: z.nullish(
    z.record(
      text(
        'expected the name of a label: letters, digits and _ only, beginning with a letter; with otlp also . and -',
        /^[A-Za-z][\w.-]{0,99}$/,
      ),
      text('expected text of at most 1024 characters', /^[^\0]{1,1024}$/),
      mapping,
    ),
  ),
  level: z.nullish(oneOf(logLevels)),
})

const logs = section({
  sources: z.nullish(
    list(
      section({
        file: z.nullish(text('expected the path of a file; * stands for any name')),
        container: z.nullish(text('expected the name of a container')),
        kind: z.nullish(oneOf(['application', 'access', 'database'])),
      }).check(
        z.refine(
          ({ file, container }) => ((file ?? null) === null) !== ((container ?? null) === null),
          'expected either file or container',
        ),
      ),
      'sources',
    ),
  ),
  forward: z.nullish(forward),
  retention: z.nullish(section({ days: z.nullish(count(1, 36_500)), size: z.nullish(size) })),
})

const datasource = named('the name of a datasource')
const database = section({
  primary: z.nullish(datasource),
  fallback: z.nullish(datasource),
  retry: z.nullish(timeout),
  onFailover: z.nullish(oneOf(['read-only', 'read-write'])),
})

const environment = section({
  target: z.nullish(oneOf(['process', 'docker', 'compose', 'kubernetes', 'aws', 'azure', 'gcp'])),
  image: z.nullish(text('expected the name of an image')),
  port: z.nullish(port),
  strategy: z.nullish(oneOf(['recreate', 'rolling', 'blue-green', 'canary'])),
  integration: z.nullish(named('the name of an integration')),
  namespace: z.nullish(named('the name of a namespace')),
  workload: z.nullish(
    text('expected a kind and a name, such as deployment/shop', /^[a-z]+\/[a-z0-9][a-z0-9.-]*$/),
  ),
  tier: z.nullish(oneOf(['development', 'staging', 'production'])),
  approval: z.nullish(oneOf(['none', 'confirm', 'typed'])),
  health: z.nullish(health),
})

const job = section({
  command,
  schedule: z.nullish(schedule),
  timezone: z.nullish(timezone),
  timeout: z.nullish(timeout),
  overlap: z.nullish(oneOf(['skip', 'allow'])),
  missed: z.nullish(oneOf(['once', 'skip'])),
})

const admin = section({
  name: z.nullish(appName),
  run: z.nullish(run),
  health: z.nullish(health),
  logs: z.nullish(logs),
  database: z.nullish(database),
  environments: z.nullish(z.record(named('the name of an environment'), z.nullish(environment), mapping)),
  jobs: z.nullish(z.record(named('the name of a job'), job, mapping)),
  tests: z.nullish(
    section({
      command: z.nullish(command),
      report: z.nullish(
        text(
          'expected the path of a JUnit XML file in the folder',
          /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\0]+$/,
        ),
      ),
      timeout: z.nullish(timeout),
    }),
  ),
  docs: z.nullish(
    text('expected an address that begins with http:// or https://', /^https?:\/\/[^\s\0/][^\s\0]*$/),
  ),
  include: z.nullish(list(text('expected the path of a folder'), 'folders')),
})

/** Loose, because the framework owns it; variables in it are not put in, so that a port can be text. */
const word = z.union([z.string(), z.number(), z.boolean()], 'expected text or a number')
const datasourceSection = z.looseObject(
  {
    driver: z.nullish(oneOf(['sqlite', 'postgres', 'postgresql', 'mysql', 'mariadb'])),
    database: z.nullish(word),
    host: z.nullish(word),
    port: z.nullish(word),
    user: z.nullish(word),
    username: z.nullish(word),
    password: z.nullish(word),
  },
  mapping,
)

/** The framework's, as they are; `name` and `app` are from its older files. */
const theirs = z.optional(z.unknown())
const theirSection = (...keys: readonly string[]) =>
  z.nullish(z.looseObject(Object.fromEntries(keys.map((key) => [key, theirs])), mapping))

/** `quantum.config.yaml`, after variables were put in. */
export const configSchema = z.looseObject({
  admin: z.nullish(admin),
  server: z.nullish(
    z.looseObject(
      {
        port: z.nullish(port),
        host: z.nullish(text('expected a host, as text')),
        debug: theirs,
        reload: theirs,
      },
      mapping,
    ),
  ),
  datasources: z.nullish(z.record(z.string(), z.nullish(datasourceSection), mapping)),
  paths: theirSection('components', 'static', 'logs', 'uploads', 'migrations'),
  logging: theirSection('level', 'console', 'file', 'filename', 'format'),
  security: theirs,
  performance: theirs,
  llm: theirs,
  mail: theirs,
  services: theirs,
  components: theirs,
  database: theirs,
  defaults: theirs,
  deploy: theirs,
  development: theirs,
  jobs: theirs,
  messaging: theirs,
  name: theirs,
  version: theirs,
  app: theirs,
  environments: theirs,
  cache: theirs,
  seo: theirs,
})

export type ParsedConfig = z.output<typeof configSchema>
