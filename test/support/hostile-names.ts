const spaced = 'touch${IFS}canary'

/** Names that make a file `canary` when they are taken for options or for commands. */
export const hostileNames: readonly string[] = [
  '-rf',
  '--upload-pack=touch canary',
  '--exec-path=.',
  '-c core.fsmonitor=touch canary',
  `;${spaced};`,
  `$(${spaced})`,
  `\`${spaced}\``,
  `a|${spaced}`,
  `a&&${spaced}`,
  `"; ${spaced} "`,
  `'; ${spaced} '`,
  'a\nb',
  '%n%s%p',
  'ação 🚀',
]
