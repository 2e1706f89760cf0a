import { expect, test } from 'vitest'
import { docsAddress } from './docs-address.ts'

test('a page stands below the base, and the first page is the base', () => {
  expect(docsAddress('https://docs.example/qa/', 'errors/conflict.md')).toBe(
    'https://docs.example/qa/errors/conflict.md',
  )
  expect(docsAddress('http://localhost:8080', 'audit.md')).toBe('http://localhost:8080/audit.md')
  expect(docsAddress('https://docs.example/qa', 'README.md')).toBe('https://docs.example/qa')
})

test('anything but http and https is refused', () => {
  for (const base of ['javascript:alert(1)', 'file:///etc/passwd', 'command:x', 'vscode://a.b/c', 'docs', ''])
    expect(docsAddress(base, 'README.md'), base).toBeUndefined()
})
