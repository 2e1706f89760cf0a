import { expect, test } from 'vitest'
import { toHealth } from '../../config/health-config.ts'
import { parseCondition, type JsonCondition } from '../../config/json-condition.ts'
import type { HttpAnswer } from '../../adapters/checks/checker.ts'
import { causeOf, judgeAnswer, judgeFailure, withSlowness } from './check-words.ts'

const now = Date.UTC(2026, 10, 23)
const day = 86_400_000
const answer = (said: Partial<HttpAnswer> = {}): HttpAnswer => ({
  ok: true,
  status: 200,
  latencyMs: 12,
  body: null,
  cut: false,
  certificateEndsAt: null,
  at: null,
  ...said,
})
const json = (text: string) => [parseCondition(text) as JsonCondition]

test.each<[Partial<HttpAnswer>, Parameters<typeof toHealth>[0], 'good' | 'soft' | 'bad', string | null]>([
  [{}, {}, 'good', null],
  [{ status: 302 }, {}, 'good', null],
  [{ status: 404 }, {}, 'bad', 'answered 404 (expected 200-399)'],
  [
    { status: 200, at: 'http://b/x?y=1' },
    { expect: [[204, 204]] },
    'bad',
    'answered 200 (expected 204), redirected to http://b/x',
  ],
  [{ body: 'all is well' }, { contains: 'well' }, 'good', null],
  [{ body: 'no' }, { contains: 'well' }, 'bad', 'answered without the text "well"'],
  [{ body: '{"a":1}' }, { json: json('.a == 1') }, 'good', null],
  [{ body: '{"a":2}' }, { json: json('.a == 1') }, 'bad', 'answered, but .a is 2 (expected .a == 1)'],
  [{ body: '<html>' }, { json: json('.a == 1') }, 'bad', 'answered what is no JSON'],
  [
    { body: '[', cut: true },
    { json: json('.a == 1') },
    'bad',
    'answered more than a megabyte, which is not read as JSON',
  ],
  [
    { certificateEndsAt: now + 8.5 * day },
    {},
    'soft',
    'has a certificate that expires on 2026-12-01, in 8 days',
  ],
  [{ certificateEndsAt: now + 15 * day }, {}, 'good', null],
])('an answer %j to what wants %j is %s', (said, wanted, grade, reason) => {
  expect(judgeAnswer(answer(said), toHealth(wanted).http, now)).toMatchObject({ grade, reason })
})

test('a good answer that is slow is half a failure; a bad one is bad, however slow', () => {
  const good = { grade: 'good', latencyMs: 812.4, reason: null } as const
  expect(withSlowness(good, 500)).toEqual({ ...good, grade: 'soft', reason: 'took 812 ms (over 500 ms)' })
  expect(withSlowness(good, null)).toBe(good)
  expect(withSlowness({ ...good, grade: 'bad' }, 500).grade).toBe('bad')
})

test('a cause says what was seen, how often and since when', () => {
  const at = new Date(2026, 10, 23, 14, 2, 11).getTime()
  const bad = { grade: 'bad', at } as const
  const good = { grade: 'good', at: at + 1 } as const
  const cause = (samples: Parameters<typeof causeOf>[2], of: number, count: number) =>
    causeOf('GET http://127.0.0.1:3000/health', 'answered 503 (expected 200)', samples, { count, of })
  expect(cause([bad, bad, bad], 3, 3)).toBe(
    'GET http://127.0.0.1:3000/health answered 503 (expected 200) 3 times since 14:02:11',
  )
  expect(cause([bad, good, bad, bad], 5, 3)).toMatch(/ 3 of the last 4 times since 14:02:11$/)
  expect(cause([bad], 1, 1)).toMatch(/\(expected 200\) at 14:02:11$/)
})

test('a failure says exactly why', () => {
  const said = (fault: Parameters<typeof judgeFailure>[0]['fault'], detail: string | null = null) =>
    judgeFailure({ ok: false, fault, detail, at: null }, 2000).reason
  const certificate = JSON.stringify({
    names: 'DNS:a.test',
    from: now + day,
    to: now - day,
    issuer: 'Shop CA',
  })
  expect(said('tls-expired', certificate)).toBe('failed: its certificate has expired on 2026-11-22')
  expect(said('tls-not-yet-valid', certificate)).toBe(
    'failed: its certificate is not valid yet, only from 2026-11-24',
  )
  expect(said('tls-wrong-host', certificate)).toBe('failed: its certificate is for another host (DNS:a.test)')
  expect(said('tls-untrusted', certificate)).toBe(
    'failed: its certificate is from an authority that is not trusted (Shop CA)',
  )
  expect(said('tls-untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')).not.toContain('null')
  expect(said('silent')).toBe('failed: no whole answer within 2000 ms')
})
