import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'

/** What is served: nothing else can be asked for. */
const pages = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (request.method !== 'GET') {
    response.writeHead(405, { allow: 'GET' }).end()
  } else if (pathname === '/api/time') {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ time: new Date().toISOString(), pid: process.pid }))
  } else if (Object.hasOwn(pages, pathname)) {
    const { file, type } = pages[pathname]
    response.writeHead(200, { 'content-type': type })
    createReadStream(new URL(`public/${file}`, import.meta.url)).pipe(response)
  } else {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('Not found\n')
  }
})

server.on('error', (error) => {
  console.error(`hello: ${error.message}`)
  process.exitCode = 1
})
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`hello: http://127.0.0.1:${server.address().port}/`)
})
