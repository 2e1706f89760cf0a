import * as assert from 'node:assert/strict'
import { appOfTitle, logsTitle } from '../../../extension/logs/log-title.ts'

describe('the title of a page with logs', () => {
  it('says whose log it is, also when nothing else is left of the page', () => {
    for (const app of [null, 'shop', '@team/shop.web', 'Logs', 'of-all'])
      assert.equal(appOfTitle(logsTitle(app)), app)
    for (const title of ['', 'Logs of ', 'writer.mjs', 'Welcome']) assert.equal(appOfTitle(title), undefined)
  })
})
