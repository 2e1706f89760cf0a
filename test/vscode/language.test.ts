import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTarget } from '../../daemon/logs/forwarding/target-server.fixture.ts'
import { connectLocal } from '#client/connect.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import {
  edit,
  lens,
  problem,
  replaceAll,
  restartServers,
  runLens,
  squiggles,
  word,
} from '../support/vscode-editor.ts'
import { dialog, runCommand, screenshot } from '../support/vscode-page.ts'
import { startListener, type Listener } from '../support/vscode-scene.ts'
import { useScene } from '../support/vscode-suite.ts'

const soon = { timeout: 15_000 }
const program = `require('node:http').createServer((_, response) => response.end('hello')).listen(process.env.PORT, '127.0.0.1')\n`

function write(root: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
}

describe.runIf(withPeers('vscode', 'chromium'))('a configuration in the editor', () => {
  const scene = useScene((shop) => {
    write(shop.root, 'web/server.cjs', program)
    write(shop.root, 'web/quantum.config.yaml', 'admin:\n  name: web\n  run:\n    comand: node server.cjs\n')
    write(shop.root, 'api/quantum.config.yaml', 'admin:\n  run:\n    command: node ../web/server.cjs\n')
    // So that a text of several lines stays as it is put in.
    return { ownPorts: true, settings: { '[yaml]': { 'editor.autoIndent': 'none' } } }
  })
  let listener: Listener | undefined

  beforeAll(() => edit(scene.page, 'web/quantum.config.yaml'))
  // Apps outlive their daemon, so none may be left when a test before the last one fails.
  afterAll(async () => {
    await listener?.stop()
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    for (const { name } of (await client.call('apps.list', {})).rows)
      await client.call('apps.stop', { app: name })
    await client.dispose()
  })

  test('has its mistakes underlined and listed', async () => {
    const { page } = scene
    await squiggles(page).first().waitFor()
    await runCommand(page, 'Problems: Focus on Problems View')
    await problem(page, 'did you mean command?').waitFor()
    await screenshot(page, 'language-problem')
  })

  test('has a mistake mended by its quick fix', async () => {
    const { page } = scene
    await word(page, 'comand').click()
    // It moves the lines, and what is open beside them goes. VS Code asks for it anew when the editor has the focus.
    await lens(page, 'Add This App').waitFor(soon)
    await page.keyboard.press('Control+.')
    const menu = page.locator('.action-widget')
    await menu.getByText('Change to command').waitFor()
    await screenshot(page, 'language-quick-fix')
    await page.keyboard.press('Enter')
    await word(page, 'command').waitFor()
    await squiggles(page).first().waitFor({ state: 'detached' })
  })

  test('says under the mouse what a key is for', async () => {
    const { page } = scene
    await word(page, 'command').hover()
    const hover = page.locator('.monaco-hover:visible', { hasText: 'What starts it' })
    await hover.waitFor()
    await screenshot(page, 'language-hover')
    await page.keyboard.press('Escape')
  })

  test('is completed with the keys that fit and are not there', async () => {
    const { page } = scene
    await page.locator('.editor-instance .view-lines').first().click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('    re')
    await page.keyboard.press('Control+Space')
    const widget = page.locator('.suggest-widget.visible')
    await widget.locator('.monaco-list-row', { hasText: 'restart' }).first().waitFor()
    await screenshot(page, 'language-completion')
    await page.keyboard.press('Enter')
    await page.keyboard.type('po')
    await page.keyboard.press('Control+Space')
    await widget.locator('.monaco-list-row.focused', { hasText: 'policy' }).waitFor()
    await page.keyboard.press('Enter')
    await widget.locator('.monaco-list-row', { hasText: 'never' }).first().waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+S')
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' })
    const saved = readFileSync(path.join(scene.shop.root, 'web/quantum.config.yaml'), 'utf8')
    expect(saved).toMatch(/^ {4}restart:\n {6}policy: on-failure/m)
  })

  test('adds, runs and stops its app', async () => {
    const { page } = scene
    await runLens(page, 'Add This App')
    await lens(page, 'Run').waitFor(soon)
    await screenshot(page, 'language-lens')
    await runLens(page, 'Run')
    await lens(page, 'Stop').waitFor(soon)
    await lens(page, 'Open in Browser').waitFor(soon)
    await screenshot(page, 'language-running')
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    const only = async () => (await client.call('apps.list', {})).rows[0]
    // It can be stopped and opened while it still starts.
    await expect.poll(only, soon).toMatchObject({ name: 'web', state: 'running' })
    expect(await (await fetch((await only())?.url ?? '')).text()).toBe('hello')
    await client.dispose()
    await runLens(page, 'Stop')
    await dialog(page).getByText('Stop web?').waitFor()
    await dialog(page).getByRole('button', { name: 'Stop' }).click()
    await lens(page, 'Run').waitFor(soon)
  })

  test('says who has taken the port that it asks for', async () => {
    const { page, shop } = scene
    listener = await startListener({ folder: path.join(shop.root, 'other') })
    await page.locator('.editor-instance .view-lines').first().click()
    await replaceAll(
      page,
      `admin:\n  name: web\n  run:\n    command: node server.cjs\n    port: ${listener.port}\n`,
    )
    const taken = `Port ${listener.port} is taken by node, pid ${listener.process.pid}, started in `
    await problem(page, taken).waitFor(soon)
    await screenshot(page, 'language-port')
    await listener.stop()
    await problem(page, taken).waitFor({ state: 'detached', ...soon })
  })

  test('says which folder is missing', async () => {
    const { page } = scene
    await replaceAll(page, 'admin:\n  name: web\n  include: [../api, ../apj]\n')
    await problem(page, 'There is no folder ../apj').waitFor(soon)
    expect(await problem(page, 'There is no folder ../api').count()).toBe(0)
  })

  test('says which datasource did not answer when it was tested, where it is configured', async () => {
    const { page, server } = scene
    await replaceAll(
      page,
      'datasources:\n  main: { driver: postgres, host: 127.0.0.1, port: 1, database: shop }\nadmin:\n  name: web\n  run:\n    command: node server.cjs\n',
    )
    await page.keyboard.press('Control+S')
    const client = connectLocal({ home: server.stateFolder, client: 'test/0', launcher: null }, 'once')
    const known = async () => (await client.call('connectors.list', {})).rows.map(({ name }) => name)
    await expect.poll(known, soon).toEqual(['main'])
    await client.call('connectors.test', { name: 'main', app: 'web' })
    await client.dispose()
    await problem(page, /main: Nothing listens on 127\.0\.0\.1:1\. Start .*Ln 2, Col 3/).waitFor(soon)
    await screenshot(page, 'language-datasource')
  })

  test('says what keeps logs from being forwarded, where it is configured, and no longer once they are', async () => {
    const { page } = scene
    const target = await startTarget('loki')
    target.behave = () => ({ do: 'answer', status: 401, body: 'no org id' })
    const forward = `forward: { kind: loki, url: "${target.url}" }`
    const run = 'run:\n    command: echo hello; exec node server.cjs\n'
    await replaceAll(page, `admin:\n  name: web\n  ${run}  logs:\n    ${forward}\n`)
    await page.keyboard.press('Control+S')
    const client = connectLocal({ home: scene.server.stateFolder, client: 'test/0', launcher: null }, 'once')
    const forwarded = async () => (await client.call('logs.forwarding', {})).map(({ app }) => app)
    await expect.poll(forwarded, soon).toEqual(['web'])
    await client.call('apps.start', { app: 'web' })
    await problem(page, /Logs are not forwarded: it answered 401: no org id.*Ln 6, Col 5/).waitFor(soon)
    target.behave = () => ({ do: 'take' })
    await replaceAll(
      page,
      `admin:\n  name: web\n  ${run}  logs:\n    ${forward.replace(' }', ', tenant: a }')}\n`,
    )
    await page.keyboard.press('Control+S')
    await problem(page, 'Logs are not forwarded').waitFor({ ...soon, state: 'detached' })
    await client.dispose()
    await target.close()
  })

  test('leads to the configuration of an app that it names', async () => {
    const { page } = scene
    await replaceAll(
      page,
      'datasources:\n  main: { driver: sqlite }\nadmin:\n  database: { primary: main }\n  run: { dependsOn: [web, nobody] }\n',
    )
    await problem(page, 'no app "nobody" was added').waitFor(soon)
    expect(await problem(page, 'no app "web"').count()).toBe(0)
    await word(page, 'web').click()
    await page.keyboard.press('F12')
    await page.locator('.statusbar-item', { hasText: 'Ln 1, Col 1' }).waitFor()
  })

  test('is looked at again when the language server has died', async () => {
    const { page, server } = scene
    await restartServers(server.extensions)
    await replaceAll(page, 'admin:\n  run: { prot: 80 }\n')
    await problem(page, 'did you mean port?').waitFor(soon)
    expect(await page.locator('.notification-list-item').count()).toBe(0)
  })
})

