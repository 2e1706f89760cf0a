import { expect, test } from 'vitest'
import { days, moment, port, timeLength } from './arguments.ts'
import { duration, mebibytes, memorySize, relativeTime, shortPath } from './text.ts'
import { wantsColour } from './terminal.ts'
import { tokenFile } from './remote.ts'

const now = Date.parse('2030-01-31T12:00:00.000Z')
const ago = (milliseconds: number) => relativeTime(new Date(now - milliseconds).toISOString(), now)

test('times read as people say them, in the past and in the future', () => {
  expect([0, 5000, 59_000, 60_000, 3_599_000, 3_600_000, 86_400_000, 172_800_000].map(ago)).toEqual([
    'just now',
    '5 s ago',
    '59 s ago',
    '1 min ago',
    '59 min ago',
    '1 h ago',
    '1 day ago',
    '2 days ago',
  ])
  expect(ago(-30 * 86_400_000)).toBe('in 30 days')
  expect(relativeTime(null, now)).toBe('')
  expect(duration(400_000_000)).toBe('4 days')
})

test('memory is in MiB, and in GiB once that is easier to read', () => {
  expect([null, 1_572_864, 104_857_600].map(mebibytes)).toEqual(['', '1.5', '100'])
  expect([0, 1_073_741_824, 17_179_869_184].map(memorySize)).toEqual(['0 MiB', '1024 MiB', '16.0 GiB'])
})

test('the own folder is a tilde, and only that', () => {
  expect(shortPath('/home/ana/shop', '/home/ana')).toBe('~/shop')
  expect(shortPath('/home/anabel', '/home/ana')).toBe('/home/anabel')
  expect(shortPath('/etc', '/')).toBe('/etc')
})

test('a number is digits and nothing else', () => {
  expect(port('65535')).toBe(65_535)
  for (const text of ['', '0', '65536', '-1', '+80', '8e1', '0x50', ' 80', '80.0', '٨٠', '9'.repeat(40)])
    expect(() => port(text)).toThrow('1 to 65535')
})

test('times are lengths ago or dates, and whatever else Date.parse takes is not', () => {
  const since = moment('--since', () => now)
  expect(since('2h')).toBe('2030-01-31T10:00:00.000Z')
  expect(since('2030-01-01')).toBe('2030-01-01T00:00:00.000Z')
  expect(since('2030-01-01T00:00:00+02:00')).toBe('2029-12-31T22:00:00.000Z')
  for (const text of ['yesterday', '5', '1', 'Jan 1', '2030-13-01', '2 h', '-2h'])
    expect(() => since(text)).toThrow('--since')
  expect(timeLength('1w')).toBe(604_800_000)
  expect(days('--expires')('2w')).toBe(14)
  for (const text of ['0d', '366d', '36h', '1']) expect(() => days('--expires')(text)).toThrow('1d to 365d')
})

test('FORCE_COLOR decides before NO_COLOR, and both before the terminal', () => {
  const tty = { isTTY: true } as const
  const pipe = { isTTY: false } as unknown as typeof tty
  expect(wantsColour(tty, {})).toBe(true)
  expect(wantsColour(pipe, {})).toBe(false)
  expect(wantsColour(tty, { NO_COLOR: '1' })).toBe(false)
  expect(wantsColour(pipe, { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(true)
  expect(wantsColour(tty, { FORCE_COLOR: '0' })).toBe(false)
  expect(wantsColour(tty, { TERM: 'dumb' })).toBe(false)
})

test('a token file is named by host and port, whatever the address holds', () => {
  const at = (url: string) => tokenFile(url, { XDG_CONFIG_HOME: '/c' }, 'linux')
  expect(at('https://build.example.com:7443')).toBe('/c/quantum-admin/token-build.example.com-7443')
  expect(at('wss://build.example.com')).toBe('/c/quantum-admin/token-build.example.com-443')
  expect(at('https://[::1]:7443/../../x')).toBe('/c/quantum-admin/token-___1_-7443')
  expect(at('nonsense')).toBe('/c/quantum-admin/token--443')
})
