import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { casesIn, junitReports } from './junit-reports.ts'

const report = `<?xml version="1.0"?>
<testsuites name="all"><testsuite name="web"><testsuite name="cart">
  <testcase classname="cart" name="adds &amp; counts" time="0.25" file="cart.test.js" line="7"/>
  <testcase name="empties"><failure message="expected 0" type="E"><![CDATA[expected 0, got 1 <here>]]></failure></testcase>
  <testcase name="ships"><skipped/></testcase>
  <testcase name="pays"><error message="no route"/></testcase>
</testsuite></testsuite></testsuites>`

test('tests are told with what they stand in, how long they took and why they failed', async () => {
  expect(await casesIn(report)).toEqual([
    {
      suite: ['web', 'cart'],
      name: 'adds & counts',
      state: 'passed',
      durationMs: 250,
      message: null,
      file: 'cart.test.js',
      line: 7,
    },
    expect.objectContaining({ name: 'empties', state: 'failed', message: 'expected 0, got 1 <here>' }),
    expect.objectContaining({ name: 'ships', state: 'skipped' }),
    expect.objectContaining({ name: 'pays', state: 'failed', message: 'no route' }),
  ])
})

const bomb = `<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${'bcdefghij'[n]} "${`&${'abcdefghi'[n]};`.repeat(10)}">`).join('')}]><testsuite><testcase name="&j;"/></testsuite>`

test.each([
  '',
  'no xml',
  '<html/>',
  '<testsuite',
  '<a>'.repeat(1000),
  bomb,
  '<testsuite><testcase name="__proto__" constructor="x"/></testsuite>',
])('what is broken or hostile ends nothing (%#)', async (xml) => {
  const found = await casesIn(xml)
  expect(JSON.stringify(found).length).toBeLessThan(100_000)
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

let folder = ''
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'qa-junit-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is taken that was written since, within the folder', async () => {
  const now = Date.now()
  const inFolder = (path: string | null, since = now) => junitReports.junit(folder, path, since)
  expect(await inFolder(null)).toBeNull()
  mkdirSync(join(folder, 'reports'))
  writeFileSync(join(folder, 'reports', 'junit.xml'), report)
  expect(await inFolder(null)).toBe(report)
  expect(await inFolder('reports/junit.xml')).toBe(report)
  expect(await inFolder('other.xml')).toBeNull()
  utimesSync(join(folder, 'reports', 'junit.xml'), 1, 1)
  expect(await inFolder(null)).toBeNull()
  writeFileSync(`${folder}.xml`, report)
  symlinkSync(`${folder}.xml`, join(folder, 'junit.xml'))
  expect(await inFolder(null)).toBeNull()
  rmSync(`${folder}.xml`)
})
