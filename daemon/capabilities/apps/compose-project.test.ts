import { describe, expect, test } from 'vitest'
import type { ContainerRow } from '#contract/resources.ts'
import { composeFileOf } from './compose-file.ts'
import { containersOf, projectName, projectState, strangersProject } from './compose-project.ts'

const row = (service: string, values: Partial<ContainerRow> = {}): ContainerRow => ({
  id: service.padEnd(64, '0'),
  name: `shop_${service}_1`,
  image: 'busybox',
  state: 'running',
  status: 'Up 3 minutes',
  health: null,
  createdAt: '2026-03-01T10:00:00.000Z',
  ports: [],
  labels: {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': service,
    'com.docker.compose.project.working_dir': '/home/ana/shop',
  },
  app: null,
  ...values,
})
const ended = (service: string, code: number) =>
  row(service, { state: 'exited', status: `Exited (${code}) 2 seconds ago` })

describe('the state of a project', () => {
  test.each([
    ['nothing of it there', [], 'stopped', null],
    ['all services up', [row('web'), row('db')], 'running', null],
    ['one that has done its work', [row('web'), ended('migrate', 0)], 'running', null],
    ['one that failed', [row('web'), ended('db', 1)], 'running', 'db is exited with code 1'],
    [
      'one that is unhealthy and one that comes and goes',
      [row('web', { health: 'unhealthy' }), row('db', { state: 'restarting' }), row('cache')],
      'running',
      'db is restarting; web is unhealthy',
    ],
    ['one that is not healthy yet', [row('web', { health: 'starting' })], 'starting', null],
    ['all done', [ended('migrate', 0)], 'stopped', 'all of its services have ended'],
    ['all failed', [ended('web', 2)], 'failed', 'web is exited with code 2'],
    ['stopped by an engine', [ended('web', 137), ended('db', 0)], 'stopped', 'web is exited with code 137'],
  ] as const)('%s', (_name, rows, state, reason) => {
    expect(projectState(rows)).toEqual({ state, reason })
  })
})

test('projects are named as compose allows it, and no two apps have the same', () => {
  expect(projectName('shop')).toBe('shop')
  const names = ['shop@feature/x', 'shop@feature-x', 'Shop', 'SHOP', `s${'x'.repeat(99)}`].map(projectName)
  for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/)
  expect(new Set([...names, 'shop']).size).toBe(6)
})

test('containers belong to an app by the folder of their project or by our label', () => {
  const app = { name: 'shop', folder: '/home/ana/shop' }
  const [own, byHand] = [row('web'), row('db')]
  const other = { ...byHand, labels: { ...byHand.labels, 'com.docker.compose.project': 'byhand' } }
  const labelled = row('extra', { labels: { 'quantum.app': 'shop' } })
  const stranger = row('web', { labels: { 'quantum.app': 'blog', 'com.docker.compose.project': 'blog' } })
  expect(containersOf(app, [own, other, labelled, stranger])).toEqual({
    project: [own],
    external: [other],
    labelled: [labelled],
  })
  expect(strangersProject(app, [own, other])).toBeNull()
  expect(strangersProject({ ...app, folder: '/home/ben/shop' }, [own])).toBe('/home/ana/shop')
})

test('ports are leased for the variables of a file that say by their name that they hold one', () => {
  const text = [
    'services:',
    '  web:',
    '    # ports: ["${OLD_PORT}:80"]',
    '    ports: ["${PORT:-8090}:80", "127.0.0.1:${WEB_PORT-70000}:81", "${DB_PORT:?needed}:5432", "${PORT}:82"]',
    '    environment: { PRICE: "$${NO_PORT}", NAME: "${NAME}", SUPPORT: "${SUPPORT}" }',
  ].join('\n')
  const project = {
    folder: '/shop',
    names: ['compose.yaml'],
    files: new Map([['compose.yaml', Buffer.from(text)]]),
  }
  expect(composeFileOf(project)?.ports).toEqual([
    { variable: 'PORT', asked: 8090 },
    { variable: 'WEB_PORT', asked: null },
    { variable: 'DB_PORT', asked: null },
  ])
})
