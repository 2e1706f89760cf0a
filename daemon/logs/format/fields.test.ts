import { expect, test } from 'vitest'
import { fieldsOf } from './fields.ts'

test.each([
  [
    'pino',
    '{"level":30,"time":1795375833123,"pid":7,"req":{"method":"GET","headers":{"a.b":"c"}},"tags":["x","y"],"big":1795375843123456789,"msg":"hello \\"you\\""}',
    'hello "you"',
    {
      level: '30',
      time: '1795375833123',
      pid: '7',
      'req.method': 'GET',
      'req.headers.a.b': 'c',
      'tags.0': 'x',
      'tags.1': 'y',
      big: '1795375843123456789',
      msg: 'hello "you"',
    },
  ],
  [
    'serilog',
    '{"@t":"2026-11-22T03:44:57Z","@mt":"Hello, {User}","User":"bob"}',
    'Hello, bob',
    { '@t': '2026-11-22T03:44:57Z', '@mt': 'Hello, {User}', User: 'bob' },
  ],
  [
    'docker-json',
    '{"log":"level=info msg=\\"a b\\" n=1\\n","stream":"stdout","time":"2026-11-22T19:30:33Z"}',
    'a b',
    { stream: 'stdout', time: '2026-11-22T19:30:33Z', level: 'info', msg: 'a b', n: '1' },
  ],
  [
    'logfmt',
    'time=2026-11-22T19:30:33Z level=info msg="say \\"hi\\"" user.id=7',
    'say "hi"',
    { time: '2026-11-22T19:30:33Z', level: 'info', msg: 'say "hi"', 'user.id': '7' },
  ],
  [
    'combined',
    '10.0.0.1 - bob [22/Nov/2026:19:30:33 +0000] "GET /a?b=1 HTTP/1.1" 404 12 "http://x/" "curl/8 \\"q\\""',
    '"GET /a?b=1 HTTP/1.1" 404 12 "http://x/" "curl/8 \\"q\\""',
    {
      remote: '10.0.0.1',
      user: 'bob',
      method: 'GET',
      path: '/a?b=1',
      protocol: 'HTTP/1.1',
      status: '404',
      bytes: '12',
      referrer: 'http://x/',
      userAgent: 'curl/8 \\"q\\"',
    },
  ],
  [
    'combined',
    '10.0.0.1 - - [22/Nov/2026:19:30:46 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8" 1 "web@docker" "http://172.17.0.2:80" 5ms',
    '"GET / HTTP/1.1" 200 12 "-" "curl/8" 1 "web@docker" "http://172.17.0.2:80" 5ms',
    {
      remote: '10.0.0.1',
      method: 'GET',
      path: '/',
      protocol: 'HTTP/1.1',
      status: '200',
      bytes: '12',
      userAgent: 'curl/8',
      router: 'web@docker',
      upstream: 'http://172.17.0.2:80',
      durationMs: '5',
    },
  ],
  [
    'quantum',
    '2026-11-22 19:30:33 INFO     quantum.server - GET /orders 200 12ms',
    'quantum.server - GET /orders 200 12ms',
    { logger: 'quantum.server', method: 'GET', path: '/orders', status: '200', durationMs: '12' },
  ],
  [
    'uvicorn',
    'INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK',
    '127.0.0.1:5 - "GET / HTTP/1.1" 200 OK',
    { remote: '127.0.0.1:5', method: 'GET', path: '/', protocol: 'HTTP/1.1', status: '200' },
  ],
  [
    'request',
    'GET /orders 200 12.345 ms - 120',
    'GET /orders 200 12.345 ms - 120',
    { method: 'GET', path: '/orders', status: '200', durationMs: '12.345', bytes: '120' },
  ],
  [
    'gin',
    '[GIN] 2026/11/22 - 19:30:43 | 200 |     1.5µs |       127.0.0.1 | GET      "/ping"',
    '200 |     1.5µs |       127.0.0.1 | GET      "/ping"',
    { status: '200', durationMs: '0.0015', remote: '127.0.0.1', method: 'GET', path: '/ping' },
  ],
  [
    'envoy-access',
    '[2026-11-22T19:30:40.123Z] "GET /v1 HTTP/2" 204 - 154 7 226 100 "10.0.35.28" "nsq" "cc21" "locations" "tcp://10.0.2.1:80"',
    '"GET /v1 HTTP/2" 204 - 154 7 226 100 "10.0.35.28" "nsq" "cc21" "locations" "tcp://10.0.2.1:80"',
    {
      method: 'GET',
      path: '/v1',
      protocol: 'HTTP/2',
      status: '204',
      bytesReceived: '154',
      bytes: '7',
      durationMs: '226',
      upstreamMs: '100',
      remote: '10.0.35.28',
      userAgent: 'nsq',
      requestId: 'cc21',
      authority: 'locations',
      upstream: 'tcp://10.0.2.1:80',
    },
  ],
  [
    'haproxy',
    '10.0.1.2:33317 [22/Nov/2026:19:30:33.155] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
    'http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
    {
      remote: '10.0.1.2',
      frontend: 'http-in',
      backend: 'static',
      server: 'srv1',
      durationMs: '109',
      status: '200',
      bytes: '2750',
      method: 'GET',
      path: '/index.html',
      protocol: 'HTTP/1.1',
    },
  ],
  [
    'spring-boot',
    '2026-11-22T19:30:33.123Z  INFO 110395 --- [myapp] [           main] o.s.b.MyApplication       : Starting',
    'Starting',
    { pid: '110395', application: 'myapp', thread: 'main', logger: 'o.s.b.MyApplication' },
  ],
  [
    'postgresql',
    '2026-11-22 19:30:40 UTC [123]: [4-1] user=app,db=mydb,app=psql,client=10.0.0.1 ERROR:  canceled',
    'canceled',
    { pid: '123', user: 'app', database: 'mydb' },
  ],
  [
    'syslog-5424',
    '<165>1 2026-10-11T22:14:15.003Z h evntslog - ID47 [a@1 x="a ] b \\" c"][b@2 y="2"] two',
    'two',
    {
      priority: '165',
      host: 'h',
      program: 'evntslog',
      messageId: 'ID47',
      'a@1.x': 'a ] b " c',
      'b@2.y': '2',
    },
  ],
  [
    'syslog-3164',
    '<34>Oct 11 22:14:15 mymachine su[7]: failed',
    'failed',
    { priority: '34', host: 'mymachine', program: 'su', pid: '7' },
  ],
  [
    'klog',
    'I1122 10:00:00.000000       1 main.go:12] text',
    'text',
    { thread: '1', file: 'main.go', line: '12' },
  ],
  [
    'zerolog',
    '2026-11-22T19:30:40Z \u001b[33mWRN\u001b[0m text \u001b[36mfoo=\u001b[0mbar',
    'text foo=bar',
    { foo: 'bar' },
  ],
  ['plain', 'ERROR: it\nbroke', 'it\nbroke', {}],
  ['postgresql', '\twhere id = 7', '\twhere id = 7', {}],
])('a line of %s is taken apart: %s', (format, line, message, fields) => {
  const parts = fieldsOf(line, format)
  expect(parts.message).toBe(message)
  expect(parts.fields).toEqual(fields)
})

test('names that objects have of their own are fields like any other', () => {
  const { fields } = fieldsOf(
    '{"__proto__":{"polluted":"1"},"constructor":"c","a":{"__proto__":"x"}}',
    'json',
  )
  expect(Object.entries(fields)).toEqual([
    ['__proto__.polluted', '1'],
    ['constructor', 'c'],
    ['a.__proto__', 'x'],
  ])
  expect(Object.entries(fieldsOf('__proto__=1 level=info', 'logfmt').fields)).toEqual([
    ['__proto__', '1'],
    ['level', 'info'],
  ])
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

test('depth and number of fields are bounded', () => {
  const deep = `${'{"a":'.repeat(50)}1${'}'.repeat(50)}`
  const { fields } = fieldsOf(deep, 'json')
  expect(Object.keys(fields)).toEqual(['a.a.a.a.a.a'])
  const wide = `{${Array.from({ length: 5000 }, (_, at) => `"k${at}":${at}`).join(',')}}`
  expect(Object.keys(fieldsOf(wide, 'json').fields)).toHaveLength(500)
})

test('a JSON line that is cut off gives what it still has', () => {
  expect(fieldsOf('{"level":"info","msg":"cut of', 'json').fields).toEqual({ level: 'info', msg: 'cut of' })
})
