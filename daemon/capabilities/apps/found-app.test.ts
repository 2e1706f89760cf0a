import { describe, expect, test } from 'vitest'
import { longestAppName } from '#contract/app-name.ts'
import { packageJson, started, useFolder } from './folders.fixture.ts'

const { at, fill, appIn } = useFolder()

describe('what a folder holds is told by its files', () => {
  test.each<[string, Readonly<Record<string, string>>, object]>([
    [
      'a Quantum app',
      { 'components/home.q': '', 'package.json': started },
      {
        kind: 'quantum',
        command: { value: 'quantum start --port $PORT', source: 'default', where: 'default of Quantum apps' },
        port: { value: 8080, source: 'default' },
        health: { value: '/health' },
      },
    ],
    [
      'compose services',
      { 'compose.yml': '', 'index.html': '' },
      {
        kind: 'compose',
        command: { value: 'docker compose up --detach', where: 'default of compose files (compose.yml)' },
        port: null,
        health: null,
      },
    ],
    [
      'an app whose surroundings are compose services',
      { 'compose.yml': '', 'package.json': started },
      { kind: 'node' },
    ],
    [
      'the web process of a Procfile',
      { Procfile: '# all\nworker: node w.js\r\nweb:  node web.js -p $PORT \r\n', 'package.json': started },
      {
        kind: 'procfile',
        command: { value: 'node web.js -p $PORT', source: 'found', where: 'Procfile, web' },
        port: null,
      },
    ],
    [
      'the first process of a Procfile without web',
      { Procfile: 'worker: a:b\nclock: c' },
      { command: { value: 'a:b', where: 'Procfile, worker' } },
    ],
    ['a folder whose Procfile names nothing', { Procfile: 'web:\n', 'main.py': '' }, { kind: 'python' }],
    [
      'a package with a script for development',
      { 'package.json': packageJson({ scripts: { start: 'a', dev: 'b' } }) },
      {
        kind: 'node',
        command: { value: 'npm run dev', source: 'found', where: 'package.json, scripts.dev' },
        port: null,
        health: null,
      },
    ],
    [
      'a package with a start script',
      { 'package.json': `\uFEFF${started}` },
      { command: { value: 'npm start', where: 'package.json, scripts.start' } },
    ],
    [
      'a package of pnpm',
      { 'package.json': started, 'pnpm-lock.yaml': '' },
      { command: { value: 'pnpm start' } },
    ],
    [
      'a package of Yarn',
      { 'package.json': packageJson({ scripts: { dev: 'a' } }), 'yarn.lock': '' },
      { command: { value: 'yarn run dev' } },
    ],
    [
      'a package of Bun',
      { 'package.json': started, 'bun.lockb': '' },
      { command: { value: 'bun run start' } },
    ],
    [
      'a package with a main file',
      { 'package.json': packageJson({ main: './src/app.js' }), 'src/': '' },
      { command: { value: 'node src/app.js', where: 'package.json, main' } },
    ],
    [
      'a package with a server',
      { 'package.json': packageJson({ main: 'gone.js' }), 'server.js': '' },
      { command: { value: 'node server.js', where: 'server.js' } },
    ],
    [
      'a package with an index',
      { 'package.json': '{}', 'index.js': '' },
      { command: { value: 'node index.js' } },
    ],
    [
      'a Django app',
      { 'manage.py': '', 'app.py': '' },
      {
        kind: 'python',
        command: { value: 'python3 manage.py runserver 127.0.0.1:$PORT', source: 'default' },
      },
    ],
    [
      'a Python app with its own interpreter',
      { 'manage.py': '', '.venv/': '' },
      { command: { value: '.venv/bin/python manage.py runserver 127.0.0.1:$PORT' } },
    ],
    [
      'a Flask app',
      { 'app.py': 'from flask import Flask' },
      { command: { value: 'python3 -m flask --app app run --port $PORT' } },
    ],
    [
      'a FastAPI app',
      { 'app.py': 'from fastapi import FastAPI' },
      { command: { value: 'python3 -m uvicorn app:app --port $PORT' } },
    ],
    [
      'a FastAPI app under names of its own',
      { 'main.py': 'import fastapi\napi: X = fastapi.FastAPI()' },
      { command: { value: 'python3 -m uvicorn main:api --port $PORT' } },
    ],
    [
      'any other Python app',
      { 'main.py': '', 'go.mod': '', 'main.go': '' },
      { kind: 'python', command: { value: 'python3 main.py' } },
    ],
    ['a Go app', { 'go.mod': '', 'main.go': '' }, { kind: 'go', command: { value: 'go run .' } }],
    [
      'a static site',
      { 'index.html': '' },
      {
        kind: 'static',
        command: { value: 'python3 -m http.server $PORT --bind 127.0.0.1' },
        health: { value: '/' },
        port: null,
      },
    ],
    [
      'an app that only its configuration knows',
      { 'quantum.config.yml': 'admin: { run: { command: ./serve } }' },
      {
        kind: 'configured',
        command: { value: './serve', source: 'config', where: 'quantum.config.yml, admin.run.command' },
        port: null,
      },
    ],
  ])('%s', async (_name, files, expected) => {
    fill(files)
    expect(await appIn()).toMatchObject({ ...expected, folder: at(), problems: [] })
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['an empty folder', {}],
    [
      'a package without anything to run',
      { 'package.json': packageJson({ main: 'index.js', scripts: { test: 'a', start: '' } }) },
    ],
    [
      'a library, which others import',
      { 'package.json': packageJson({ main: 'index.js', exports: './index.js' }), 'index.js': '' },
    ],
    ['a package whose main leads out of it', { 'package.json': packageJson({ main: '../x.js; reboot' }) }],
    ['a Go library', { 'go.mod': '', 'shop.go': '' }],
    ['a configuration without anything of ours', { 'quantum.config.yaml': 'server: { port: 8080 }' }],
    [
      'a folder in the place of a file',
      { 'package.json/server.js': '', 'index.html/': '', 'components/x.q/': '' },
    ],
  ])('%s holds no app', async (_name, files) => {
    fill(files)
    expect(await appIn()).toBeNull()
  })

  test('what is not said has a default', async () => {
    fill({ 'index.html': '' })
    expect(await appIn()).toMatchObject({
      env: {},
      restart: { policy: 'on-failure', backoffMs: 1000, limit: 5 },
      dependsOn: [],
      autostart: false,
      include: [],
    })
  })
})

describe('an app has a valid name', () => {
  test.each([
    ['@quantum/shop', 'shop'],
    ['my shop', 'my-shop'],
    ['../../etc', 'etc'],
    ['loja da São', 'loja-da-S-o'],
    ['a'.repeat(300), 'a'.repeat(longestAppName)],
    ['店', 'inner'],
  ])('made of %j', async (name, expected) => {
    fill({ 'inner/package.json': packageJson({ name, scripts: { start: 'a' } }) })
    expect((await appIn('inner'))?.name).toBe(expected)
  })

  test('also where nothing gives it one', async () => {
    fill({ '店/index.html': '', '_/index.html': '' })
    expect((await appIn('店'))?.name).toBe('app')
    expect((await appIn('_'))?.name).toBe('app')
  })
})
