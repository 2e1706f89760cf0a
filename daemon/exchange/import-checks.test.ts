import { expect, test } from 'vitest'
import { Failure } from '#base/failure.ts'
import { importChecks } from './import-checks.ts'

const kuma = (...monitors: readonly object[]): string =>
  JSON.stringify({ version: '1.23.0', monitorList: monitors })
const http = { name: 'a', type: 'http', url: 'https://example.com/', interval: 60, active: true }

/** What an import is refused with. */
async function refusal(text: string): Promise<string> {
  try {
    await importChecks(text, [])
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid-params') return error.message
    throw error
  }
  return 'taken'
}

const deep = (open: string, close: string, levels: number): string =>
  open.repeat(levels) + close.repeat(levels)
/** Nine lists, each of nine of the one before: a billion values in a few hundred bytes. */
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghi'.split('').map((name, index) => {
    const before = 'abcdefgh'[index]
    return `${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(',')}]`
  }),
  'endpoints: *i',
].join('\n')

test.each([
  ['', 'the file says nothing'],
  ['{"monitorList": [', 'The file begins as JSON and is none: it may have been cut off'],
  ['{}', 'monitorList: expected the list of monitors of an Uptime Kuma backup'],
  ['null', 'the file: expected a mapping, got nothing'],
  ['just text', 'the file: expected a mapping, got a text'],
  ['a: 1', 'endpoints: expected the endpoints of a configuration of Gatus'],
  [kuma({ ...http, interval: 'often' }), 'monitorList[0].interval: expected a number, got a text'],
  [kuma(http, { ...http, url: ['x'] }), 'monitorList[1].url: expected text, got a list'],
  [kuma({ ...http, name: { a: 1 } }), 'monitorList[0].name: expected text, got a mapping'],
  [kuma({ ...http, type: null }), 'monitorList[0].type: expected the type of a monitor'],
  [kuma({ ...http, ignoreTls: 'geheim' }), 'monitorList[0].ignoreTls: expected true or false, got a text'],
  [kuma({ ...http, maxretries: {} }), 'monitorList[0].maxretries: expected a number, got a mapping'],
  [
    kuma({ ...http, accepted_statuscodes: '200' }),
    'monitorList[0].accepted_statuscodes: expected a list, got a text',
  ],
  [
    kuma({ ...http, accepted_statuscodes: ['200-299', 'ok'] }),
    'monitorList[0].accepted_statuscodes[1]: expected a status or a range of them, got a text',
  ],
  ['{"monitorList": "x"}', 'monitorList: expected a mapping, got a text'],
  ['[[1]]', '[0]: expected a mapping, got a list'],
  ['endpoints: x', 'endpoints: expected a list, got a text'],
  ['endpoints: [{url: "https://example.com"}]', 'endpoints[0].name: expected the name of an endpoint'],
  [
    'endpoints: [{name: a, url: "https://example.com", interval: often}]',
    'endpoints[0].interval: expected a duration such as 60s or 1m30s, got a text',
  ],
  [
    'endpoints: [{name: a, url: "https://example.com", conditions: [{}]}]',
    'endpoints[0].conditions[0]: expected text, got a mapping',
  ],
  ['endpoints:\n  - name: a\n\t- x', /^line 3, column 1: /],
  ['a: \u0007', 'line 1, column 4: YAML does not allow the control character U+0007 here'],
  ['__proto__: { polluted: true }\nendpoints: []', /this key is not allowed$/],
  [`endpoints: ${deep('[', ']', 5000)}`, /expected at most 64 levels of nesting$/],
  [bomb, /expected aliases to repeat at most 10000 values$/],
  [`{"monitorList": ${deep('[', ']', 200_000)}}`, 'monitorList[0]: expected a mapping, got a list'],
  [kuma(...Array.from({ length: 2001 }, () => http)), 'expected at most 2000 monitors, got 2001'],
])('%.60s is refused, and the place is named', async (text, message) => {
  const before = performance.now()
  if (typeof message === 'string') expect(await refusal(text)).toBe(message)
  else expect(await refusal(text)).toMatch(message)
  expect(performance.now() - before).toBeLessThan(3000)
  expect(Object.prototype).not.toHaveProperty('polluted')
})

test.each([
  ['javascript:alert(1)', 'url: it begins with javascript:, and only http: and https: are asked'],
  ['file:///etc/passwd', 'url: it begins with file:, and only http: and https: are asked'],
  ['https://', 'url: it is no address'],
  ['', 'url: it is no address'],
  ['https://example.com/\u0000', /expected an address that begins with/],
  [`https://example.com/${'a'.repeat(40_000)}`, /expected an address that begins with/],
])('the address %.40s is left out with the reason, and nothing else is', async (url, reason) => {
  const { monitors, checks } = await importChecks(kuma({ ...http, url }, { ...http, name: 'b' }), [])
  expect([...checks.keys()]).toEqual(['b'])
  expect(monitors[0]).toMatchObject({ outcome: 'left-out', check: null })
  const [note = ''] = monitors[0]?.notes ?? []
  if (typeof reason === 'string') expect(note).toBe(reason)
  else expect(note).toMatch(reason)
})

test('what is there already stays, and what would take the place of a found check gets another name', async () => {
  const names = ['http', 'Orders', 'orders!', 'A'].map((name) => ({ ...http, name }))
  const { monitors } = await importChecks(kuma(...names), ['a'])
  expect(monitors.map(({ check }) => check)).toEqual(['http-2', 'orders', 'orders-2', null])
  expect(monitors[3]?.notes).toEqual(['there is a check a already'])
})

test('names and notes are harmless to show, whatever a file says', async () => {
  const { monitors, yaml } = await importChecks(kuma({ ...http, name: '\u001b[31m\u202eevil\nname' }), [])
  // oxlint-disable-next-line no-control-regex -- to find them is what this is for.
  expect(JSON.stringify(monitors) + yaml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
})
