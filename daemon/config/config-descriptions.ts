/** What a key is for, in a sentence or two for whoever writes the file. */
export interface KeyDescription {
  readonly text: string
  /** Where nothing is given, in the reader's words. */
  readonly default?: string
  /** What it may be, where the framework's own key takes a few words and the schema leaves that to it. */
  readonly values?: readonly string[]
}

const textOrSecret: KeyDescription = {
  text: 'Text, `${NAME}` for a variable of the environment of Quantum Admin, or `secret:<name>`.',
}

/** What a check may say, wherever it stands. */
const check: Readonly<Record<string, KeyDescription>> = {
  interval: { text: 'How often it is asked.', default: '10s' },
  timeout: { text: 'How long an answer may take, all in all.', default: '2s' },
  retries: { text: 'How often one check asks again before it counts as failed.', default: '0' },
  jitter: {
    text: 'Each check waits a random time of at most this.',
    default: 'a tenth of the interval',
  },
  failures: {
    text: 'How many failed checks make it unhealthy: in a row, or `3 of 5` of the last ones.',
    default: '3',
  },
  successes: {
    text: 'How many good checks make it healthy again, likewise.',
    default: '2',
  },
  degradedAbove: { text: 'Answers slower than this make it degraded.' },
  severity: { text: 'How much it matters when it is unhealthy.', default: 'critical' },
  path: { text: 'The page of the app that is asked.' },
  url: { text: 'The address that is asked instead, also while the app does not run.' },
  method: { text: 'The method of HTTP.', default: 'GET' },
  headers: { text: 'Headers that are sent.' },
  'headers.*': textOrSecret,
  body: { text: 'What is sent as the body.' },
  expect: {
    text: 'The HTTP statuses of a good answer: `200`, `200-399`, `200-299, 404`.',
    default: '200-399',
  },
  contains: { text: 'Text that a good answer has in its first megabyte.' },
  json: {
    text: 'What is true of a good answer in JSON: a condition or a list of them, such as `.status == "healthy"`.',
  },
  'json.*': { text: 'One condition.' },
  redirects: {
    text: 'How many redirects are followed that are no good answers.',
    default: '5',
  },
  verifyCertificate: {
    text: 'Whether the certificate of a server has to be good.',
    default: 'true',
  },
  certificateWarning: {
    text: 'A certificate that ends within this time makes it degraded.',
    default: '14d',
  },
  push: { text: 'Push URL of a monitor of Uptime Kuma that gets each result, or `secret:<name>`.' },
}

const health: Readonly<Record<string, KeyDescription>> = {
  '': { text: 'How to tell whether the app is well.' },
  enabled: { text: 'Whether it is checked at all.', default: 'true' },
  ...check,
  checks: {
    text: 'Further checks, by name. What is said above counts for them too.',
  },
  kuma: { text: 'An Uptime Kuma whose monitors are shown beside the checks.' },
  'kuma.url': { text: 'Its address.' },
  'kuma.statusPage': { text: 'The slug of its status page.' },
  'kuma.key': { text: 'Instead: `secret:<name>` of an API key for its metrics.' },
  'kuma.monitors': { text: 'Only these.', default: 'all' },
  'kuma.monitors.*': { text: 'Name of a monitor.' },
  'kuma.interval': { text: 'How often it is asked.', default: '1m' },
  'checks.*': { text: 'One check, of exactly one thing.' },
  ...below('checks.*', {
    ...check,
    tcp: {
      text: 'A port here, or `host:port`, that has to take a connection, also while the app does not run.',
    },
    port: { text: 'The port of the app has to take a connection.' },
    process: { text: 'The process of the app has to live.' },
    container: {
      text: 'Name of a container that has to run and be healthy.',
    },
    database: { text: 'Name of a datasource that has to take a login.' },
    command: { text: "What is run in a shell in the app's folder; 0 means that all is well." },
  }),
  pauses: { text: 'When nothing is checked, again and again.' },
  'pauses.*': { text: 'One such time.' },
  'pauses.*.schedule': { text: 'When it begins, as five fields of cron.' },
  'pauses.*.for': { text: 'How long it is.' },
  'pauses.*.checks': { text: 'Checks that are paused then.', default: 'all' },
  'pauses.*.checks.*': { text: 'Name of a check.' },
  'pauses.*.timezone': { text: 'Where its schedule counts.', default: 'that of this machine' },
  notify: { text: 'Who is told when an incident is opened, acknowledged or resolved.' },
  'notify.webhook': { text: 'An address that is posted to.' },
  'notify.webhook.url': { text: 'The address, or `secret:<name>`.' },
  'notify.webhook.headers': { text: 'Headers that are sent.' },
  'notify.webhook.headers.*': textOrSecret,
  'notify.webhook.body': {
    text: 'What is sent: JSON with places such as `{{text}}`.',
    default: 'all that is known',
  },
  'notify.command': { text: "What is run in a shell in the app's folder." },
}

