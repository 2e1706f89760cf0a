import { expect, test } from 'vitest'
import { parseSs } from './socket-details.ts'

test('what ss adds is the interface and whether IPv4 is taken too', () => {
  const details = parseSs(
    [
      'udp   UNCONN 0      0       127.0.0.53%lo:53    0.0.0.0:*    uid:101 ino:2201 sk:3 cgroup:/ <->',
      'tcp   LISTEN 0      128                *:80           *:*    ino:7 sk:1001 cgroup:/ v6only:0 <->',
      'tcp   LISTEN 0      128             [::]:81        [::]:*    ino:8 sk:1002 cgroup:/ v6only:1 <->',
      'udp   UNCONN 0      0     [fe80::1]%eth0:546       [::]:*    ino:9 sk:4 v6only:1 <->',
      'udp   UNCONN 0      0            0.0.0.0:51820  0.0.0.0:*    sk:5 <->',
      '',
    ].join('\n'),
  )
  expect([...details]).toEqual([
    [2201, { v6Only: null, device: 'lo' }],
    [7, { v6Only: false, device: null }],
    [8, { v6Only: true, device: null }],
    [9, { v6Only: true, device: 'eth0' }],
  ])
})