describe.runIf(withPeers('vscode', 'chromium'))(
  'a configuration that a daemon with other variables reads',
  () => {
    const home = temporaryHome()
    let daemon: TestDaemon | undefined
    beforeAll(async () => {
      daemon = await startDaemon({ home, env: { ONLY_THERE: '1' } })
    })
    // Hooks that end things run in the opposite order: the window goes before its daemon, or it would start another.
    afterAll(() => daemon?.stop())
    const scene = useScene((shop) => {
      const text = 'admin: { run: { command: "true", env: { A: "${ONLY_THERE}", B: "${NOWHERE}" } } }\n'
      write(shop.root, 'quantum.config.yaml', text)
      return { env: { QUANTUM_ADMIN_HOME: home } }
    })

    test('lacks those that the daemon lacks, as soon as its app is added', async () => {
      const { page } = scene
      await edit(page, 'quantum.config.yaml')
      await lens(page, 'Add This App').waitFor(soon)
      await runCommand(page, 'Problems: Focus on Problems View')
      await problem(page, 'the variable ONLY_THERE is not set').waitFor(soon)
      await runLens(page, 'Add This App')
      await problem(page, 'the variable ONLY_THERE is not set').waitFor({ state: 'detached', ...soon })
      await problem(page, 'the variable NOWHERE is not set').waitFor()
    })
  },
)
