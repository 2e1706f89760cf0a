import { userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { parsePasswd, Users } from './users.ts'

test('the first name of a number counts, and lines that are none are passed over', () => {
  const names = parsePasswd(
    'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/:\n# no\n+::::::\nann:x:1000:1000::/home/ann:\n',
  )
  expect([...names]).toEqual([
    [0, 'root'],
    [1000, 'ann'],
  ])
})

test('an unknown number is told as a number, and the own user by name', () => {
  const users = new Users()
  users.refresh()
  expect(users.name(4_000_000_000)).toBe('4000000000')
  const { uid, username } = userInfo()
  expect(users.name(uid)).toBe(username)
})
