import { lookup } from 'node:dns/promises'
import { expect, test } from 'vitest'
import { isForbiddenAddress, isForbiddenName } from './forbidden-address.ts'

const metadata = '169.254.169.254'
const octets = metadata.split('.').map(Number)
const number = octets.reduce((sum, octet) => sum * 256 + octet, 0)

/** One address in the ways in which inet_aton reads it: one to four parts, each decimal, octal or hexadecimal. */
function spellings(): readonly string[] {
  const forms = [
    (part: number) => String(part),
    (part: number) => `0${part.toString(8)}`,
    (part: number) => `000${part.toString(8)}`,
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0X${part.toString(16).toUpperCase()}`,
  ]
  const [a = 0, b = 0] = octets
  const divided = [[number], [a, number % 2 ** 24], [a, b, number % 2 ** 16], octets]
  return divided.flatMap((parts) =>
    parts.reduce<string[]>(
      (texts, part) =>
        texts.flatMap((text) => forms.map((form) => (text === '' ? form(part) : `${text}.${form(part)}`))),
      [''],
    ),
  )
}

test("every spelling of a cloud's address is refused after it was looked up", async () => {
  const all = spellings()
  expect(all.length).toBeGreaterThan(600)
  const let_through: string[] = []
  for (const spelling of all) {
    const { address } = await lookup(spelling)
    if (!isForbiddenAddress(address)) let_through.push(spelling)
  }
  expect(let_through).toEqual([])
})

test.each([
  '169.254.0.1',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  'FD00:0EC2:0:0::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '::169.254.169.254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::',
  '2002:a9fe:a9fe:1:2:3:4:5',
  'fd00::5efe:169.254.169.254',
  '2001:0:1:2:3:4:5601:5601',
  '[fe80::1]',
])('%s is refused', (address) => {
  expect(isForbiddenAddress(address)).toBe(true)
})

test.each([
  '127.0.0.1',
  '10.0.0.1',
  '192.168.1.1',
  '169.253.169.254',
  '169.255.0.1',
  '8.8.8.8',
  '::1',
  'fd00::1',
  'fec0::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  'localhost',
  '',
])('%s is not', (address) => {
  expect(isForbiddenAddress(address)).toBe(false)
})

test('the names under which clouds have it are refused before they are looked up', () => {
  expect(
    ['metadata.google.internal', 'METADATA.google.internal.', 'instance-data'].every(isForbiddenName),
  ).toBe(true)
  expect(['localhost', 'metadata.example.com'].some(isForbiddenName)).toBe(false)
})
