import * as z from 'zod/mini'
import { appNamePattern, longestAppName } from './app-name.ts'

/** What makes a text the name of an app. */
export const appNameChecks = [
  z.maxLength(longestAppName, `expected at most ${longestAppName} characters`),
  z.regex(appNamePattern, 'expected letters, digits and . _ @ / - only, beginning with a letter or digit'),
] as const

/** The name of an app, wherever one is written. */
export const appName = z.string('expected the name of an app').check(...appNameChecks)
