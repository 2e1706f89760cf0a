const redacted = '[redacted]'
/** What is shorter stands in any text by chance; nothing that we write is made of it. */
const shortest = 4

/** The forms in which one value may stand in a text. */
function formsOfOne(value: string): readonly string[] {
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

/** The forms in which values may stand in a text, longest first, so that no part of one is left when another is replaced. */
export function formsOf(values: readonly string[]): readonly string[] {
  const forms = values.filter((value) => value.length >= shortest).flatMap(formsOfOne)
  return [...new Set(forms)].filter((form) => form.length >= shortest).sort((a, b) => b.length - a.length)
}

/** A text in which these forms are replaced. */
export const withoutForms = (text: string, forms: readonly string[]): string =>
  forms.reduce((clean, form) => clean.replaceAll(form, redacted), text)

/** A text in which values that must not be known are replaced. */
export const withoutValues = (text: string, values: readonly string[]): string =>
  withoutForms(text, formsOf(values))
