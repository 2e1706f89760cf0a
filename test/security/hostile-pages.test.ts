import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDoor, type TestDoor } from '../support/door.ts'
import { chromiumPath, withPeers } from '../support/peers.ts'
import { figure, scale } from '../support/scale.ts'
import { makeCertificate, type TestCertificate } from '../support/tls.ts'

const usable = withPeers('chromium', 'openssl')

const body = `'{"jsonrpc":"2.0","id":1,"method":"daemon.stop","params":{}}'`
const token = `'${'t'.repeat(43)}'`

/**
 * What a page can try: each is the body of a function of `door` (https://host:port) that calls `read(text)` with
 * whatever it could read, and settles when it knows. `element` loads something and tells what became of it.
 */
const attempts: Readonly<Record<string, string>> = {
  fetch: `read(await (await fetch(door + '/rpc')).text())`,
  'fetch of the root with credentials': `read(await (await fetch(door + '/', { credentials: 'include' })).text())`,
  'fetch without CORS': `read(await (await fetch(door + '/rpc', { mode: 'no-cors' })).text())`,
  'simple POST': `read(await (await fetch(door + '/rpc', { method: 'POST', mode: 'no-cors', body: ${body} })).text())`,
  'JSON POST': `read(await (await fetch(door + '/rpc', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: ${body} })).text())`,
  'fetch with a token': `read(await (await fetch(door + '/rpc', { headers: { Authorization: 'Bearer ' + ${token} } })).text())`,
  'fetch with a token in the address': `read(await (await fetch(door + '/rpc?token=' + ${token})).text())`,
  'fetch without a referrer': `read(await (await fetch(door + '/rpc', { referrerPolicy: 'no-referrer', mode: 'no-cors' })).text())`,
  XMLHttpRequest: `await new Promise((done) => { const x = new XMLHttpRequest(); x.open('POST', door + '/rpc'); x.onloadend = () => { read(x.responseText); done() }; x.send(${body}) })`,
  WebSocket: `await socket(new WebSocket(door.replace('https', 'wss') + '/rpc'))`,
  'WebSocket with protocols': `await socket(new WebSocket(door.replace('https', 'wss') + '/rpc', ['bearer', ${token}]))`,
  'WebSocket with a token in the address': `await socket(new WebSocket(door.replace('https', 'wss') + '/rpc?token=' + ${token}))`,
  'WebSocket of a worker': `await new Promise((done) => { const w = new Worker(URL.createObjectURL(new Blob(['const s = new WebSocket(' + JSON.stringify(door.replace('https', 'wss') + '/rpc') + '); s.onopen = () => postMessage("open"); s.onmessage = (e) => postMessage(e.data); s.onclose = () => postMessage("")']))); w.onmessage = (e) => { read(e.data); done() } })`,
  EventSource: `await new Promise((done) => { const e = new EventSource(door + '/rpc'); e.onopen = () => read('open'); e.onmessage = (m) => read(m.data); e.onerror = () => { e.close(); done() } })`,
  form: `const frame = await element('iframe', { name: 'f' }); const form = document.createElement('form'); Object.assign(form, { action: door + '/rpc', method: 'POST', enctype: 'text/plain', target: 'f' }); const input = document.createElement('input'); input.name = ${body}; form.append(input); document.body.append(form); form.submit(); await new Promise((done) => setTimeout(done, 150)); inside(frame)`,
  image: `const image = await element('img', { src: door + '/rpc' }); if (image.naturalWidth) read('image')`,
  frame: `inside(await element('iframe', { src: door + '/rpc' }))`,
  script: `const before = Object.keys(window).length; await element('script', { src: door + '/rpc' }); if (Object.keys(window).length !== before) read('script')`,
  'style sheet': `await element('link', { rel: 'stylesheet', href: door + '/rpc' }); read([...document.styleSheets].filter((s) => s.href).flatMap((s) => { try { return [...s.cssRules].map(String) } catch { return [] } }).join(''))`,
  beacon: `navigator.sendBeacon(door + '/rpc', new Blob([${body}], { type: 'text/plain' })); await new Promise((done) => setTimeout(done, 50))`,
}

const helpers = `
  const found = []
  const read = (text) => { if (text) found.push(String(text)) }
  const socket = (s) => new Promise((done) => { s.onopen = () => { read('open'); s.send(${body}) }; s.onmessage = (e) => read(e.data); s.onclose = done; s.onerror = () => {} })
  const element = (name, properties) => new Promise((done) => { const e = document.createElement(name); Object.assign(e, properties); e.onload = e.onerror = () => done(e); document.body.append(e); if (name === 'iframe' && !properties.src) done(e) })
  const inside = (frame) => { try { const d = frame.contentDocument; read(d && d.location.href !== 'about:blank' ? d.documentElement.innerText : '') } catch {} }`

