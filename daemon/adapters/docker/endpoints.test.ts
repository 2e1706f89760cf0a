import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { discoverEndpoints, type Discovery, type Surroundings } from './endpoints.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'qa-endpoints-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** A user with this home; of all paths outside it, only those named exist. */
function discover(
  env: Record<string, string> = {},
  more: Partial<Surroundings> = {},
  existing: string[] = [],
): Discovery {
  return discoverEndpoints({
    env,
    home,
    platform: 'linux',
    uid: 1000,
    exists: (path) => existing.includes(path) || (path.startsWith(home) && existsSync(path)),
    read: (path) => (path.startsWith(home) && existsSync(path) ? readFileSync(path, 'utf8') : null),
    ...more,
  })
}

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const folderOf = (context: string) => createHash('sha256').update(context).digest('hex')
const metaOf = (context: string) => `.docker/contexts/meta/${folderOf(context)}/meta.json`

describe('DOCKER_HOST', () => {
  test.each([
    ['unix:///run/my docker.sock', { kind: 'socket', path: '/run/my docker.sock', native: true }],
    ['npipe:////./pipe/docker_engine', { kind: 'socket', path: '//./pipe/docker_engine', native: false }],
    ['tcp://10.0.0.5:2375', { kind: 'tcp', host: '10.0.0.5', port: 2375, tls: null }],
    ['tcp://engine.example', { kind: 'tcp', host: 'engine.example', port: 2375, tls: null }],
    ['tcp://engine.example:80', { kind: 'tcp', host: 'engine.example', port: 80, tls: null }],
    ['tcp://[::1]:2375', { kind: 'tcp', host: '::1', port: 2375, tls: null }],
    ['engine.example:4000', { kind: 'tcp', host: 'engine.example', port: 4000, tls: null }],
    ['https://engine.example:4000', { kind: 'tcp', port: 4000, tls: { folder: null, verify: true } }],
  ])('%s is the only endpoint, whatever sockets there are', (address, endpoint) => {
    const found = discover({ DOCKER_HOST: address }, {}, ['/var/run/docker.sock'])
    expect(found).toEqual({ endpoints: [expect.objectContaining(endpoint)], problem: null })
  })

  test('TLS is on with DOCKER_TLS_VERIFY, with the certificates of DOCKER_CERT_PATH or of ~/.docker', () => {
    const host = { DOCKER_HOST: 'tcp://engine.example', DOCKER_TLS_VERIFY: '1' }
    expect(discover({ ...host, DOCKER_CERT_PATH: '/certs' }).endpoints).toMatchObject([
      { port: 2376, tls: { folder: '/certs', verify: true } },
    ])
    expect(discover(host).endpoints).toMatchObject([{ tls: { folder: join(home, '.docker'), verify: true } }])
  })

  test.each(['ssh://me@host', 'unix://relative.sock', 'tcp://', 'fd://3', 'tcp://a b'])(
    '%s leads nowhere, and the reason names it',
    (address) => {
      const { endpoints, problem } = discover({ DOCKER_HOST: address }, {}, ['/var/run/docker.sock'])
      expect(endpoints).toEqual([])
      expect(problem).toContain(`DOCKER_HOST is ${JSON.stringify(address)}`)
    },
  )

  test('an engine behind SSH comes with what to do instead', () => {
    expect(discover({ DOCKER_HOST: 'ssh://me@host' }).problem).toContain('ssh -L')
  })

  test('an empty DOCKER_HOST is none', () => {
    expect(discover({ DOCKER_HOST: '' }, {}, ['/var/run/docker.sock']).endpoints).toHaveLength(1)
  })
})

