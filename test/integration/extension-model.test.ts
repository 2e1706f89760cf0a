import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { connectLocal } from '#client/connect.ts'
import { Failure } from '#base/failure.ts'
import { Model } from '../../extension/model.ts'
import { viewStateOf } from '../../extension/view-state.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

const soon = { timeout: 15_000 }
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function modelOf(daemon: TestDaemon): Promise<Model> {
  const open = () => Promise.resolve(connectLocal({ home: daemon.home, client: 'vscode/0', launcher: null }))
  const model = new Model({ open, log: () => undefined })
  closing.push(() => model.dispose())
  await model.start()
  return model
}

async function listen(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  closing.push(() => server.close())
  return { server, port: address !== null && typeof address === 'object' ? address.port : 0 }
}

test('the model keeps what somebody looks at fresh, and forgets what nobody looks at', async () => {
  const daemon = await startDaemon()
  closing.push(() => daemon.stop())
  const model = await modelOf(daemon)
  expect(model.snapshot('ports')).toBeUndefined()
  const interest = model.want(['ports', 'leases'])
  const ports = () => model.snapshot('ports')?.rows.map((row) => row.port)
  await expect.poll(() => model.snapshot('leases')?.rows, soon).toEqual([])
  const { server, port } = await listen()
  await expect.poll(ports, soon).toContain(port)
  server.close()
  await expect.poll(ports, soon).not.toContain(port)
  await daemon.cli('ports', 'lease', 'from-elsewhere')
  await expect.poll(() => model.snapshot('leases')?.rows[0]?.name, soon).toBe('from-elsewhere')
  await interest.dispose()
  expect(model.snapshot('ports')).toBeUndefined()
})

test('a picture is gone two seconds after the daemon, and there again with the next one', async () => {
  const home = temporaryHome()
  const first = await startDaemon({ home })
  const model = await modelOf(first)
  model.want(['processes'])
  await expect.poll(() => model.snapshot('processes')?.rows.length, soon).toBeGreaterThan(0)
  await first.kill()
  await expect.poll(() => model.state.kind, soon).toBe('waiting')
  await expect.poll(() => model.snapshot('processes'), soon).toBeUndefined()
  expect(viewStateOf(model.state)).toEqual({ state: 'unreachable', unavailable: true })
  await expect(model.query('daemon.status', {})).rejects.toBeInstanceOf(Failure)
  const second = await startDaemon({ home })
  closing.push(() => second.stop())
  model.retry()
  await expect.poll(() => model.snapshot('processes')?.rows.length, soon).toBeGreaterThan(0)
  expect(viewStateOf(model.state)).toEqual({ state: 'ok', unavailable: false })
})

test('what is asked while the daemon starts is answered when it is there', async () => {
  const daemon = await startDaemon()
  closing.push(() => daemon.stop())
  const open = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return connectLocal({ home: daemon.home, client: 'vscode/0', launcher: null })
  }
  const model = new Model({ open, log: () => undefined })
  closing.push(() => model.dispose())
  const started = model.start()
  const status = await model.query('daemon.status', {})
  expect(status.pid).toBe(daemon.process.pid)
  await started
})

test('a connection that may not be opened is a failure that stays, and asks nothing of anybody', async () => {
  const open = () => Promise.reject(new Failure('untrusted', 'not here'))
  const model = new Model({ open, log: () => undefined })
  await model.start()
  expect(viewStateOf(model.state)).toEqual({ state: 'untrusted', unavailable: true })
  await expect(model.query('ports.list', {})).rejects.toMatchObject({ code: 'untrusted' })
  model.dispose()
})
