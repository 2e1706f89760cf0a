import { createServer as createHttps } from 'node:https'
import { createServer as createHttp, type RequestListener, type Server } from 'node:http'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChildProber } from '../../daemon/adapters/connectors/child-prober.ts'
import type { ProbeResult, ProbeTarget } from '../../daemon/adapters/connectors/prober.ts'
import { withChange } from '../support/change.ts'
import { daemonScript } from '../support/daemon.ts'
import { known, startMariadb, startPostgresql, startRabbitmq, startRedis } from '../support/databases.ts'
import { freePort } from '../support/free-port.ts'
import type { TestServer } from '../support/test-server.ts'
import { withPeers } from '../support/peers.ts'
import { figure } from '../support/scale.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

// Each reason that a test of a connection can give, from a real server in a real state, through the built program.

const prober = new ChildProber([process.execPath, daemonScript, 'probe'])
const nowhere: Omit<ProbeTarget, 'type'> = {
  host: '127.0.0.1',
  port: 1,
  database: null,
  user: null,
  password: null,
  tls: 'off',
  ca: null,
  limitMs: 5000,
  guarded: false,
}
const took: number[] = []

type Wanted = Partial<ProbeTarget> & Pick<ProbeTarget, 'type'>

async function probe(target: Wanted): Promise<ProbeResult> {
  const started = performance.now()
  const result = await withChange((change) =>
    prober.probe(change, { ...nowhere, ...target }, new AbortController().signal),
  )
  took.push(performance.now() - started)
  return result
}

const failed = (fault: string) => ({ ok: false, fault })
const well = (version: RegExp) => ({ ok: true, version: expect.stringMatching(version) as string })