/** Where the page says it is from, and by which name it calls the door. */
const origins = (page: number, door: number) => [
  { name: 'a stranger', page: `http://evil.example:${page}/`, door: `https://localhost:${door}` },
  {
    name: 'a stranger that names the address',
    page: `http://evil.example:${page}/`,
    door: `https://127.0.0.1:${door}`,
  },
  {
    name: 'another program on this machine',
    page: `http://localhost:${page}/`,
    door: `https://localhost:${door}`,
  },
  {
    name: 'a sandboxed frame',
    page: `http://evil.example:${page}/sandboxed`,
    door: `https://localhost:${door}`,
  },
  // After DNS rebinding the page and the door have one origin, and nothing of CORS protects the door.
  {
    name: 'DNS rebinding',
    page: `https://rebound.example:${door}/page`,
    door: `https://rebound.example:${door}`,
  },
]

let certificate: TestCertificate
let door: TestDoor
let pages: Server
let browser: Browser

beforeAll(async () => {
  if (!usable) return
  certificate = makeCertificate()
  door = await openDoor({ tls: certificate })
  pages = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    if (request.url === '/sandboxed')
      response.setHeader('content-security-policy', 'sandbox allow-scripts allow-forms')
    response.end('<!doctype html><title>page</title><body>')
  }).listen(0, '127.0.0.1')
  await once(pages, 'listening')
  browser = await chromium.launch({
    executablePath: chromiumPath() ?? '',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      // Everything that would keep a page from this machine is off: the door is what is tested.
      '--ignore-certificate-errors',
      '--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessSendPreflights,BlockInsecurePrivateNetworkRequests',
      '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1',
    ],
  })
})
afterAll(async () => {
  if (!usable) return
  await browser.close()
  pages.close()
  await door.dispose()
  certificate.remove()
})

/** Opens the page anew, runs one attempt in it and answers what it could read. */
async function attack(
  page: Page,
  from: ReturnType<typeof origins>[number],
  code: string,
): Promise<readonly string[]> {
  await page.goto(from.page)
  const source = `(async () => { const door = ${JSON.stringify(from.door)}; ${helpers}
    const tried = (async () => { ${code} })().catch(() => {})
    await Promise.race([tried, new Promise((done) => setTimeout(done, 2000))])
    return found })()`
  return page.evaluate<readonly string[]>(source)
}

describe.runIf(usable)('S2', () => {
  test('a hundred hostile pages in a real browser reach no handler and read no byte', async () => {
    const list = origins((pages.address() as AddressInfo).port, door.port)
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await page.route('**/page', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>page</title><body>' }),
    )
    const leaks: string[] = []
    const silent: string[] = []
    let index = 0
    let tried = 0
    for (const [name, code] of Object.entries(attempts)) {
      for (const from of list) {
        // In the sample, every attempt from a stranger and after rebinding, and a third of the rest.
        const always = from === list[0] || from === list.at(-1)
        if (index++ % scale(3, 1) !== 0 && !always) continue
        tried++
        const before = door.knocks()
        const found = await attack(page, from, code)
        if (found.length > 0) leaks.push(`${name} from ${from.name}: ${found.join(' ').slice(0, 200)}`)
        if (door.knocks() === before) silent.push(`${name} from ${from.name}`)
      }
    }
    expect(leaks).toEqual([])
    expect(door.entered).toEqual([])
    expect(door.trail.intents).toEqual([])
    expect(door.count()).toBe(0)
    expect(tried).toBeGreaterThanOrEqual(scale(50, 100))
    // They did get there: an attack that the browser itself stopped would show nothing.
    expect(silent.length).toBeLessThan(10)
    figure(
      'S2',
      `${tried} pages, ${door.knocks()} requests reached the door, 0 handlers entered, 0 bytes read`,
    )
    await context.close()
  }, 300_000)

  test('the browser could read an answer, were there one', async () => {
    const open = createServer((_request, response) => {
      response.setHeader('access-control-allow-origin', '*')
      response.end('secret')
    }).listen(0, '127.0.0.1')
    await once(open, 'listening')
    const port = (open.address() as AddressInfo).port
    const page = await browser.newPage()
    const [from] = origins((pages.address() as AddressInfo).port, port)
    if (from === undefined) throw new Error('There is no origin')
    const found = await attack(page, { ...from, door: `http://localhost:${port}` }, attempts['fetch'] ?? '')
    expect(found).toEqual(['secret'])
    await page.close()
    open.close()
  })
})
