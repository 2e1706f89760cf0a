import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit'
import { Host } from './host.ts'
import { Page } from './page.ts'

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodePanels(),
  vsCodePanelTab(),
  vsCodePanelView(),
  vsCodeTextField(),
)

const host = new Host()
let page: Page | null = null
host.listen((message) => {
  if (message.type === 'init') {
    page = new Page(host, message)
    document.body.replaceChildren(page.element)
    page.start()
  } else page?.told(message)
})
host.send({ type: 'ready' })