describe.runIf(withPeers('openssl', 'faketime', 'postgresql', 'mariadb', 'redis', 'rabbitmq'))(
  'connections',
  () => {
    let certificate: TestCertificate
    let postgresql: TestServer
    let mariadb: TestServer
    let redis: TestServer
    let redisTls: TestServer
    let rabbitmq: Awaited<ReturnType<typeof startRabbitmq>>

    beforeAll(async () => {
      // Not for the address, so that one and the same server has the right name and a wrong one.
      certificate = makeCertificate({ names: ['DNS:localhost'] })
      ;[postgresql, mariadb, redis, redisTls, rabbitmq] = await Promise.all([
        startPostgresql(certificate),
        startMariadb(certificate),
        startRedis(),
        startRedis(certificate),
        startRabbitmq(certificate),
      ])
    })
    afterAll(async () => {
      await Promise.all([postgresql, mariadb, redis, redisTls, rabbitmq].map((server) => server?.stop()))
      certificate?.remove()
      const sorted = took.toSorted((a, b) => a - b)
      figure(
        'connectors',
        `${took.length} tests of connections, each in its process, median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms`,
      )
    })

    const login = { user: known.user, password: known.password, database: known.database }
    const pg = (values: Partial<ProbeTarget> = {}): Wanted => ({
      type: 'postgresql',
      port: postgresql.port,
      ...login,
      ...values,
    })
    const my = (values: Partial<ProbeTarget> = {}): Wanted => ({
      type: 'mysql',
      port: mariadb.port,
      ...login,
      ...values,
    })
    const rd = (values: Partial<ProbeTarget> = {}): Wanted => ({
      type: 'redis',
      port: redis.port,
      password: known.password,
      ...values,
    })
    const mq = (values: Partial<ProbeTarget> = {}): Wanted => ({
      type: 'rabbitmq',
      port: rabbitmq.port,
      ...values,
    })

    test('PostgreSQL', async () => {
      expect(await probe(pg())).toMatchObject(well(/^PostgreSQL \d/))
      expect(await probe(pg({ password: 'wrong' }))).toMatchObject(failed('login-refused'))
      expect(await probe(pg({ password: null }))).toMatchObject(failed('password-missing'))
      expect(await probe(pg({ user: 'nobody' }))).toMatchObject(failed('login-refused'))
      expect(await probe(pg({ database: 'nothing' }))).toMatchObject(failed('no-database'))
      expect(await probe(pg({ database: 'closed' }))).toMatchObject(failed('access-refused'))
      expect(await probe(pg({ user: 'denied' }))).toMatchObject(failed('access-refused'))
      expect(await probe(pg({ user: known.tlsUser }))).toMatchObject(failed('tls-required'))
      expect(await probe(pg({ user: known.tlsUser, tls: 'unverified' }))).toMatchObject(well(/PostgreSQL/))
    })

    test('MariaDB', async () => {
      expect(await probe(my())).toMatchObject(well(/^MariaDB \d+\.\d+\.\d+$/))
      expect(await probe(my({ password: 'wrong' }))).toMatchObject(failed('login-refused'))
      expect(await probe(my({ password: null }))).toMatchObject(failed('password-missing'))
      expect(await probe(my({ database: 'closed' }))).toMatchObject(failed('access-refused'))
      expect(await probe(my({ user: known.owner, database: 'nothing' }))).toMatchObject(failed('no-database'))
      expect(await probe(my({ user: known.tlsUser }))).toMatchObject(failed('tls-required'))
      expect(await probe(my({ user: known.tlsUser, tls: 'unverified' }))).toMatchObject(well(/MariaDB/))
    })

    test('Redis', async () => {
      expect(await probe(rd())).toMatchObject(well(/^Redis \d/))
      expect(await probe(rd({ user: known.user }))).toMatchObject(well(/^Redis$/))
      expect(await probe(rd({ password: 'wrong' }))).toMatchObject(failed('login-refused'))
      expect(await probe(rd({ user: 'nobody' }))).toMatchObject(failed('login-refused'))
      expect(await probe(rd({ password: null }))).toMatchObject(failed('password-missing'))
      expect(await probe(rd({ database: '3' }))).toMatchObject(well(/^Redis/))
      expect(await probe(rd({ database: '99' }))).toMatchObject(failed('no-database'))
    })

    test('RabbitMQ', async () => {
      expect(await probe(mq())).toMatchObject(well(/^RabbitMQ \d/))
      expect(await probe(mq({ user: 'guest', password: 'guest' }))).toMatchObject(well(/^RabbitMQ/))
      expect(await probe(mq({ user: 'guest', password: 'wrong' }))).toMatchObject(failed('login-refused'))
      expect(await probe(mq({ user: 'guest' }))).toMatchObject(failed('password-missing'))
      expect(await probe(mq({ database: 'nothing' }))).toMatchObject(failed('no-database'))
    })

    test('TLS with databases: trusted, not trusted, another name, spoken to without', async () => {
      const { ca } = certificate
      for (const make of [pg, my, rd] as const) {
        const at = make === rd ? { port: redisTls.port } : {}
        const tls = { ...at, host: 'localhost', tls: 'on', ca } as const
        const what = make().type
        expect(await probe(make(tls)), what).toMatchObject({ ok: true })
        expect(await probe(make({ ...tls, host: '127.0.0.1' })), what).toMatchObject(failed('tls-wrong-host'))
        expect(await probe(make({ ...tls, ca: null })), what).toMatchObject(failed('tls-untrusted'))
        expect(await probe(make({ ...tls, tls: 'unverified', ca: null })), what).toMatchObject({ ok: true })
      }
      expect(await probe(rd({ port: redisTls.port }))).toMatchObject(failed('tls-required'))
      expect(await probe(mq({ port: rabbitmq.tlsPort }))).toMatchObject(failed('tls-required'))
      expect(
        await probe(mq({ port: rabbitmq.tlsPort, tls: 'unverified', user: 'guest', password: 'x' })),
      ).toMatchObject(failed('login-refused'))
      expect(await probe(mq({ tls: 'on', limitMs: 1000 }))).toMatchObject({ ok: false })
    })

    test('another kind of server than is asked for is named where it says who it is', async () => {
      const at = {
        postgresql: postgresql.port,
        mysql: mariadb.port,
        redis: redis.port,
        rabbitmq: rabbitmq.port,
      }
      const types = ['postgresql', 'mysql', 'redis', 'rabbitmq', 'http'] as const
      const seen: Record<string, string> = {}
      for (const type of types)
        for (const [other, port] of Object.entries(at)) {
          if (type === other) continue
          const result = await probe({ type, port, user: 'u', password: 'p', limitMs: 1000 })
          seen[`${type} at ${other}`] = result.ok
            ? 'ok'
            : `${result.fault}${result.speaks === null ? '' : `: ${result.speaks}`}`
        }
      for (const [what, fault] of Object.entries(seen))
        expect(fault, what).toMatch(
          /^(wrong-protocol: (a|an) .* server|wrong-protocol|closed|silent|bad-answer)$/,
        )
      const mysqlPlaces = Object.keys(seen).filter((what) => what.endsWith('at mysql'))
      expect(mysqlPlaces.map((what) => seen[what])).toEqual(
        mysqlPlaces.map(() => 'wrong-protocol: a MySQL or MariaDB server'),
      )
      expect(seen['http at redis']).toMatch(/^(closed|wrong-protocol)/)
    })

    test('nobody there, no such host, and no password in any answer', async () => {
      const port = await freePort()
      for (const type of ['postgresql', 'mysql', 'redis', 'rabbitmq', 'http'] as const)
        for (const tls of ['off', 'on'] as const) {
          const target = { type, port, tls, user: known.user, password: known.password }
          const results = [await probe(target), await probe({ ...target, host: 'no-such-host.invalid' })]
          expect(results, `${type} ${tls}`).toMatchObject([
            failed('nothing-listens'),
            failed('host-not-found'),
          ])
          expect(JSON.stringify(results)).not.toContain(known.password)
        }
    })

    test('a server that takes no more connections, and one that does not speak TLS', async () => {
      expect(await probe(pg({ user: 'busy' }))).toMatchObject(failed('busy'))
      const plain = await startPostgresql()
      try {
        expect(await probe(pg({ port: plain.port, tls: 'on' }))).toMatchObject(failed('tls-unsupported'))
        expect(await probe(pg({ port: plain.port }))).toMatchObject({ ok: true })
      } finally {
        await plain.stop()
      }
    })
  },
)

