import { plotsEvent, type MakePlots } from '../plots-door.ts'
import { PlotsView } from './plots-view.ts'

const make: MakePlots = (deps) => new PlotsView(deps)
document.dispatchEvent(new CustomEvent(plotsEvent, { detail: make }))
