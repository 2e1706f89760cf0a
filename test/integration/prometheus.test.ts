import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { statePaths } from '#base/state-paths.ts'
import { Aggregate } from '#base/aggregate.ts'
import { exposition } from '../../daemon/capabilities/metrics/exposition.ts'
import { KnownSubject } from '../../daemon/capabilities/metrics/subjects.ts'
import { startDaemon } from '../support/daemon.ts'
import { freePort } from '../support/free-port.ts'
import { withPeers } from '../support/peers.ts'
import { figure, full } from '../support/scale.ts'
import { makeCertificate } from '../support/tls.ts'
import { startWritingApp } from '../support/writing-app.ts'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'qa-prometheus-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Everything there is, with names as strange as they may be. */
function everything(): string {
  const machine = new KnownSubject(1, { app: null, check: null }, false)
  for (const name of ['cpu', 'memory', 'load', 'diskUsed'] as const) machine.note(name, 0, 5, 1)
  for (const name of ['diskRead', 'diskWritten', 'networkReceived', 'networkSent'] as const)
    machine.note(name, 0, 1000, 1024)
  const shop = new KnownSubject(2, { app: 'shop', check: null }, true)
  for (const name of ['cpu', 'memory', 'requests', 'status2xx', 'status5xx'] as const)
    shop.note(name, 0, 7, 1)
  const latency = new Aggregate(true)
  for (let value = 1; value < 1e8; value = Math.ceil(value * 1.7)) latency.add(value)
  shop.spread('latency').merge(latency)
  const check = new KnownSubject(
    3,
    { app: 'shop', check: 'a "quoted" \\ name\n# HELP evil\ud800 ü {}' },
    false,
  )
  check.note('availability', 0, 1, 1)
  check.note('latency', 0, 20_000, 0.001)
  return exposition({ subjects: [machine, shop, check], isFresh: () => true, keptBytes: 12_345 })
}

describe.runIf(full && withPeers('prometheus', 'openssl'))('a real Prometheus', () => {
  test('finds nothing wrong with what it is told, whatever names there are', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: everything() })
    expect(`${String(stdout)}${String(stderr)}`).toBe('')
    expect(status).toBe(0)
  })

  test('collects over TLS with a token, and answers with what the daemon says', async () => {
    const certificate = makeCertificate()
    const { certFile, keyFile } = certificate
    const daemon = await startDaemon({
      args: ['--listen', 'localhost:0', '--tls-cert', certFile, '--tls-key', keyFile],
      env: { QUANTUM_ADMIN_METRICS_SECONDS: '0.2' },
    })
    writeFileSync(statePaths(daemon.home).settings, '{"metrics":{"exposition":true}}', { mode: 0o600 })
    const shop = await startWritingApp(daemon, 'shop')
    const client = daemon.client()
    await client.call('users.add', { name: 'collector', role: 'viewer' })
    const { token } = await client.call('users.token', { name: 'collector' })
    const file = (name: string) => path.join(folder, name)
    writeFileSync(file('token'), token, { mode: 0o600 })
    const target = new URL(daemon.describe().url ?? '').host
    writeFileSync(
      file('prometheus.yml'),
      `scrape_configs:
  - job_name: quantum-admin
    scrape_interval: 1s
    scheme: https
    authorization: { credentials_file: ${file('token')} }
    tls_config: { ca_file: ${certFile} }
    static_configs: [{ targets: ['${target}'] }]
`,
    )
    const port = await freePort()
    const args = [`--config.file=${file('prometheus.yml')}`, `--storage.tsdb.path=${file('data')}`]
    const prometheus = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: 'ignore',
    })
    const ended = once(prometheus, 'exit')
    const told = async (query: string): Promise<string | undefined> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`
      const answer = await fetch(url).catch(() => null)
      if (answer?.ok !== true) return undefined
      const { data } = (await answer.json()) as {
        data?: { result: readonly { readonly value: readonly [number, string] }[] }
      }
      return data?.result[0]?.value[1]
    }
    const soon = { timeout: 40_000, interval: 500 }
    await expect.poll(() => told('up{job="quantum-admin"}'), soon).toBe('1')
    await shop.write('GET /orders 200 12ms\nGET /orders 503 40ms\nGET /orders 200 9ms\n')
    await expect.poll(() => told('quantum_admin_app_requests_total{app="shop"}'), soon).toBe('3')
    expect(await told('quantum_admin_app_responses_total{app="shop",class="5xx"}')).toBe('1')
    expect(await told('quantum_admin_app_request_duration_seconds_count{app="shop"}')).toBe('3')
    expect(Number(await told('quantum_admin_machine_memory_used_bytes'))).toBeGreaterThan(50e6)
    figure(
      'metrics scrape',
      `${String(await told('scrape_samples_scraped'))} series in one scrape of a real Prometheus`,
    )
    prometheus.kill('SIGTERM')
    await ended
    await shop.remove()
    await client.dispose()
    await daemon.stop()
    certificate.remove()
  })
})

test('names end no line and no value, and no more series come than there are bounds for', () => {
  const lines = everything().split('\n')
  expect(lines.at(-1)).toBe('')
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(
      /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? [\d.e+-]+)$/,
    )
  expect(lines.join('\n')).toContain('check="a \\"quoted\\" \\\\ name\\n# HELP evil\ufffd ü {}"')
  const many = Array.from({ length: 2000 }, (_, id) => {
    const one = new KnownSubject(id, { app: `app-${id}`, check: null }, true)
    one.note('cpu', 0, 1, 1)
    one.note('requests', 0, 1, 1)
    one.note('latency', 0, 1, 1)
    return one
  })
  const text = exposition({ subjects: many, isFresh: () => true, keptBytes: 0 })
  expect(text).toContain('quantum_admin_metrics_left_out 1500\n')
  expect(text.split('\n').length).toBeLessThan(500 * 32)
})
