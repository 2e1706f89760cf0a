import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../config/read-config.ts'
import { gatusYaml } from '../../exchange/gatus-export.ts'
import { importChecks, type Imported } from '../../exchange/import-checks.ts'
import { endpointsOf, holds, wordOf, type Answered, type Endpoint } from '../../exchange/gatus.fixture.ts'
import { exportedCheck, planChecks, type PlannedCheck } from './check-plan.ts'
import { judgeAnswer, withSlowness } from './check-words.ts'
import { appOn } from './health.fixture.ts'

const folder = new URL('../../../test/corpora/monitoring/', import.meta.url)
const files = readdirSync(folder)
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

/** What an import comes to when it is in a configuration and the app is checked by it. */
function planned({ yaml }: Imported): readonly PlannedCheck[] {
  const { config, problems } = readConfig(Buffer.from(yaml), { file: 'q.yaml', environment: {} })
  expect(problems).toEqual([])
  const plans = planChecks(appOn(3000, { health: config?.health ?? null }))
  return plans.filter(({ source }) => source === 'config')
}

/** Without those of which Gatus cannot say all, which are told. */
function exported(plans: readonly PlannedCheck[]): ReadonlyMap<string, Endpoint> {
  const { text, notes } = gatusYaml(plans.map((plan) => exportedCheck(plan, 3000)))
  const endpoints = endpointsOf(text)
  return new Map(
    endpoints
      .filter(({ name }) => !notes.some((note) => note.startsWith(`shop ${name}: Gatus cannot`)))
      .map((endpoint) => [endpoint.name, endpoint]),
  )
}

/** Whether we call an answer good: a slow one, and one whose certificate ends soon, are not. */
function isGoodHere({ target, degradedAboveMs }: PlannedCheck, answered: Answered): boolean {
  if (target.kind !== 'http') return degradedAboveMs === null || answered.milliseconds <= degradedAboveMs
  const outcome = judgeAnswer(
    {
      ok: true,
      status: answered.status,
      latencyMs: answered.milliseconds,
      body: answered.body,
      cut: false,
      certificateEndsAt: answered.certificateMs === 0 ? null : answered.certificateMs,
      at: null,
    },
    target,
    0,
  )
  return withSlowness(outcome, degradedAboveMs).grade === 'good'
}

const redirects = new Set([301, 302, 303, 307, 308])
const bodies = [
  '',
  'Orders',
  'the Orders & more are here, the first too',
  'Welcome',
  '{"status":"UP"}',
  '{"status":"DOWN"}',
  '{"dead-letters":4,"items":[{"state":"ready"}],"text":"Orders"}',
  '{"dead-letters":5,"items":[{"state":"ready"}],"text":"Orders"}',
  '{"dead-letters":4,"items":[{"state":"late"}],"text":"Orders"}',
  '{"data":{"shop":{"open":true}}}',
  '{"data":{"shop":{"open":false}}}',
  '{"checks":[{"state":"healthy"}],"queue":{"dead letters":0}}',
  '{"checks":[{"state":"ill"}],"queue":{"dead letters":1}}',
  '{"count":5}',
  '{"count":4}',
]

/** Answers on both sides of everything that a fixture asks for. */
function* answers(isTls: boolean): Generator<Answered> {
  for (let status = 100; status <= 599; status++)
    for (const body of bodies) yield { status, body, milliseconds: 10, certificateMs: isTls ? 3e9 : 0 }
  for (const body of bodies)
    for (const milliseconds of [49, 50.5, 51, 149, 151, 799, 800.4, 801.5])
      yield { status: 200, body, milliseconds, certificateMs: isTls ? 3e9 : 0 }
  for (const hours of isTls ? [1, 239, 241, 503, 505] : [])
    for (const body of bodies) yield { status: 200, body, milliseconds: 10, certificateMs: hours * 3_600_000 }
}

/** What a server says last: who follows redirects sees none. */
const seen = (endpoint: Endpoint): readonly Answered[] =>
  [...answers(endpoint.url.startsWith('https:'))].filter(
    ({ status }) => !endpoint.follows || !redirects.has(status),
  )

const figure = (text: string): boolean => process.stdout.write(`figure exchange: ${text}\n`)

