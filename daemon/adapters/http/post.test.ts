import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { createServer as createPlain } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { forbiddenSpellings } from '#base/forbidden-address.fixture.ts'
import { post } from './post.ts'

const send = (url: string, timeoutMs = 2000) =>
  post({ url, headers: {}, body: Buffer.from('{}'), timeoutMs, signal: new AbortController().signal })

test('S21: addresses under which clouds tell keys are not even asked, in any spelling', async () => {
  const passed: string[] = []
  const all = forbiddenSpellings()
  for (const host of all) if (!(await send(`http://${host}:9/v1/logs`)).forbidden) passed.push(host)
  process.stdout.write(`figure S21: ${all.length} spellings posted to: ${passed.length} passed\n`)
  expect(all.length).toBeGreaterThan(300)
  expect(passed).toEqual([])
})

test('of a long answer the beginning is read, and one that never comes is given up', async () => {
  const server = createPlain((request, response) => {
    if (request.url === '/long') response.end('x'.repeat(200_000))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const long = await send(`http://127.0.0.1:${port}/long`)
  expect([long.status, long.body.length]).toEqual([200, 64 * 1024])
  expect(await send(`http://127.0.0.1:${port}/never`, 200)).toMatchObject({
    status: null,
    body: 'it did not answer within 0.2 s',
  })
})

test('a certificate that nobody vouches for is refused before anything is sent', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qa-post-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  const about = '/CN=localhost -addext subjectAltName=IP:127.0.0.1 -nodes -days 2'
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1'
  const args = `req ${kind} -subj ${about} -keyout ${key} -out ${cert}`.split(' ')
  execFileSync('openssl', args, { stdio: 'ignore' })
  let requests = 0
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) => {
    requests += 1
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const answer = await send(`https://127.0.0.1:${port}/`)
  expect([answer.status, requests]).toEqual([null, 0])
  expect(answer.body).toContain('self-signed certificate')
})
