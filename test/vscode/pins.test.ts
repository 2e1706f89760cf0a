import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { runCli } from '../support/daemon.ts'
import { withPeers } from '../support/peers.ts'
import { notification, openContainer, runCommand, screenshot, treeRow } from '../support/vscode-page.ts'
import { useScene } from '../support/vscode-suite.ts'

/** What the extension has written into VS Code's memory of this browser. */
const remembered = (page: Page): Promise<string> =>
  page.evaluate(`(async () => {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
    const texts = []
    for (const { name } of await indexedDB.databases()) {
      if (!name.startsWith('vscode-web-state-db-global')) continue
      const database = await done(indexedDB.open(name))
      const items = database.transaction('ItemTable').objectStore('ItemTable')
      texts.push(await done(items.get('quantum-admin.quantum-admin')))
      database.close()
    }
    return JSON.stringify(texts)
  })()`)

describe.runIf(withPeers('vscode', 'chromium'))('the head that VS Code has seen', () => {
  const scene = useScene(() => ({ blank: true }))
  const kept = mkdtempSync(path.join(tmpdir(), 'qa-kept-'))
  afterAll(() => rmSync(kept, { recursive: true, force: true }))

  /** A new window of the same person: what the extension remembers is still there. */
  async function openAgain(): Promise<Page> {
    const page = await scene.page.context().newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(scene.server.url())
    await openContainer(page, 'Quantum Admin')
    await treeRow(page, 'Resources', /^Ports\d+/).waitFor()
    return page
  }

  async function cli(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await runCli(scene.server.stateFolder, args)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }

  test('shows that a whole state folder, key and all, was put back to an earlier day', async () => {
    const { stateFolder } = scene.server
    await cli('ports', 'lease', 'before')
    await cli('daemon', 'stop', '--yes')
    cpSync(stateFolder, kept, { recursive: true, filter: (file) => !file.endsWith('.sock') })

    const page = await openAgain()
    await cli('ports', 'lease', 'after')
    // A verification pins nothing by itself; the head of a trail that grows is pinned within seconds.
    const client = connectLocal({ home: stateFolder, client: 'test/0', launcher: null }, 'once')
    const { head } = await client.call('audit.head', {})
    await client.dispose()
    if (head === null) throw new Error('The trail is empty')
    await expect.poll(() => remembered(page), { timeout: 20_000 }).toContain(head.hash)
    await page.close()
    await cli('daemon', 'stop', '--yes')
    rmSync(stateFolder, { recursive: true })
    cpSync(kept, stateFolder, { recursive: true })

    const later = await openAgain()
    await notification(later, 'The audit trail is not the one seen before').waitFor()
    await screenshot(later, 'rolled-back')
    await runCommand(later, 'Quantum Admin: Verify Audit Trail')
    await notification(later, 'The audit trail was changed').waitFor()
    await later.close()
  })

  test('shows that a trail is signed with another key than before', async () => {
    const { stateFolder } = scene.server
    await cli('daemon', 'stop', '--yes')
    rmSync(stateFolder, { recursive: true })

    const last = await openAgain()
    await notification(last, 'signed with another key').waitFor()
    await last.close()
  })
})