const secret = '(secret)'
/** Without what is nobody's business, which is named differently on both sides. */
const open = ({ headers, ...rest }: Endpoint) => ({
  ...rest,
  name: '',
  conditions: [],
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      /\$|secret:/.test(value) && !/\$\d/.test(value) ? secret : value,
    ]),
  ),
})

test('the judge of conditions tells apart what is one status, byte or millisecond apart', () => {
  const answered = { status: 300, body: '{"a":1}', milliseconds: 500, certificateMs: 172_800_000 }
  const verdicts = [
    ['[STATUS] < 300', '[STATUS] <= 300'],
    ['[STATUS] == any(200, 204)', '[STATUS] == any(200, 300)'],
    ['[STATUS] == pat(2*)', '[STATUS] == pat(3?0)'],
    ['[BODY].a == 2', '[BODY].a == 1'],
    ['[BODY] == pat(*"b"*)', '[BODY] == pat(*"a"*)'],
    ['[RESPONSE_TIME] < 500', '[RESPONSE_TIME] <= 500'],
    ['[CERTIFICATE_EXPIRATION] > 48h', '[CERTIFICATE_EXPIRATION] >= 48h'],
  ].map((pair) => pair.map((condition) => holds(condition, answered)))
  expect(verdicts).toEqual(verdicts.map(() => [false, true]))
})

describe.each(files)('%s', (file) => {
  test('every monitor is a check, or is named with a reason', async () => {
    const imported = await importChecks(read(file), [])
    const raw = file.endsWith('.json')
      ? Object.keys((JSON.parse(read(file)) as { readonly monitorList: object }).monitorList).length
      : (read(file).match(/^ {2}- name: /gm) ?? []).length
    expect(imported.monitors.length).toBe(raw)
    for (const { check, outcome, notes } of imported.monitors) {
      expect([check === null, outcome === 'left-out']).toEqual([outcome === 'left-out', check === null])
      if (outcome !== 'mapped') expect(notes.length).toBeGreaterThan(0)
    }
    expect(planned(imported).map(({ check }) => check)).toEqual([...imported.checks.keys()])
    expect(imported.monitors.flatMap(({ check }) => check ?? [])).toEqual([...imported.checks.keys()])
    // What was a password there is nowhere here.
    expect(JSON.stringify(imported)).not.toMatch(/geheim|correct horse|k3y-of|s3cr3t/)
  })
})

describe.each(files.filter((file) => file.startsWith('gatus')))('%s', (file) => {
  test('is the same to Gatus when it comes back, and here between', async () => {
    const imported = await importChecks(read(file), [])
    const plans = planned(imported)
    const back = exported(plans)
    const before = endpointsOf(read(file))
    expect(back.size).toBe(plans.length)
    let compared = 0
    for (const plan of plans) {
      const monitor = imported.monitors.find(({ check }) => check === plan.check)
      const place = Number(/\[(\d+)\]$/.exec(monitor?.where ?? '')?.[1])
      const [was, is] = [before[place], back.get(plan.check)]
      if (was === undefined || is === undefined) throw new Error(`There is no ${plan.check}`)
      expect(open(is)).toEqual(open(was))
      const lost = monitor?.notes.join('\n') ?? ''
      const kept = was.conditions.filter((condition) => !lost.includes(`the condition ${condition}:`))
      for (const answered of seen(was)) {
        const verdicts = [
          kept.every((condition) => holds(condition, answered)),
          isGoodHere(plan, answered),
          is.conditions.every((condition) => holds(condition, answered)),
        ]
        if (new Set(verdicts).size !== 1) expect({ check: plan.check, answered, verdicts }).toBe('the same')
        compared++
      }
    }
    figure(`${file}: ${plans.length} endpoints there and back, ${compared} answers judged alike three times`)
  })
})

