import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Lifetime } from '#base/lifetime.ts'
import { KumaServer } from '../../daemon/capabilities/health/kuma.fixture.ts'
import { withPeers } from '../support/peers.ts'
import { openContainer, screenshot, treeRow } from '../support/vscode-page.ts'
import { useScene } from '../support/vscode-suite.ts'

describe.runIf(withPeers('vscode', 'chromium'))(
  'monitors of an Uptime Kuma in the tree of applications',
  () => {
    const scene = useScene()
    const row = (text: string | RegExp) => treeRow(scene.page, 'Applications', text).first()
    let kuma: KumaServer

    beforeAll(async () => {
      const life = new Lifetime()
      kuma = await KumaServer.start(life)
      kuma.pages.set('/api/status-page/shop', {
        publicGroupList: [
          {
            monitorList: [
              { id: 1, name: 'Orders' },
              { id: 2, name: 'Mail' },
            ],
          },
        ],
      })
      const time = new Date().toISOString().replace('T', ' ').replace('Z', '')
      kuma.pages.set('/api/status-page/heartbeat/shop', {
        heartbeatList: {
          1: [{ status: 0, time, msg: 'Request failed with status code 503', ping: null }],
          2: [{ status: 1, time, msg: '', ping: 21 }],
        },
      })
      const folder = path.join(scene.shop.root, 'web')
      mkdirSync(folder, { recursive: true })
      writeFileSync(
        path.join(folder, 'quantum.config.yaml'),
        `admin:\n  run: { command: sleep 1000 }\n  health: { kuma: { url: "${kuma.url}", statusPage: shop, interval: 1s } }\n`,
      )
      await openContainer(scene.page, 'Quantum Admin')
      await scene.page.getByRole('button', { name: 'Add the Apps of This Workspace' }).click()
      await row(/^webstopped/).waitFor()
      return () => life.dispose()
    })

    test('stand below the app with what Kuma says, and with nothing that could be done to them here', async () => {
      const { page } = scene
      await row(/^webstopped/).click()
      await row(/^Health/).click()
      await row(/^kuma:mailhealthy · 21 ms$/).waitFor()
      const orders = row(/^kuma:ordersunhealthy · is down: Request failed with status code 503$/)
      await orders.waitFor()
      await screenshot(page, 'health-kuma')
      await orders.hover()
      expect(await orders.getByRole('button', { name: 'Check Now' }).count()).toBe(0)
      // The one of a check has it.
      const own = row(/^process/)
      await own.hover()
      await own.getByRole('button', { name: 'Check Now' }).waitFor()
    })
  },
)
