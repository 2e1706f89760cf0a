/** Says something, with values in the places of `{0}`, `{1}` and so on. */
export type SayOf<Strings> = (key: keyof Strings, ...values: readonly (string | number)[]) => string

/** @param strings - by their keys; what is missing is said by its key, so that nothing is ever empty. */
export const sayWith =
  <Strings>(strings: Readonly<Record<string, string>>): SayOf<Strings> =>
  (key, ...values) =>
    (strings[String(key)] ?? String(key)).replaceAll(/\{(\d)\}/g, (_, index: string) =>
      String(values[Number(index)] ?? ''),
    )