const words = (values: readonly string[]) => ({ values })
const onOff = words(['true', 'false'])

/** The framework's sections, of which only the first few are read here. */
const framework: Readonly<Record<string, KeyDescription>> = {
  server: { text: "The framework's web server." },
  'server.port': { text: 'The port it listens on.', default: '8080' },
  'server.host': { text: 'The address it listens on.', default: '127.0.0.1' },
  'server.debug': { text: 'Shows errors in detail; not for production.', ...onOff },
  'server.reload': { text: 'Starts again whenever a file changes.', ...onOff },
  paths: { text: 'Where the parts of a Quantum app lie, seen from its folder.' },
  'paths.components': { text: 'Folder of the `.q` files.', default: './components' },
  'paths.static': { text: 'Folder of files that are served as they are.' },
  'paths.logs': { text: 'Folder of log files.', default: './logs' },
  'paths.uploads': { text: 'Folder that uploaded files go to.' },
  'paths.migrations': { text: 'Folder of database migrations.', default: './migrations' },
  datasources: { text: 'Databases of the app, by name.' },
  'datasources.*': { text: 'One database. `admin.database` names it.' },
  'datasources.*.driver': { text: 'What kind of database it is.' },
  'datasources.*.database': { text: 'Name of the database; with sqlite, the path of its file.' },
  'datasources.*.host': { text: 'The machine it runs on.' },
  'datasources.*.port': { text: 'The port it listens on.' },
  'datasources.*.user': { text: 'Who logs in.' },
  'datasources.*.username': { text: 'Who logs in; another spelling of `user`.' },
  'datasources.*.password': {
    text: 'Never as it is: write `${NAME}` for a variable of the environment, or `secret:<name>`.',
  },
  logging: { text: 'What the framework logs, and where to.' },
  'logging.level': {
    text: 'The least that is logged.',
    ...words(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']),
  },
  'logging.console': { text: 'Logs to the terminal.', ...onOff },
  'logging.file': { text: 'Logs to a file; in older files its path.', ...onOff },
  'logging.filename': { text: 'Name of the log file, in `paths.logs`.', default: 'quantum.log' },
  'logging.format': { text: 'What a log line looks like.' },
  security: { text: "The framework's security settings." },
  performance: { text: "The framework's caches and limits." },
  llm: { text: 'Language models that components use.' },
  mail: { text: 'How the app sends mail.' },
  services: { text: 'Services that components use.' },
  components: { text: 'Settings of components.' },
  database: { text: "The framework's database settings; the databases themselves are in `datasources`." },
  defaults: { text: 'Defaults of the framework.' },
  deploy: { text: "The framework's own deployment settings." },
  development: { text: 'Settings while developing.' },
  jobs: { text: "The framework's own jobs; those of Quantum Admin are in `admin.jobs`." },
  messaging: { text: "The framework's message queues." },
  name: { text: 'Name of the app, in older files. `admin.name` goes before it.' },
  version: { text: 'Version of the app, in older files.' },
  app: { text: 'The app, in older files.' },
  environments: { text: "The framework's environments, in older files." },
  cache: { text: "The framework's cache, in older files." },
  seo: { text: 'Settings for search engines, in older files.' },
}

const admin: Readonly<Record<string, KeyDescription>> = {
  '': { text: 'How Quantum Admin runs and looks after this app. Every key is optional.' },
  name: {
    text: 'Name of the app, in every list and command.',
    default: 'the name in `name`, `app.name` or `package.json`, else that of the folder',
  },
  run: { text: 'How the app is run.' },
  'run.command': {
    text: 'What starts it, in a shell in its folder. It finds its port in `$PORT`.',
    default: 'what its kind of app is started with, such as `npm run dev`',
  },
  'run.port': {
    text: 'The port it asks for. When that is taken, it is given the next free one, in `$PORT`.',
  },
  'run.env': { text: 'Variables of its environment.' },
  'run.env.*': textOrSecret,
  'run.restart': { text: 'What happens when it ends by itself.' },
  'run.restart.policy': { text: 'When it is started again.', default: 'on-failure' },
  'run.restart.backoff': {
    text: 'The pause before the first start; each one after that is twice as long.',
    default: '1s',
  },
  'run.restart.limit': { text: 'How often in a row it is started again.', default: '5' },
  'run.dependsOn': { text: 'Apps that are started before it.' },
  'run.dependsOn.*': { text: 'Name of an app.' },
  'run.autostart': { text: 'Whether it is started whenever the daemon starts.', default: 'false' },
  logs: { text: 'Where its logs are, and how long they are kept.' },
  'logs.sources': { text: 'What is read beside the output of the app itself.' },
  'logs.sources.*': { text: 'One source: a file or a container.' },
  'logs.sources.*.file': {
    text: "Path of a log file, seen from the app's folder; `*` stands for any name.",
  },
  'logs.sources.*.container': { text: 'Name of a container, or of a service of the compose project.' },
  'logs.sources.*.kind': { text: 'What is in it, which decides how lines are understood.' },
  'logs.forward': {
    text: 'Sends what is kept of its logs to another engine as well, from then on.',
    default: 'nothing is sent anywhere',
  },
  'logs.forward.kind': { text: "What it speaks: Loki's push API, or OTLP over HTTP." },
  'logs.forward.url': {
    text: 'Where it is. `/loki/api/v1/push` or `/v1/logs` is put behind it, unless it ends with that.',
  },
  'logs.forward.tenant': { text: 'The tenant whose logs these are, sent as `X-Scope-OrgID`.' },
  'logs.forward.token': {
    text: 'Sent as `Authorization: Bearer`. Never as it is: `secret:<name>`, or `${NAME}` for a variable.',
  },
  'logs.forward.user': { text: 'Who logs in, with `password`.' },
  'logs.forward.password': { text: 'Never as it is: `secret:<name>`, or `${NAME}` for a variable.' },
  'logs.forward.headers': { text: 'Further HTTP headers.' },
  'logs.forward.headers.*': textOrSecret,
  'logs.forward.labels': { text: 'What is said of every record, besides its app, source, kind and level.' },
  'logs.forward.labels.*': { text: 'The value of that label.' },
  'logs.forward.level': {
    text: 'The least grave level that is sent; records that say none are not sent then.',
    default: 'everything is sent',
  },
  'logs.retention': { text: 'How much is kept; whichever is reached first counts.' },
  'logs.retention.days': { text: 'For how many days.' },
  'logs.retention.size': { text: 'Up to which size.' },
  database: { text: 'Which of the datasources it uses, and what happens when one is gone.' },
  'database.primary': { text: 'Name of the datasource that is used.' },
  'database.fallback': { text: 'Name of the datasource that is used while the primary is gone.' },
  'database.retry': { text: 'How often the primary is tried again.' },
  'database.onFailover': { text: 'What may be done with the fallback.' },
  environments: { text: 'Where the app runs, by the name of the environment.' },
  'environments.*': { text: 'One environment.' },
  'environments.*.target': { text: 'What it runs on.' },
  'environments.*.image': { text: 'Name of its container image.' },
  'environments.*.port': { text: 'The port it is reached at there.' },
  'environments.*.strategy': { text: 'How a new version takes the place of the old one.' },
  'environments.*.integration': { text: 'Name of the integration that it is reached through.' },
  'environments.*.namespace': { text: 'Its namespace in Kubernetes.' },
  'environments.*.workload': { text: 'Its kind and name in Kubernetes.' },
  'environments.*.tier': { text: 'How much depends on it.' },
  'environments.*.approval': { text: 'What a person has to do before it is changed.' },
  jobs: { text: 'Commands that are run by hand or on a schedule, by name.' },
  'jobs.*': { text: 'One job.' },
  'jobs.*.command': { text: "What is run, in a shell in the app's folder." },
  'jobs.*.schedule': { text: 'When it is run, as five fields of cron.', default: 'only by hand' },
  'jobs.*.timezone': {
    text: 'Where its schedule counts, such as Europe/Berlin.',
    default: 'that of this machine',
  },
  'jobs.*.timeout': { text: 'How long it may take.' },
  'jobs.*.overlap': {
    text: 'What becomes of a run whose time comes while another one goes on.',
    default: 'skip',
  },
  'jobs.*.missed': {
    text: 'Whether a job is run once for the times that came while the machine slept or no daemon ran.',
    default: 'once',
  },
  tests: { text: 'How the app is tested.' },
  'tests.command': { text: "What runs its tests, in a shell in the app's folder." },
  'tests.report': { text: "Where they write a JUnit XML file, as a path within the app's folder." },
  'tests.timeout': { text: 'How long they may take.' },
  docs: { text: 'Address of its documentation.' },
  include: { text: 'Folders of other apps, each with a configuration of its own.' },
  'include.*': { text: 'Path of a folder, seen from this file.' },
}

/** Every key, by its path; `*` stands for any name and any place in a list. */
export const descriptions: Readonly<Record<string, KeyDescription>> = {
  ...framework,
  ...below('admin', admin),
  ...below('admin.health', health),
  ...below('admin.environments.*.health', health),
}

function below(
  path: string,
  keys: Readonly<Record<string, KeyDescription>>,
): Readonly<Record<string, KeyDescription>> {
  const entries = Object.entries(keys)
  return Object.fromEntries(entries.map(([key, value]) => [key === '' ? path : `${path}.${key}`, value]))
}
