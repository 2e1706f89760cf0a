import { nearest } from '#base/nearest.ts'
import { quoted } from '../config/findings.ts'
import type { Problem } from './diagnostics.ts'
import { entryFor, type Outline } from './outline.ts'
import { namesIn } from './references.ts'

/** Apps that a configuration depends on and the daemon does not know. */
export function unknownApps(outline: Outline, apps: readonly string[]): readonly Problem[] {
  const own = entryFor(outline, ['admin', 'name'])?.value?.text
  return namesIn(outline, 'app').flatMap(({ value }) => {
    // A variable stands for a name that is not known here.
    if (value === null || value.text.includes('$') || value.text === own || apps.includes(value.text))
      return []
    const { start, end, text, style } = value
    const meant = nearest(text, apps)
    const message = `no app ${quoted(text)} was added${meant === null ? '' : `; did you mean ${meant}?`}`
    const isPlain = meant !== null && style === 'plain'
    const fix = isPlain ? { title: `Change to ${meant}`, start, end, text: meant } : null
    return [{ severity: 'warning', code: 'unknown-app', message, start, end, fix }]
  })
}
