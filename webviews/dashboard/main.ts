import { sayWith } from '../ui/say.ts'
import { Host } from './host.ts'
import { Page } from './page.ts'

const host = new Host()
let page: Page | null = null
host.listen((message) => {
  if (message.type === 'init') {
    page?.dispose()
    page = new Page(host, sayWith(message.strings), message.list === undefined ? host.kept : message.list)
    document.body.replaceChildren(page.element)
  } else page?.told(message)
})
host.send({ type: 'ready' })
