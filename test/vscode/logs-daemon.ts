import { chmodSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { LogSuite } from '../support/log-suite.ts'
import { screenshot } from '../support/vscode-page.ts'

/** What the page says of a daemon that is not there. */
export function testDaemonStates(suite: LogSuite): void {
  const { scene, logs, row, write, query } = suite

  test('a daemon that is gone is said to be, what it told stays to be read, and the page goes on by itself', async () => {
    const { page, server, shop } = scene
    await query('"cart 7"')
    await row('cart 7 cannot be paid').waitFor()
    // Answers like a Node.js and then runs nothing, so that no other daemon takes the place.
    const broken = path.join(shop.root, '..', 'broken-node')
    writeFileSync(broken, '#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 && exit 0\nexit 3\n')
    chmodSync(broken, 0o755)
    const settings = path.join(server.logs, '..', 'Machine', 'settings.json')
    const { pid } = await suite.client().call('daemon.status', {})
    writeFileSync(settings, JSON.stringify({ 'quantumAdmin.daemon.node': broken }))
    process.kill(pid, 'SIGKILL')
    const banner = logs().locator('.banner')
    await banner.getByText('The daemon cannot be reached since').waitFor({ timeout: 30_000 })
    expect(await row('cart 7 cannot be paid').count()).toBe(1)
    await screenshot(page, 'logs-unreachable')
    await query('"cart 8"')
    await logs().getByText('This page goes on by itself when it is back.').waitFor()
    await screenshot(page, 'logs-unreachable-empty')
    writeFileSync(settings, '{}')
    await logs().getByText('No line matches').waitFor({ timeout: 30_000 })
    write('cart 8 is on its way')
    await row('cart 8 is on its way').waitFor()
    await query('')
  })
}
