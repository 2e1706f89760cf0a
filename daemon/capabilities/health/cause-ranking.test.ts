import { expect, test } from 'vitest'
import { plainCandidate, type Candidate } from './cause-evidence.ts'
import { rankCauses, type Onset } from './cause-ranking.ts'

/** Seconds after some moment; the first failure is at 1000. */
const s = 1000
const onset = (said: Partial<Onset> = {}): Onset => ({
  at: 1000 * s,
  goods: [960, 970, 980, 990].map((second) => second * s),
  texts: [],
  targets: [],
  ...said,
})
const candidate = (kind: Candidate['kind'], at: number, said: Partial<Candidate> = {}): Candidate => ({
  ...plainCandidate,
  kind,
  turn: 'changed',
  at: at * s,
  relation: 'own',
  ...said,
})
const edit = (at: number, file: string, said: Partial<Candidate> = {}) =>
  candidate('files', at, { names: [file], ...said })
const first = (candidates: readonly Candidate[], at: Onset = onset()) => {
  const [best] = rankCauses(candidates, at)
  return best === undefined ? null : candidates[best.index]
}

test('of what came to nothing in several checks nothing is said while something newer is known', () => {
  const old = edit(955, 'old.js')
  const fresh = edit(995, 'fresh.js')
  expect(first([old, fresh])).toBe(fresh)
  expect(first([fresh, old])).toBe(fresh)
})

test('an edit has its effect by the next start: neither the start nor what ended then is the cause', () => {
  const starts = [995 * s]
  const change = edit(900, 'price.js', { starts })
  const start = candidate('start', 995, { starts })
  const end = candidate('end', 996, { turn: 'ended', starts })
  expect(first([change, start, end])).toBe(change)
  expect(rankCauses([change, start, end], onset())[0]).toMatchObject({ start: 995 * s, goods: 0 })
})

test('what is of use at once does not wait for a start', () => {
  const starts = [995 * s]
  const checks = candidate('config', 950, { isAtOnce: true, starts })
  const code = edit(994, 'price.js', { starts })
  expect(first([checks, code])).toBe(code)
})

test('what an error names, or is the kind of, goes before what is only near in time', () => {
  const near = edit(999, 'style.css')
  const named = candidate('config', 991, { names: ['settings.json', 'DB_PORT', '5433'] })
  expect(first([near, named], onset({ texts: ['connect ECONNREFUSED 127.0.0.1:5433'] }))).toBe(named)
  const disk = candidate('disk', 991, { turn: 'full' })
  expect(first([near, disk], onset({ texts: ['Error: ENOSPC: no space left on device, write'] }))).toBe(disk)
  const secret = candidate('secret', 991, { names: ['api'] })
  expect(first([near, secret], onset({ texts: ['authentication failed'] }))).toBe(secret)
})

test('a word of an error names nothing of which it is only a part', () => {
  const port = candidate('port', 992, { turn: 'ended', relation: 'other', names: ['5433'] })
  expect(first([port], onset({ texts: ['order 15433 failed', 'took 5433.7 ms?'] }))).toBeNull()
  expect(first([port], onset({ texts: ['connect ECONNREFUSED ::1:5433'] }))).toBe(port)
})

test('what others do is no cause, even a moment before', () => {
  const others = [
    edit(999, 'server.js', { relation: 'other' }),
    candidate('start', 999, { relation: 'other', names: ['billing'] }),
  ]
  expect(rankCauses(others, onset({ texts: ['Error at server.js:3'] }))).toEqual([])
})

test('files that people read, and data that programs write, are nobody’s first guess', () => {
  const readme = edit(999, 'README.md', { turn: 'data' })
  expect(rankCauses([readme], onset())).toEqual([])
  const data = edit(999, 'shop.db', { turn: 'data' })
  const killed = candidate('end', 1000, { turn: 'ended', isFromOutside: true })
  expect(first([readme, data, killed])).toBe(killed)
})

test('an app that was stopped and started again meanwhile is none, one that still stands still is', () => {
  const stop = (isUndone: boolean) =>
    candidate('stop', 990, { turn: 'ended', relation: 'needed', names: ['billing'], isUndone })
  expect(first([stop(true)], onset({ goods: [] }))).not.toBe(null)
  const other = candidate('config', 996)
  expect(first([stop(true), other])).toBe(other)
  expect(first([stop(false), other], onset({ goods: [], texts: ['connect ECONNREFUSED'] }))?.kind).toBe(
    'stop',
  )
})

test('a job that has always run well is not suspected, one that failed is', () => {
  const usual = candidate('job', 999, { turn: 'done', isRoutine: true })
  expect(rankCauses([usual], onset())).toEqual([])
  expect(first([usual, candidate('job', 998, { turn: 'failed', names: ['migrate'] })])?.names).toEqual([
    'migrate',
  ])
})

test('what happened after the first failure, or a day before it, is not looked at', () => {
  expect(rankCauses([edit(1001, 'a.js')], onset())).toEqual([])
  expect(rankCauses([candidate('config', 1000 - 90_000)], onset({ goods: [] }))).toEqual([])
  // Of what was only seen later it is known that it may have been before.
  const seenLater = candidate('port', 1003, { turn: 'ended', relation: 'needed', after: 985 * s })
  expect(first([seenLater])).toBe(seenLater)
})

test('of ranks that are the same the first in time goes first, and nothing makes nothing', () => {
  const [one, two] = [edit(994, 'a.js'), edit(996, 'b.js')]
  expect(first([two, one])).toBe(one)
  expect(rankCauses([], onset())).toEqual([])
})
