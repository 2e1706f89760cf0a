const redacted = '[redacted]'
/** What is shorter stands in any text by chance; nothing that we write is made of it. */
const shortest = 4

/** The forms in which a value may stand in a text. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value)
  const json = JSON.stringify(value).slice(1, -1)
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    encodeURIComponent(value),
    encodeURI(value),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    // Base64 of a longer text that begins at any of three places; what its neighbours decide is left out.
    ...[0, 1, 2].flatMap((before) => {
      const text = Buffer.concat([Buffer.alloc(before), bytes])
        .toString('base64')
        .replace(/=+$/, '')
      const whole = text.slice(before === 0 ? 0 : before + 1, bytes.length % 3 === 0 ? undefined : -1)
      return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')]
    }),
  ]
}

/** A text in which values that must not be known are replaced, longest first, so that no part of one is left. */
export function withoutValues(text: string, values: readonly string[]): string {
  const forms = values.filter((value) => value.length >= shortest).flatMap(formsOf)
  return [...new Set(forms)]
    .filter((form) => form.length >= shortest)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, form) => clean.replaceAll(form, redacted), text)
}