describe('the current context', () => {
  test('is followed to its endpoint, alone', () => {
    write('.docker/config.json', { currentContext: 'rootless' })
    write(metaOf('rootless'), { Endpoints: { docker: { Host: 'unix:///run/user/1000/docker.sock' } } })
    expect(discover({}, {}, ['/var/run/docker.sock'])).toEqual({
      endpoints: [
        {
          kind: 'socket',
          path: '/run/user/1000/docker.sock',
          source: 'docker context "rootless"',
          native: true,
        },
      ],
      problem: null,
    })
  })

  test('brings its own certificates, and its own word on verifying', () => {
    write('.docker/config.json', { currentContext: 'far' })
    write(metaOf('far'), { Endpoints: { docker: { Host: 'tcp://far.example:2376', SkipTLSVerify: true } } })
    write(`.docker/contexts/tls/${folderOf('far')}/docker/ca.pem`, 'x')
    expect(discover().endpoints).toMatchObject([
      {
        host: 'far.example',
        tls: { folder: join(home, `.docker/contexts/tls/${folderOf('far')}/docker`), verify: false },
      },
    ])
  })

  test('DOCKER_CONTEXT and DOCKER_CONFIG have the last word', () => {
    write('elsewhere/config.json', { currentContext: 'one' })
    write(metaOf('two').replace('.docker', 'elsewhere'), {
      Endpoints: { docker: { Host: 'tcp://two.example' } },
    })
    const env = { DOCKER_CONFIG: join(home, 'elsewhere'), DOCKER_CONTEXT: 'two' }
    expect(discover(env).endpoints).toMatchObject([{ host: 'two.example' }])
  })

  test('that is missing, broken or empty leads nowhere, with the reason', () => {
    write('.docker/config.json', { currentContext: 'gone' })
    expect(discover().problem).toContain('"gone"')
    for (const content of ['{', { Endpoints: {} }, { Endpoints: { docker: {} } }, []]) {
      write(metaOf('gone'), content)
      expect(discover({}, {}, ['/var/run/docker.sock'])).toMatchObject({ endpoints: [] })
      expect(discover().problem).toContain('"gone"')
    }
  })

  test('that is the default one, and a broken config.json, leave the well-known sockets', () => {
    for (const content of [{ currentContext: 'default' }, {}, '{ broken', '"text"', 'null']) {
      write('.docker/config.json', content)
      expect(discover({}, {}, ['/var/run/docker.sock']).endpoints).toMatchObject([
        { path: '/var/run/docker.sock' },
      ])
    }
  })

  test('whose name holds a path stays inside the folder of contexts', () => {
    const read: string[] = []
    write('.docker/config.json', { currentContext: '../../../../etc/passwd' })
    discover(
      {},
      { read: (path) => (read.push(path), path.endsWith('config.json') ? readFileSync(path, 'utf8') : null) },
    )
    expect(read.filter((path) => !path.startsWith(join(home, '.docker/')))).toEqual([])
  })
})

describe('without DOCKER_HOST and context', () => {
  test('nothing is found where nothing is', () => {
    expect(discover()).toEqual({ endpoints: [], problem: null })
  })

  test('every engine that is known to make a socket is found, the system one first', () => {
    const inHome = ['.docker/run/docker.sock', '.docker/desktop/docker.sock', '.colima/default/docker.sock']
    for (const path of inHome) write(path, '')
    const outside = [
      '/run/podman/podman.sock',
      '/run/me/podman/podman.sock',
      '/run/me/docker.sock',
      '/var/run/docker.sock',
    ]
    const found = discover({ XDG_RUNTIME_DIR: '/run/me' }, {}, outside).endpoints
    expect(found.map((endpoint) => endpoint.kind === 'socket' && [endpoint.path, endpoint.native])).toEqual([
      ['/var/run/docker.sock', true],
      ['/run/me/docker.sock', true],
      [join(home, '.docker/run/docker.sock'), false],
      [join(home, '.docker/desktop/docker.sock'), false],
      [join(home, '.colima/default/docker.sock'), false],
      ['/run/me/podman/podman.sock', true],
      ['/run/podman/podman.sock', true],
    ])
  })

  test('the run-time folder is known without XDG_RUNTIME_DIR, too', () => {
    expect(discover({}, {}, ['/run/user/1000/docker.sock']).endpoints).toHaveLength(1)
  })

  test('on macOS the sockets of Desktop, Colima and the Podman machine are found, with pids that are not ours', () => {
    write('.docker/run/docker.sock', '')
    write('.local/share/containers/podman/machine/podman.sock', '')
    const found = discover({}, { platform: 'darwin', uid: 501 }, ['/var/run/docker.sock']).endpoints
    expect(found).toHaveLength(3)
    expect(found.every((endpoint) => endpoint.kind === 'socket' && !endpoint.native)).toBe(true)
  })

  test('on Windows the named pipes are found', () => {
    const pipe = '//./pipe/docker_engine'
    expect(discover({}, { platform: 'win32', uid: null }, [pipe]).endpoints).toMatchObject([{ path: pipe }])
  })
})