describe.runIf(withPeers('openssl', 'faketime'))('HTTP', () => {
  const servers: Server[] = []
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function serve(status: number, certificate?: TestCertificate): Promise<number> {
    const answer: RequestListener = (_request, response) =>
      void response.writeHead(status, { server: 'shop/1', location: 'http://127.0.0.1:1/' }).end()
    const server =
      certificate === undefined
        ? createHttp(answer)
        : createHttps(
            { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
            answer,
          )
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  test('by the status that it answers with; a redirect is not followed', async () => {
    const at = async (status: number, values: Partial<ProbeTarget> = {}) =>
      probe({ type: 'http', port: await serve(status), ...values })
    expect(await at(200)).toMatchObject(well(/^shop\/1, HTTP 200$/))
    expect(await at(404)).toMatchObject(well(/HTTP 404$/))
    expect(await at(302)).toMatchObject(well(/HTTP 302$/))
    expect(await at(401)).toMatchObject(failed('password-missing'))
    expect(await at(401, { user: 'ana', password: 'x' })).toMatchObject(failed('login-refused'))
    expect(await at(403)).toMatchObject(failed('access-refused'))
    expect(await at(503)).toMatchObject({ ...failed('bad-answer'), code: '503' })
  })

  test('with TLS: trusted, not trusted, expired, another name, none at all', async () => {
    const certificatesOf = {
      good: makeCertificate(),
      expired: makeCertificate({ expired: true }),
      otherHost: makeCertificate({ names: ['DNS:elsewhere.test'] }),
    }
    const { good, expired, otherHost } = certificatesOf
    const at = async (certificate: TestCertificate, values: Partial<ProbeTarget> = {}) =>
      probe({ type: 'http', port: await serve(200, certificate), tls: 'on', ca: certificate.ca, ...values })
    expect(await at(good)).toMatchObject({ ok: true })
    expect(await at(good, { ca: null })).toMatchObject(failed('tls-untrusted'))
    expect(await at(good, { ca: null, tls: 'unverified' })).toMatchObject({ ok: true })
    expect(await at(expired)).toMatchObject(failed('tls-expired'))
    expect(await at(otherHost)).toMatchObject(failed('tls-wrong-host'))
    expect(await at(good, { tls: 'off' })).toMatchObject(failed('tls-required'))
    expect(await probe({ type: 'http', port: await serve(200), tls: 'on' })).toMatchObject(
      failed('tls-unsupported'),
    )
    for (const certificate of Object.values(certificatesOf)) certificate.remove()
  })
})