describe.each(files.filter((file) => file.startsWith('kuma')))('%s', (file) => {
  test('keeps address, method, headers, times and what is expected, here and in Gatus', async () => {
    const imported = await importChecks(read(file), [])
    const plans = planned(imported)
    const back = exported(plans)
    const { monitorList } = JSON.parse(read(file)) as { readonly monitorList: Readonly<Record<string, Kuma>> }
    let compared = 0
    for (const plan of plans) {
      const monitor = imported.monitors.find(({ check }) => check === plan.check)
      const was = monitorList[/\[?"?(\d+)"?\]?$/.exec(monitor?.where ?? '')?.[1] ?? '']
      if (was === undefined) throw new Error(`There is no ${plan.check}`)
      expect(plan.rule).toMatchObject({ failures: { count: was.maxretries + 1 }, successes: { count: 1 } })
      const is = back.get(plan.check)
      if (plan.target.kind === 'container') {
        expect(is).toBeUndefined()
        continue
      }
      // A member whose name has a space is nothing that Gatus finds.
      if (plan.check === 'count') expect(is).toBeUndefined()
      if (plan.check === 'count') continue
      if (is === undefined) throw new Error(`${plan.check} did not come back`)
      expect([is.intervalMs, is.timeoutMs]).toEqual([
        was.interval * 1000,
        (was.timeout ?? was.interval * 0.8) * 1000,
      ])
      expect([is.failures, is.successes]).toEqual([was.maxretries + 1, 1])
      if (plan.target.kind === 'tcp') {
        expect(is.url).toBe(
          `tcp://${was.hostname?.includes(':') === true ? `[${was.hostname}]` : was.hostname}:${was.port}`,
        )
        continue
      }
      expect([is.url, is.method, is.insecure, is.follows, is.body]).toEqual([
        was.url?.replace('ada:geheim@', ''),
        was.method,
        was.ignoreTls,
        was.maxredirects > 0,
        was.body ?? '',
      ])
      for (const [name, value] of Object.entries(JSON.parse(was.headers ?? '{}') as Record<string, string>))
        expect(is.headers[name.toLowerCase()]).toMatch(value.startsWith('k3y') ? /^\$\{\w+\}$/ : value)
      const hasLogin = typeof was.basic_auth_user === 'string' || was.url?.includes('@') === true
      expect(/^\$\{\w+\}$/.test(is.headers['authorization'] ?? '')).toBe(hasLogin)
      for (const answered of seen(is)) {
        // Kuma judges neither the time nor, at once, the certificate.
        if (answered.certificateMs !== 0 && answered.certificateMs < 3e9) continue
        const verdicts = [
          isGoodInKuma(was, answered),
          isGoodHere(plan, answered),
          is.conditions.every((condition) => holds(condition, answered)),
        ]
        if (new Set(verdicts).size !== 1) expect({ check: plan.check, answered, verdicts }).toBe('the same')
        compared++
      }
    }
    figure(`${file}: ${plans.length} checks, ${compared} answers judged alike three times`)
  })
})

interface Kuma {
  readonly type: string
  readonly url: string | null
  readonly hostname: string | null
  readonly port: number | string | null
  readonly method: string
  readonly body: string | null
  readonly headers: string | null
  readonly interval: number
  readonly timeout?: number
  readonly maxretries: number
  readonly maxredirects: number
  readonly ignoreTls: boolean
  readonly accepted_statuscodes: readonly string[]
  readonly keyword: string | null
  readonly jsonPath?: string | null
  readonly jsonPathOperator?: string
  readonly expectedValue?: string | null
  readonly basic_auth_user?: string | null
}

function isGoodInKuma(was: Kuma, { status, body }: Answered): boolean {
  const isAccepted = was.accepted_statuscodes.some((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return status >= first && status <= last
  })
  if (!isAccepted) return false
  if (was.type === 'keyword') return body.includes(was.keyword ?? '')
  if (was.type !== 'json-query') return true
  const found = evaluate(body, was.jsonPath ?? '')
  if (found === undefined) return false
  return was.jsonPathOperator === '>='
    ? Number(found) >= Number(was.expectedValue)
    : wordOf(found) === was.expectedValue
}

/** The plain paths of JSONata that the fixtures have. */
function evaluate(body: string, path: string): unknown {
  let at: unknown
  try {
    at = JSON.parse(body)
  } catch {
    return undefined
  }
  for (const [step] of path.replace(/^\$\./, '').matchAll(/[^.`[\]]+/g)) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<string, unknown>>)[step]
  }
  return at
}
