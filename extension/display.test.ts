import { expect, test } from 'vitest'
import { age, bytes, label, printableJson, shortPath, withoutIcons, withoutLinks } from './display.ts'

test('a label shows escapes and bidi marks instead of acting on them, and is cut', () => {
  expect(label('a\u001b[31m\nb\u202e')).toBe('a\\e[31m\\nb\\u202e')
  expect(label('x'.repeat(4096))).toHaveLength(120)
})

test('a name cannot draw an icon or become a link to a command', () => {
  expect(withoutIcons('$(error) $(sync~spin) $5 $(')).toBe('\\$(error) \\$(sync~spin) $5 $(')
  expect(withoutLinks('[click](command:workbench.action.quit)')).toBe(
    '[click] (command:workbench.action.quit)',
  )
})

test('JSON stays the same value and shows what it holds', () => {
  const value = { name: 'a\u202eb\u009b\u2028\u{e0041}', plain: 'é東🙂' }
  const text = printableJson(value)
  expect(JSON.parse(text)).toEqual(value)
  expect(/[\u202e\u009b\u2028\u{e0041}]/u.test(text)).toBe(false)
  expect(text).toContain('é東🙂')
})

test('sizes and paths are short enough for a tree', () => {
  expect([0, 999, 1024, 85 * 1024 ** 2, 3.5 * 1024 ** 3].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 KB',
    '85 MB',
    '3.5 GB',
  ])
  expect(shortPath('/home/ana/code/shop')).toBe('…/code/shop')
  expect(shortPath('/srv')).toBe('/srv')
})

test('an age is told in its largest unit, and a moment ago is not zero', () => {
  const now = Date.parse('2026-01-03T12:00:00.000Z')
  const ages = [
    '2026-01-03T11:59:30.000Z',
    '2026-01-03T11:58:00.000Z',
    '2026-01-03T09:30:00.000Z',
    '2026-01-01T12:00:00.000Z',
  ]
  expect(ages.map((iso) => age(iso, now))).toEqual(['< 1 min', '2 min', '2 h', '2 d'])
})
