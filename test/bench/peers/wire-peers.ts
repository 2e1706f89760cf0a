import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { WebSocketServer } from 'ws'

// What the wire is measured against, as a process of its own: node wire-peers.ts KIND SOCKET ANSWER.
// `ws-echo` answers every frame with ANSWER, `jsonrpc` every request, `ws-broadcast` sends each frame it gets to all.

const [kind = '', path = '', answer = ''] = process.argv.slice(2)

function serveWebSockets(broadcast: boolean) {
  const server = createHttpServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      if (!broadcast) return socket.send(answer)
      for (const other of sockets.clients) other.send(data.toString('utf8'))
    })
  })
  return server
}

function serveJsonRpc() {
  const result: unknown = JSON.parse(answer)
  return createServer((socket: Socket) => {
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    connection.onRequest('daemon.status', () => result)
    connection.listen()
  })
}

const server = kind === 'jsonrpc' ? serveJsonRpc() : serveWebSockets(kind === 'ws-broadcast')
server.listen({ path, backlog: 511 }, () => process.send?.('ready'))
