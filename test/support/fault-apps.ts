/** A shop that does, each time that it is asked whether it is well, all that its settings name. */
export const shop = `
const fs = require('node:fs'), net = require('node:net')
try { process.loadEnvFile('.env') } catch {}
const settings = JSON.parse(fs.readFileSync('settings.json', 'utf8'))
const { total } = require('./lib/price.cjs')
if (settings.tax) require('tax')
const ask = (port, line) => new Promise((resolve, reject) => {
  const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(line + '\\n'))
  socket.setTimeout(400, () => socket.destroy(new Error('the database at port ' + port + ' timed out')))
  socket.on('data', (data) => { resolve(String(data).trim()); socket.destroy() })
  socket.on('error', reject)
  socket.on('close', () => reject(new Error('the database closed the connection')))
})
async function health() {
  if (total([1, 2]) !== 3) throw new Error('the total of an order is wrong')
  if (typeof settings.limit !== 'number') throw new TypeError('settings: limit is not a number')
  if (settings.template) fs.readFileSync(settings.template)
  if (settings.prices) JSON.parse(fs.readFileSync(settings.prices, 'utf8'))
  if (settings.spool) {
    const file = settings.spool + '/order' + process.hrtime.bigint()
    try { fs.writeFileSync(file, Buffer.alloc(8192)) } finally { fs.rmSync(file, { force: true }) }
  }
  if (settings.database) {
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(settings.database, { readOnly: true })
    try { database.prepare('select price from items').all() } finally { database.close() }
  }
  if (process.env.DB_PORT) {
    const answer = await ask(process.env.DB_PORT, 'AUTH ' + (process.env.DB_TOKEN ?? ''))
    if (answer !== 'OK') throw new Error('authentication failed: ' + answer)
  }
  if (process.env.UPSTREAM) {
    const answer = await fetch(process.env.UPSTREAM, { signal: AbortSignal.timeout(400) })
    if (!answer.ok) throw new Error('upstream answered ' + answer.status)
  }
}
let isBroken = false
const kept = []
const serve = (request, response) => {
  if (request.url === '/crash') process.exit(3)
  if (request.url === '/leak') return void setInterval(() => { for (let n = 0; n < 50; n++) kept.push(new Array(1e5).fill(n)) }, 1)
  if (request.url === '/break') isBroken = true
  health().then(
    () => response.writeHead(isBroken ? 500 : 200).end('ok'),
    (error) => { console.error(error); response.writeHead(500).end() },
  )
}
require('node:http').createServer(serve).listen(process.env.PORT)
if (process.env.ADMIN_PORT) net.createServer().listen(process.env.ADMIN_PORT, '127.0.0.1')
if (settings.certificate) {
  const pem = fs.readFileSync(settings.certificate)
  require('node:https').createServer({ cert: pem, key: pem }, (_, response) => response.end('ok')).listen(process.env.TLS_PORT, '127.0.0.1')
}
`

/** What the shop asks for bills: it takes as long as it is told to. */
export const billing = `
const fs = require('node:fs')
const { answer } = require('./answer.cjs')
const bank = () => process.env.BANK_PORT && new Promise((resolve, reject) => {
  const socket = require('node:net').connect(Number(process.env.BANK_PORT), '127.0.0.1', () => { socket.destroy(); resolve() })
  socket.on('error', reject)
})
const delay = Number(process.env.DELAY ?? 0)
require('node:http').createServer((_, response) => {
  setTimeout(async () => {
    try { await bank(); response.end(answer()) } catch (error) { console.error(error); response.writeHead(500).end() }
  }, delay)
}).listen(process.env.PORT)
`

/** A server of a database: one line in, one line out. \`node -e ... PORT TOKEN\`. */
export const database = `
const [port, token] = process.argv.slice(-2)
require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => socket.end(String(data).trim() === ('AUTH ' + token).trim() ? 'OK\\n' : 'DENIED\\n'))
}).listen(Number(port), '127.0.0.1', () => process.send?.('ready'))
`
