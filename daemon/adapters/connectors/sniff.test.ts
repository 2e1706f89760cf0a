import { expect, test } from 'vitest'
import { speakerOf, tlsSpeaker } from './sniff.ts'

const cases: readonly (readonly [Buffer, string | null])[] = [
  [Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'an HTTP server'],
  [Buffer.from('<html>'), 'an HTTP server'],
  [Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'), 'an SSH server'],
  [Buffer.from('AMQP\0\0\u0009\u0001'), 'a RabbitMQ server'],
  [Buffer.from('-ERR unknown command\r\n'), 'a Redis server'],
  [Buffer.from([0x15, 3, 1, 0, 2, 2, 70]), tlsSpeaker],
  [Buffer.from([0x16, 3, 3, 0, 122]), tlsSpeaker],
  [Buffer.from([0x4a, 0, 0, 0, 10, 0x35]), 'a MySQL or MariaDB server'],
  [Buffer.from('E\0\0\0dSFATAL', 'latin1'), 'a PostgreSQL server'],
  [Buffer.from('220 mail.test ESMTP'), 'a mail or FTP server'],
  [Buffer.alloc(0), null],
  [Buffer.from([0]), null],
  [Buffer.from('N'), null],
  [Buffer.from('hello'), null],
]

test('a server is told by its first bytes, and nothing is told of one that says nothing known', () => {
  expect(cases.map(([bytes]) => speakerOf(bytes))).toEqual(cases.map(([, speaker]) => speaker))
})
